"""The digest: equal for equal states, different if any field of any record differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from math import inf, nan
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.world.records.billing import (
    BillingObject,
    Card,
    CardFacts,
    Event,
    Invoice,
    InvoiceLine,
)
from emulator.world.records.identity import Session
from emulator.world.records.runs import Artifact, Run
from emulator.world.records.tables import TABLES
from emulator.world.records.workspaces import Caps, Member, Plan
from emulator.world.store.digest import Digest, record_digest
from emulator.world.store.spec import Record
from tests.support.world_builder import begin, state_of

Example = tuple[str, Record, str]

OTHER: dict[Any, tuple[Any, Any]] = {
    str: ("text", "other text"),
    int: (1, 2),
    bool: (False, True),
    float: (0.5, 0.25),
}
"""Two values of every plain type."""


def pair(kind: Any) -> tuple[Any, Any]:
    """Return two values that a field may have."""
    arguments = get_args(kind)
    if is_dataclass(kind):
        return example(kind), next(changed(kind))[1]
    if get_origin(kind) is tuple:
        return (pair(arguments[0])[0],), ()
    if type(None) in arguments:
        plain = next(one for one in arguments if one is not type(None))
        return pair(plain)[0], None
    if len(arguments) > 1 and all(isinstance(one, str) for one in arguments):
        return arguments[0], arguments[1]
    if arguments and all(isinstance(one, str) for one in arguments):
        return arguments[0], "something else"
    if arguments:
        return pair(arguments[0])[0], pair(arguments[1])[0]
    return OTHER[kind]


def example(kind: Any) -> Any:
    """Return a record, or a part of one, with the first value in every field."""
    hints = get_type_hints(kind)
    return kind(**{field.name: pair(hints[field.name])[0] for field in fields(kind)})


def changed(kind: Any) -> Iterator[tuple[str, Any]]:
    """Return the example with every single field changed."""
    hints = get_type_hints(kind)
    for field in fields(kind):
        other = pair(hints[field.name])[1]
        yield field.name, replace(example(kind), **{field.name: other})


@pytest.mark.parametrize("spec", TABLES, ids=lambda spec: spec.name)
def test_every_field_of_every_record_counts(spec: Any) -> None:
    plain = record_digest(spec.name, example(spec.record))
    digests = {name: record_digest(spec.name, one) for name, one in changed(spec.record)}
    assert len({plain, *digests.values()}) == len(fields(spec.record)) + 1


PARTS: list[tuple[Any, str, Any]] = [
    (Run, "artifacts", Artifact),
    (Plan, "caps", Caps),
    (Card, "facts", CardFacts),
    (Invoice, "lines", InvoiceLine),
    *((Event, "record", kind) for kind in get_args(BillingObject)),
]
"""Record, member, and what that is made of."""


@pytest.mark.parametrize(("kind", "name", "part"), PARTS)
def test_every_field_of_what_a_record_is_made_of_counts(kind: Any, name: str, part: Any) -> None:
    record = example(kind)
    values = [example(part), *(one for _, one in changed(part))]
    if isinstance(getattr(record, name), tuple):
        values = [(one,) for one in values]
    digests = {record_digest("any", replace(record, **{name: one})) for one in values}
    assert len(digests) == len(fields(part)) + 1


@pytest.mark.parametrize(("kind", "name", "part"), [PARTS[0], PARTS[3]])
def test_number_and_order_of_what_a_record_is_made_of_count(
    kind: Any, name: str, part: Any
) -> None:
    record, one, other = example(kind), *pair(part)
    digests = {
        record_digest("any", replace(record, **{name: many}))
        for many in ((), (one,), (other,), (one, one), (one, other), (other, one))
    }
    assert len(digests) == 6


@pytest.mark.parametrize("spec", TABLES, ids=lambda spec: spec.name)
def test_the_digest_of_a_world_follows_any_changed_field_and_back(spec: Any) -> None:
    world = begin()
    record = example(spec.record)
    before = world.state
    world.put(record)
    with_it = state_of(world)
    for _, other in changed(spec.record):
        if other.id == record.id:
            world.put(other)
            assert state_of(world) != with_it
            world.put(record)
            assert state_of(world) == with_it
    if spec.name not in ("clock", "origin", "auth_settings"):
        world.remove(record)
        assert state_of(world) == str(before.digest)


def test_values_that_are_told_apart_by_type_alone_have_digests_of_their_own() -> None:
    run = example(Run)
    spellings: list[Any] = [None, "None", "null", "", 0, False, 0.0]
    assert len({record_digest("runs", replace(run, manifest=one)) for one in spellings}) == 7


NUMBERS = st.one_of(st.integers(-(2**70), 2**70), st.sampled_from([2**64, 10**16]))
TEXTS = st.text(st.characters(exclude_categories=()), max_size=6)
"""Texts, also with halves of surrogate pairs."""

PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    NUMBERS,
    st.floats(allow_nan=False, allow_infinity=False),
    TEXTS,
    st.sampled_from(["null", "NaN", "Infinity", "\\ud800", "\ud800", 2.0**64, 1e16]),
)
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=6)
FLOATS = st.one_of(st.none(), st.floats(), NUMBERS)


@given(st.sampled_from(["manifest", "artifacts"]), VALUES, VALUES)
def test_records_have_one_digest_exactly_if_their_values_are_equal_in_type_too(
    name: str, one: Any, other: Any
) -> None:
    assert is_one_digest(name, one, other) is (repr(one) == repr(other))


@given(FLOATS, FLOATS)
def test_so_have_those_with_numbers_that_json_lacks(one: Any, other: Any) -> None:
    assert is_one_digest("duration_seconds", one, other) is (repr(one) == repr(other))


def is_one_digest(name: str, one: Any, other: Any) -> bool:
    """Return whether runs with these two values of a field have the same digest."""
    runs = (replace(example(Run), **{name: value}) for value in (one, other))
    return len({record_digest("runs", run) for run in runs}) == 1


def test_numbers_that_no_json_has_are_none_of_those_it_has() -> None:
    run = example(Run)
    numbers = [None, nan, inf, -inf, 0.0, -0.0]
    assert len({record_digest("runs", replace(run, duration_seconds=one)) for one in numbers}) == 6


def test_no_float_lies_deeper_than_in_a_field_of_a_record() -> None:
    """Elsewhere NaN would have the digest of None."""
    parts = {part for _, _, part in PARTS} - {spec.record for spec in TABLES}
    assert not [part for part in parts if any("float" in str(one.type) for one in fields(part))]


def test_the_same_fields_in_another_table_are_another_state() -> None:
    session = example(Session)
    assert record_digest("sessions", session) != record_digest("refresh_tokens", session)


MEMBERS = st.lists(
    st.builds(
        lambda place, user: Member(
            id=f"m{place}",
            workspace_id="w",
            user_id=user,
            role="member",
            created_at=0,
            ordinal=place,
        ),
        st.integers(0, 5),
        st.sampled_from("abc"),
    ),
    max_size=12,
)


@given(MEMBERS, st.randoms(use_true_random=False))
def test_equal_states_have_equal_digests_however_they_were_reached(
    members: list[Member], random: Any
) -> None:
    roundabout, straight, at_once = begin(), begin(), begin()
    for member in members:
        roundabout.put(member)
    last = {member.id: member for member in members}
    shuffled = list(last.values())
    random.shuffle(shuffled)
    for member in shuffled:
        straight.put(member)
    at_once.extend(Member, shuffled[::-1])
    assert state_of(roundabout) == state_of(straight) == state_of(at_once)
    for member in shuffled:
        straight.remove(member)
    assert state_of(straight) == state_of(begin())


def test_a_digest_reads_as_32_hexadecimal_digits() -> None:
    assert str(Digest(0).changed(by=10)) == "0" * 31 + "a"
    assert str(Digest(0).changed(by=-1)) == "f" * 32
    assert len(state_of(begin())) == 32
