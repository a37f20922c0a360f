"""Reservations: they hold room, end once, are idempotent, and never let a cap be passed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from emulator.world import lifecycle
from emulator.world.core.refusals import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    QuotaExceeded,
    Refusal,
)
from emulator.world.core.times import DAY, SECOND
from emulator.world.metering import plans, quota, reservations
from emulator.world.metering.meters import METERS
from emulator.world.privacy import erasure
from emulator.world.records.identity import User
from emulator.world.records.runs import Run
from emulator.world.records.system import Job
from emulator.world.records.types import Meter, ReservedMeter
from emulator.world.records.workspaces import Reservation
from emulator.world.runs import runs, uploads
from tests.support.messages import golden
from tests.support.tiny_plan_world import (
    EPOCH,
    FEBRUARY,
    TINY,
    Room,
    change_caps,
    open_room,
    upload,
)

RESERVED: tuple[ReservedMeter, ...] = get_args(ReservedMeter)

BIG = replace(TINY, runs=10)


def reserve(
    room: Room, key: str = "k", *, amount: int = 4, meter: ReservedMeter = "runs", ttl: int = 60
) -> Reservation:
    return reservations.reserve(
        room.world,
        room.ada,
        workspace=room.workspace,
        meter=meter,
        amount=amount,
        key=key,
        ttl_seconds=ttl,
    )


def commit(room: Room, key: str = "k", *, amount: int | None = None) -> Reservation:
    return reservations.commit(
        room.world, room.ada, workspace=room.workspace, key=key, amount=amount
    )


def revert(room: Room, key: str = "k") -> Reservation:
    return reservations.revert(room.world, room.ada, workspace=room.workspace, key=key)


def stand(room: Room, meter: ReservedMeter = "runs") -> tuple[int, int]:
    """Return what is used in all, and what of it is reserved."""
    gauge = quota.gauge(room.world, room.workspace, meter)
    return gauge.used, gauge.reserved


def waits(room: Room) -> int:
    return room.world.count(Job, "all", ())


def test_a_reservation_says_what_it_holds_and_until_when() -> None:
    room = open_room(BIG)
    assert asdict(reserve(room)) == {
        "id": f"{room.workspace_id}:k",
        "workspace_id": room.workspace_id,
        "key": "k",
        "meter": "runs",
        "amount": 4,
        "ttl_seconds": 60,
        "status": "held",
        "committed": None,
        "created_at": EPOCH,
        "ordinal": 1,
        "expires_at": EPOCH + 60 * SECOND,
    }
    assert stand(room) == (4, 4)


@pytest.mark.parametrize("meter", RESERVED)
def test_what_is_reserved_counts_against_the_cap(meter: ReservedMeter) -> None:
    room = open_room(replace(TINY, runs=10, storage_bytes=10))
    reserve(room, amount=7, meter=meter)
    with pytest.raises(QuotaExceeded) as refused, room.world.transaction():
        reserve(room, "other", amount=4, meter=meter)
    assert (refused.value.meter, refused.value.used, refused.value.limit) == (meter, 7, 10)
    reserve(room, "other", amount=3, meter=meter)
    with pytest.raises(QuotaExceeded), room.world.transaction():
        room.create_run(1)


def test_the_same_again_is_the_same_reservation() -> None:
    room = open_room(BIG)
    first = reserve(room)
    before = room.world.state
    assert reserve(room) is first
    assert room.world.state is before


@pytest.mark.parametrize(
    "again",
    [
        lambda room: reserve(room, amount=5),
        lambda room: reserve(room, meter="storage_bytes"),
        lambda room: reserve(room, ttl=61),
    ],
    ids=["amount", "meter", "ttl"],
)
def test_a_key_again_with_anything_else_is_a_conflict(again: Callable[[Room], object]) -> None:
    room = open_room(BIG)
    reserve(room)
    with pytest.raises(Conflict) as refused:
        again(room)
    assert refused.value.message == (golden("all", "conflict", "reservation-key-is-taken"))


def test_committing_all_makes_it_use() -> None:
    room = open_room(BIG)
    held = reserve(room)
    assert asdict(commit(room)) == {**asdict(held), "status": "committed", "committed": 4}
    assert (stand(room), waits(room)) == ((4, 0), 0)


@pytest.mark.parametrize("amount", [0, 1, 3])
def test_committing_less_frees_the_rest(amount: int) -> None:
    room = open_room(BIG)
    reserve(room)
    assert commit(room, amount=amount).committed == amount
    assert stand(room) == (amount, 0)


def test_committing_more_than_is_held_is_invalid() -> None:
    room = open_room(BIG)
    reserve(room)
    with pytest.raises(Invalid) as refused:
        commit(room, amount=5)
    assert refused.value.path == "amount"
    assert refused.value.message == golden(
        "all", "validation_error", "committed-more-than-reserved"
    )
    assert stand(room) == (4, 4)


def test_committing_the_same_again_changes_nothing_and_another_amount_is_a_conflict() -> None:
    room = open_room(BIG)
    reserve(room)
    first = commit(room, amount=2)
    before = room.world.state
    assert commit(room, amount=2) is first
    with pytest.raises(Conflict) as refused:
        commit(room)
    assert refused.value.message == golden("all", "conflict", "reservation-committed")
    assert room.world.state is before


def test_reverting_gives_it_back_and_again_changes_nothing() -> None:
    room = open_room(BIG)
    held = reserve(room)
    assert asdict(revert(room)) == {**asdict(held), "status": "reverted"}
    assert (stand(room), waits(room)) == ((0, 0), 0)
    before = room.world.state
    revert(room)
    assert room.world.state is before


def test_what_was_reverted_is_not_committed_and_what_was_committed_not_reverted() -> None:
    room = open_room(BIG)
    reserve(room)
    revert(room)
    with pytest.raises(Conflict) as refused:
        commit(room)
    assert refused.value.message == golden("all", "conflict", "reservation-reverted")
    reserve(room, "other")
    commit(room, "other")
    with pytest.raises(Conflict) as refused:
        revert(room, "other")
    assert refused.value.message == (golden("all", "conflict", "committed-use-stays"))


def test_a_reservation_expires_when_the_clock_passes_it() -> None:
    room = open_room(BIG)
    reserve(room)
    lifecycle.move(room.world, to=EPOCH + 60 * SECOND - 1)
    assert stand(room) == (4, 4)
    happened = lifecycle.move(room.world, to=EPOCH + 60 * SECOND)
    assert [(one.kind, one.target_id) for one in happened] == [
        ("expire reservation", f"{room.workspace_id}:k")
    ]
    assert stand(room) == (0, 0)
    assert revert(room).status == "expired"
    assert reserve(room).status == "expired"
    with pytest.raises(Conflict) as refused:
        commit(room)
    assert refused.value.message == golden("all", "conflict", "reservation-expired")


def test_an_unknown_key_is_not_found_and_keys_are_each_workspaces_own() -> None:
    room = open_room(BIG)
    for call in (commit, revert):
        with pytest.raises(NotFound):
            call(room)
    reserve(room)
    other = replace(room.workspace, id="other", slug="other")
    room.world.put(other)
    with pytest.raises(NotFound):
        reservations.revert(room.world, room.ada, workspace=other, key="k")


def test_a_reservation_outlasts_the_period_and_is_used_in_that_of_its_commit() -> None:
    room = open_room(BIG)
    lifecycle.move(room.world, to=FEBRUARY - DAY // 2)
    room.create_run()
    reserve(room, ttl=reservations.TTL_SECONDS_MAX)
    lifecycle.move(room.world, to=FEBRUARY)
    assert stand(room) == (4, 4)
    commit(room)
    assert stand(room) == (4, 0)


def test_above_a_lower_cap_a_reservation_is_committed_but_none_is_made() -> None:
    room = open_room(BIG)
    reserve(room)
    change_caps(room, TINY)
    with pytest.raises(QuotaExceeded), room.world.transaction():
        reserve(room, "other", amount=1)
    commit(room)
    assert stand(room) == (4, 0)


def test_a_restricted_account_reserves_nothing() -> None:
    room = open_room(BIG)
    reserve(room)
    user = room.world.expect(User, room.ada.user_id)
    room.world.put(replace(user, restricted_at=EPOCH))
    for call in (commit, revert, reserve):
        with pytest.raises(Forbidden):
            call(room)


def test_a_workspace_that_goes_takes_its_reservations_along() -> None:
    room = open_room(BIG)
    reserve(room)
    erasure.delete_workspace(room.world, room.workspace)
    assert waits(room) == 0
    assert room.world.all(Reservation, "workspace", room.workspace_id) == []


KEYS = st.sampled_from("abcdef")
AMOUNTS = st.integers(1, 6)


class Caps(RuleBasedStateMachine):
    """Every way to use a meter, in any order: none raises what is used above its limit."""

    def __init__(self) -> None:
        super().__init__()
        self.room = open_room(replace(TINY, runs=8, storage_bytes=40))

    def attempt(self, operation: Callable[[], object]) -> None:
        """Do it as a request would, and hold what is used against what may be."""
        room = self.room
        before = {one.meter: one for one in quota.gauges(room.world, room.workspace)}
        digest = room.world.state.digest
        refused = False
        try:
            with room.world.transaction():
                operation()
        except (Refusal, IndexError):
            refused = True
        if refused:
            assert room.world.state.digest == digest
        for now in quota.gauges(room.world, room.workspace):
            was = before[now.meter]
            if now.limit is not None and now.used > now.limit:
                assert now.used <= was.used, f"{now.meter} rose above its limit"

    @rule(key=KEYS, amount=AMOUNTS, meter=st.sampled_from(RESERVED), ttl=st.integers(1, 3))
    def reserve(self, key: str, amount: int, meter: ReservedMeter, ttl: int) -> None:
        size = amount * 5 if meter == "storage_bytes" else amount
        self.attempt(lambda: reserve(self.room, key, amount=size, meter=meter, ttl=ttl * 86_400))

    @rule(key=KEYS, amount=st.none() | st.integers(0, 6))
    def commit(self, key: str, amount: int | None) -> None:
        self.attempt(lambda: commit(self.room, key, amount=amount))

    @rule(key=KEYS)
    def revert(self, key: str) -> None:
        self.attempt(lambda: revert(self.room, key))

    @rule(key=KEYS, size=st.integers(0, 30))
    def sync(self, key: str, size: int) -> None:
        room = self.room
        self.attempt(
            lambda: uploads.sync_runs(
                room.world, room.ada, workspace=room.workspace, uploads=[upload(key, size)]
            )
        )

    @rule(size=st.integers(0, 30))
    def create(self, size: int) -> None:
        self.attempt(lambda: self.room.create_run(size))

    @rule(meter=st.sampled_from(tuple(METERS)))
    def add(self, meter: Meter) -> None:
        self.attempt(lambda: self.room.add(meter))

    @rule()
    def delete(self) -> None:
        room = self.room

        def newest() -> None:
            run = room.world.newest(Run, "workspace", room.workspace_id, limit=1)[0]
            runs.delete_run(room.world, room.ada, run=run)

        self.attempt(newest)

    @rule(days=st.integers(0, 20))
    def wait(self, days: int) -> None:
        lifecycle.move(self.room.world, to=self.room.world.now + days * DAY)

    @rule(plan=st.sampled_from(["tiny", "free", "enterprise"]), anchored=st.booleans())
    def change_plan(self, plan: str, anchored: bool) -> None:
        room = self.room
        anchor = room.world.now if anchored else None
        plans.set_plan(room.world, room.workspace, plan=plan, anchor=anchor)

    @invariant()
    def reserved_is_what_is_held(self) -> None:
        room = self.room
        held = room.world.all(Reservation, "workspace", room.workspace_id)
        for meter in RESERVED:
            expected = sum(one.amount for one in held if (one.status, one.meter) == ("held", meter))
            assert stand(room, meter)[1] == expected

    @invariant()
    def storage_is_what_the_runs_hold_and_what_was_committed(self) -> None:
        room = self.room
        kept = room.world.all(Run, "workspace", room.workspace_id)
        committed = sum(
            one.committed or 0
            for one in room.world.all(Reservation, "workspace", room.workspace_id)
            if one.meter == "storage_bytes"
        )
        used, reserved = stand(room, "storage_bytes")
        assert used - reserved == sum(map(runs.stored_bytes, kept)) + committed


TestCaps = Caps.TestCase
TestCaps.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
