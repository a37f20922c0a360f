"""Ids and secrets, and the clock."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.world import lifecycle
from emulator.world.core.refusals import Invalid
from emulator.world.core.times import LATEST, SECOND
from emulator.world.core.world import World
from emulator.world.records.system import Ordinal
from emulator.world.store import ids
from tests.support.messages import golden
from tests.support.world_builder import EPOCH, account, begin, state_of

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
PARTS = st.lists(st.one_of(TEXT, st.integers()), max_size=3)


@given(PARTS, PARTS)
def test_derived_bytes_differ_exactly_when_the_parts_do(
    one: list[str | int], other: list[str | int]
) -> None:
    same = [(type(part), part) for part in one] == [(type(part), part) for part in other]
    assert (ids.derive("e", "k", *one) == ids.derive("e", "k", *other)) is same


def test_numbered_bytes_are_those_of_each_number() -> None:
    numbered = ids.derive_numbered("e", "k", "a", 2, count=12)
    assert numbered == [ids.derive("e", "k", "a", 2, number) for number in range(12)]


def test_derived_bytes_depend_on_entropy_and_kind() -> None:
    derived = {ids.derive(*of) for of in (("e", "k"), ("e", "j"), ("f", "k"), ("f", "j"))}
    assert len(derived) == 4


def test_derived_bytes_stay_as_they_are_from_version_to_version() -> None:
    entropy = ids.derive("demo", "run", 1)
    assert ids.as_uuid(entropy) == "6af827ac-337f-4add-80ef-62dec561fc83"
    assert ids.as_base62(entropy, length=12) == "favusU82S0cP"
    assert ids.as_base36(entropy, length=12) == "l839b6wo16ey"


@given(st.binary(min_size=32, max_size=32))
def test_minted_ids_and_secrets_are_well_formed(entropy: bytes) -> None:
    assert ids.as_uuid(entropy) == str(UUID(bytes=entropy[:16], version=4))
    secret, token = ids.as_base62(entropy, length=40), ids.as_base36(entropy, length=12)
    assert (len(secret), secret.isalnum(), secret.isascii()) == (40, True, True)
    assert (len(token), token.isalnum(), token == token.lower()) == (12, True, True)


def test_what_one_kind_mints_never_shifts_another() -> None:
    busy, quiet = begin(), begin()
    for _ in range(5):
        busy.new_id("project")
    assert busy.new_id("run") == quiet.new_id("run")


def test_a_pinned_id_uses_up_its_ordinal() -> None:
    pinned, minted = begin(), begin()
    assert pinned.new_id("run", pin="mine") == ("mine", 1)
    minted.new_id("run")
    assert pinned.new_id("run") == minted.new_id("run")
    assert pinned.expect(Ordinal, "run").value == 2


def test_a_fork_of_any_name_mints_what_its_parent_would() -> None:
    world = begin()
    world.new_id("run")
    assert World("other", world.state).new_id("run") == World("default", world.state).new_id("run")


def test_worlds_of_other_entropy_mint_other_ids() -> None:
    assert begin("one").new_id("run") != begin("two").new_id("run")
    assert account(begin("one"), "ada") != account(begin("two"), "ada")


def test_the_clock_stands_still_until_told() -> None:
    world = begin()
    account(world, "ada")
    assert (world.now, world.epoch) == (EPOCH, EPOCH)


def test_the_clock_advances_and_keeps_its_epoch() -> None:
    world = begin()
    assert lifecycle.move(world, to=world.now + SECOND) == []
    assert world.now == EPOCH + SECOND
    assert lifecycle.move(world, to=EPOCH + 5 * SECOND) == []
    assert (world.now, world.epoch) == (EPOCH + 5 * SECOND, EPOCH)


def test_advancing_by_nothing_changes_nothing() -> None:
    world = begin()
    before = state_of(world)
    assert lifecycle.move(world, to=world.now) == []
    assert state_of(world) == before


@pytest.mark.parametrize(
    ("path", "to", "message"),
    [
        ("now", EPOCH - 1, golden("control", "clock", "set-backwards")),
        ("now", LATEST + 1, golden("control", "clock", "beyond-its-end")),
    ],
    ids=["backwards", "too far"],
)
def test_the_clock_is_not_moved(path: str, to: int, message: str) -> None:
    world = begin()
    with pytest.raises(Invalid) as refused:
        lifecycle.move(world, to=to)
    assert (refused.value.path, refused.value.message, world.now) == (path, message, EPOCH)


def test_the_clock_is_not_advanced_by_less_than_nothing() -> None:
    world = begin()
    with pytest.raises(Invalid) as refused:
        lifecycle.moment_after(world, by=-1)
    assert (refused.value.path, world.now) == ("seconds", EPOCH)


def test_the_clock_reaches_its_end() -> None:
    world = begin()
    assert lifecycle.move(world, to=LATEST) == []
    assert world.now == LATEST
