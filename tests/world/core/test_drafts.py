"""The draft of a world's writes: a world reads and ends like a dict of its records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.world.core.refusals import Refusal, ReusedRefreshToken
from emulator.world.core.world import State, World
from emulator.world.records.system import Job, Mail, Ordinal
from tests.support.integrity import assert_whole
from tests.support.world_builder import begin, state_of

Model = dict[tuple[type[Any], str], Any]

IDS = ("a", "b", "c", "d", "e", "f")
TARGETS = ("x", "y", "z")


def job(record_id: str, target: str, due: int) -> Job:
    """Return a record with a unique key, its target, and two lists."""
    return Job(id=record_id, kind="k", target_id=target, due=due, ordinal=0)


def mail(record_id: str, to: str, at: int) -> Mail:
    """Return a record of three lists without a unique key."""
    return Mail(
        id=record_id,
        to=to,
        kind="reset",
        user_id=to,
        token=None,
        code=None,
        redirect_to=None,
        moment=None,
        created_at=at,
        ordinal=0,
    )


JOBS = st.builds(job, st.sampled_from(IDS), st.sampled_from(TARGETS), st.integers(0, 3))
MAILS = st.builds(mail, st.sampled_from(IDS), st.sampled_from(TARGETS), st.integers(0, 3))
RECORDS = st.one_of(JOBS, MAILS)
ENDS = st.sampled_from(["well", "refused", "refused and kept", "broken"])

STEPS = st.recursive(
    st.one_of(
        st.tuples(st.just("put"), RECORDS),
        st.tuples(st.just("remove"), RECORDS),
        st.tuples(st.just("extend"), st.lists(MAILS, max_size=4)),
        st.tuples(st.just("extend"), st.lists(JOBS, max_size=4)),
        st.tuples(st.just("count"), st.sampled_from(["one", "two"])),
        st.tuples(st.just("find"), st.sampled_from(TARGETS)),
        st.tuples(st.just("list"), st.sampled_from(TARGETS)),
        st.tuples(st.just("keep"), st.none()),
        st.tuples(st.just("restore"), st.none()),
    ),
    lambda steps: st.tuples(
        st.just("transaction"), st.tuples(ENDS, st.lists(steps, max_size=6).map(tuple))
    ),
    max_leaves=12,
)


class BrokenError(Exception):
    """An error that is no refusal."""


class Pair:
    """A world, and a dict that is written alike."""

    def __init__(self) -> None:
        self.world = begin()
        self.model: Model = {}
        self.past: list[tuple[State, Model]] = [(self.world.state, {})]

    def step(self, kind: str, argument: Any) -> None:
        """Do one step to both."""
        steps: dict[str, Callable[[Any], None]] = {
            "put": self._put,
            "remove": self._remove,
            "extend": self._extend,
            "count": self._count,
            "find": self._find,
            "list": self._list,
            "keep": lambda _: self.past.append((self.world.state, dict(self.model))),
            "restore": self._restore,
            "transaction": self._transact,
        }
        steps[kind](argument)

    def _put(self, record: Any) -> None:
        if self._is_taken(record):
            with pytest.raises(ValueError, match="duplicate key"):
                self.world.put(record)
            return
        self.world.put(record)
        self.model[type(record), record.id] = record
        assert self.world.get(type(record), record.id) is record

    def _is_taken(self, record: Any, among: Model | None = None) -> bool:
        return isinstance(record, Job) and any(
            other.target_id == record.target_id and other.id != record.id
            for other in (self.model if among is None else among).values()
            if isinstance(other, Job)
        )

    def _remove(self, record: Any) -> None:
        old = self.model.pop((type(record), record.id), None)
        if old is None:
            with pytest.raises(KeyError):
                self.world.remove(record)
            return
        self.world.remove(old)
        assert self.world.get(type(record), record.id) is None

    def _extend(self, records: list[Any]) -> None:
        grown = dict(self.model)
        for record in records:
            key = (type(record), record.id)
            if key in grown or self._is_taken(record, grown):
                with pytest.raises(ValueError, match=r"duplicate key|given twice"):
                    self.world.extend(type(record), records)
                return
            grown[key] = record
        if records:
            self.world.extend(type(records[0]), records)
        self.model = grown

    def _count(self, kind: str) -> None:
        last = self.model.get((Ordinal, kind))
        value = 1 if last is None else last.value + 1
        assert self.world.ordinal(kind) == value
        self.model[Ordinal, kind] = Ordinal(id=kind, value=value)

    def _find(self, target: str) -> None:
        found = [one for one in self._all(Job) if one.target_id == target]
        assert self.world.find(Job, "target", ("k", target)) is (found[0] if found else None)

    def _list(self, target: str) -> None:
        jobs = sorted(self._all(Job), key=lambda one: (one.due, one.id))
        assert self.world.all(Job, "all", ()) == jobs
        assert self.world.oldest(Job, "all", ()) is (jobs[0] if jobs else None)
        sent = [one for one in self._all(Mail) if one.to == target]
        sent.sort(key=lambda one: (one.created_at, one.id))
        assert self.world.newest(Mail, "to", target, limit=3) == sent[::-1][:3]
        assert self.world.count(Mail, "user", target) == len(sent)
        late = [one for one in sent if one.created_at >= 2]
        assert self.world.count_from(Mail, "to", target, moment=2) == len(late)

    def _all(self, kind: type[Any]) -> list[Any]:
        return [record for (table, _), record in self.model.items() if table is kind]

    def _restore(self, _: None) -> None:
        state, model = self.past[-1]
        self.world.state, self.model = state, dict(model)

    def _transact(self, argument: tuple[str, tuple[Any, ...]]) -> None:
        ending, steps = argument
        before = self.world.state, dict(self.model)
        errors = {
            "refused": Refusal("no"),
            "refused and kept": ReusedRefreshToken(),
            "broken": BrokenError(),
        }
        try:
            with self.world.transaction():
                for step in steps:
                    self.step(*step)
                if ending in errors:
                    raise errors[ending]
        except (Refusal, BrokenError):
            if ending != "refused and kept":
                assert self.world.state is before[0]
                self.model = before[1]

    def assert_equal(self) -> None:
        """Compare everything that the two hold."""
        for target in TARGETS:
            self._find(target)
            self._list(target)
        for kind in (Job, Mail):
            for record_id in IDS:
                assert self.world.get(kind, record_id) is self.model.get((kind, record_id))
        straight = begin()
        for record in self.model.values():
            straight.put(record)
        assert state_of(self.world) == state_of(straight)
        assert_whole(self.world)


@given(st.lists(STEPS, max_size=20))
def test_a_world_reads_and_ends_like_a_dict_of_its_records(steps: list[tuple[str, Any]]) -> None:
    pair = Pair()
    for step in steps:
        pair.step(*step)
    pair.assert_equal()


@given(st.lists(STEPS, max_size=20))
def test_states_that_were_kept_stay_as_they_were(steps: list[tuple[str, Any]]) -> None:
    pair = Pair()
    for step in steps:
        pair.step(*step)
    for state, model in pair.past:
        pair.world, pair.model = World("other", state), dict(model)
        pair.assert_equal()


def test_a_state_is_the_same_until_something_is_written() -> None:
    world = begin()
    before = world.state
    world.get(Job, "a")
    world.all(Job, "all", ())
    assert world.state is before
    world.put(job("a", "x", 1))
    assert world.state is not before
    assert world.state is world.state


def test_a_record_that_is_put_twice_makes_another_state_of_the_same_digest() -> None:
    world = begin()
    record = job("a", "x", 1)
    world.put(record)
    before = world.state
    world.put(record)
    assert world.state is not before
    assert world.state.digest == before.digest


def test_what_is_put_and_removed_leaves_another_state_of_the_same_digest() -> None:
    world = begin()
    before = world.state
    world.put(job("a", "x", 1))
    world.remove(job("a", "x", 1))
    assert world.state is not before
    assert world.state.digest == before.digest
    assert len(world.state.tables[Job]) == 0


def test_keys_may_change_hands_before_they_are_brought_in() -> None:
    world = begin()
    world.extend(Job, [job("a", "x", 1), job("b", "y", 1)])
    before = world.state
    world.put(job("a", "z", 1))
    world.put(job("b", "x", 1))
    world.put(job("a", "y", 1))
    held = {target: world.find(Job, "target", ("k", target)) for target in TARGETS}
    assert {target: one and one.id for target, one in held.items()} == {
        "x": "b",
        "y": "a",
        "z": None,
    }
    assert world.state is not before
    assert_whole(world)


def test_every_write_is_collected_in_order() -> None:
    world = begin()
    world.written = []
    record = job("a", "x", 1)
    world.put(record)
    world.ordinal("job")
    world.extend(Mail, [mail("m", "x", 1), mail("n", "x", 2)])
    world.put(replace(record, due=2))
    world.remove(record)
    assert world.written == [
        ("jobs", "a"),
        ("ordinals", "job"),
        ("mail", "m"),
        ("mail", "n"),
        ("jobs", "a"),
        ("jobs", "a"),
    ]


@pytest.mark.parametrize("count", [1, 2, 3, 63, 64, 65, 200])
def test_lists_are_whole_however_many_records_come_at_once(count: int) -> None:
    one_by_one, at_once = begin(), begin()
    records = [mail(f"{at:03}", TARGETS[at % 3], at * 7 % 10) for at in range(count)]
    for record in records:
        one_by_one.put(record)
        assert len(one_by_one.state.tables[Mail]) > 0
    at_once.extend(Mail, records)
    expected = sorted(records, key=lambda one: (one.created_at, one.id))
    for world in (one_by_one, at_once):
        assert world.all(Mail, "all", ()) == expected
        assert_whole(world)
    assert state_of(one_by_one) == state_of(at_once)
