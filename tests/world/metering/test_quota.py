"""Caps: every meter binds, nothing passes one, and what is above one stays there."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from emulator.world import lifecycle
from emulator.world.core.access import Fixture
from emulator.world.core.refusals import QuotaExceeded
from emulator.world.core.times import DAY
from emulator.world.metering import meters, quota
from emulator.world.metering.meters import METERS
from emulator.world.metering.plans import FREE
from emulator.world.privacy import erasure
from emulator.world.records.runs import Run, Share
from emulator.world.records.types import Instant, Meter
from emulator.world.records.workspaces import ApiKey, Caps, Project, Usage, Workspace
from emulator.world.runs import runs, shares, uploads
from emulator.world.workspaces import api_keys
from tests.support.messages import golden
from tests.support.tiny_plan_world import (
    EPOCH,
    FEBRUARY,
    TINY,
    Room,
    change_caps,
    content,
    open_room,
    upload,
)

FILLING: list[tuple[Meter, int, int, Instant | None]] = [
    ("runs", 3, 3, FEBRUARY),
    ("storage_bytes", 2, 100, None),
    ("projects", 2, 2, None),
    ("members", 1, 2, None),
    ("api_keys", 2, 2, None),
    ("shares", 2, 2, None),
]
"""Meter, how many more of it fit, its limit, when it resets."""


def used(room: Room, meter: Meter) -> int:
    return quota.gauge(room.world, room.workspace, meter).used


def filled(meter: Meter, times: int) -> Room:
    room = open_room()
    if meter == "shares":
        room.create_run()
    for _ in range(times):
        room.add(meter)
    return room


@pytest.mark.parametrize(
    ("meter", "times", "limit", "resets_at"), FILLING, ids=[one[0] for one in FILLING]
)
def test_at_the_cap_one_more_is_refused_and_nothing_changed(
    meter: Meter, times: int, limit: int, resets_at: Instant | None
) -> None:
    room = filled(meter, times)
    with pytest.raises(QuotaExceeded) as refused, room.world.transaction():
        room.add(meter)
    refusal = refused.value
    assert (refusal.meter, refusal.used, refusal.limit) == (meter, limit, limit)
    assert (refusal.plan, refusal.resets_at) == ("tiny", resets_at)
    assert refusal.message == golden("all", "quota_exceeded", f"{meter}-of-tiny")
    assert (refusal.limit_source, refusal.upgrade_helps) == ("plan", True)
    assert used(room, meter) == limit


@pytest.mark.parametrize("meter", METERS)
def test_without_a_cap_nothing_is_refused(meter: Meter) -> None:
    room = open_room(replace(TINY, **{"runs": None, meter: None}))
    room.create_run()
    for _ in range(4):
        room.add(meter)
    assert quota.gauge(room.world, room.workspace, meter).limit is None


def test_a_refused_operation_leaves_the_state_as_it_was() -> None:
    room = filled("runs", 3)
    before = room.world.state.digest
    with pytest.raises(QuotaExceeded), room.world.transaction():
        room.create_run(1)
    assert room.world.state.digest == before


def test_the_limit_of_a_workspace_stands_in_for_the_plans_cap_of_runs() -> None:
    room = open_room()
    room.world.put(replace(room.workspace, runs_limit=1))
    room.create_run()
    with pytest.raises(QuotaExceeded) as refused:
        room.create_run()
    assert (refused.value.used, refused.value.limit) == (1, 1)
    room.world.put(replace(room.workspace, runs_limit=5))
    for _ in range(4):
        room.create_run()
    assert used(room, "runs") == 5


# Runs of the period


def test_a_deleted_run_gives_its_bytes_back_but_was_one_of_its_period() -> None:
    room = open_room()
    run = room.create_run(60)
    runs.delete_run(room.world, room.ada, run=run)
    assert (used(room, "runs"), used(room, "storage_bytes")) == (1, 0)


def test_runs_begin_again_at_zero_with_the_period_and_bytes_stay() -> None:
    room = open_room()
    for _ in range(3):
        room.create_run(20)
    lifecycle.move(room.world, to=FEBRUARY - 1)
    assert used(room, "runs") == 3
    lifecycle.move(room.world, to=FEBRUARY)
    assert (used(room, "runs"), used(room, "storage_bytes")) == (0, 60)
    room.create_run(20)
    assert (used(room, "runs"), used(room, "storage_bytes")) == (1, 80)


def test_a_run_counts_in_the_period_it_comes_in_whenever_it_started() -> None:
    room = open_room()
    early = content()._replace(status="running", started_at=EPOCH - 90 * DAY)
    runs.create_run(room.world, room.ada, workspace=room.workspace, content=early)
    assert used(room, "runs") == 1


# Uploads


def test_a_batch_that_passes_a_cap_is_refused_whole() -> None:
    room = open_room()
    batch = [upload(f"r{place}") for place in range(4)]
    with pytest.raises(QuotaExceeded) as refused, room.world.transaction():
        uploads.sync_runs(room.world, room.ada, workspace=room.workspace, uploads=batch)
    assert refused.value.used == 0
    assert room.world.count(Run, "workspace", room.workspace_id) == 0


def test_an_upload_again_uses_nothing_even_at_the_cap() -> None:
    room = open_room()
    batch = [upload(f"r{place}", 30) for place in range(3)]
    for _ in range(2):
        uploads.sync_runs(room.world, room.ada, workspace=room.workspace, uploads=batch)
    assert (used(room, "runs"), used(room, "storage_bytes")) == (3, 90)


def test_an_update_uses_what_its_artifacts_grow_by() -> None:
    room = open_room()
    for size, total in ((40, 40), (90, 90), (10, 10)):
        one = upload("r", size)
        uploads.sync_runs(room.world, room.ada, workspace=room.workspace, uploads=[one])
        assert (used(room, "runs"), used(room, "storage_bytes")) == (1, total)
    with pytest.raises(QuotaExceeded) as refused, room.world.transaction():
        one = upload("r", 101)
        uploads.sync_runs(room.world, room.ada, workspace=room.workspace, uploads=[one])
    assert (refused.value.meter, refused.value.used) == ("storage_bytes", 10)
    assert used(room, "storage_bytes") == 10


def test_an_upload_that_ignores_caps_counts_all_the_same() -> None:
    room = open_room()
    batch = [upload(f"r{place}", 50) for place in range(5)]
    uploads.sync_runs(
        room.world, Fixture(), workspace=room.workspace, uploads=batch, ignores_caps=True
    )
    assert (used(room, "runs"), used(room, "storage_bytes")) == (5, 250)
    assert room.meters_over() == ("runs", "storage_bytes")


def test_uploads_in_any_order_end_in_the_same_state() -> None:
    digests = set()
    for order in itertools.permutations([upload("a", 1), upload("b", 2, 3), upload("c")]):
        room = open_room()
        for one in order:
            uploads.sync_runs(room.world, room.ada, workspace=room.workspace, uploads=[one])
        digests.add(str(room.world.state.digest))
    assert len(digests) == 1


# What is live


def test_a_revoked_or_expired_key_makes_room() -> None:
    room = open_room()
    key, _ = api_keys.issue_key(
        room.world, room.ada, workspace=room.workspace, name="k", expires_at=None
    )
    api_keys.issue_key(
        room.world, room.ada, workspace=room.workspace, name="k", expires_at=EPOCH + DAY
    )
    assert used(room, "api_keys") == 2
    lifecycle.move(room.world, to=EPOCH + DAY - 1)
    assert used(room, "api_keys") == 2
    lifecycle.move(room.world, to=EPOCH + DAY)
    assert used(room, "api_keys") == 1
    api_keys.revoke_key(room.world, room.ada, key=key)
    assert used(room, "api_keys") == 0


def test_rotating_a_key_uses_nothing_even_at_the_cap() -> None:
    room = filled("api_keys", 2)
    key = room.world.all(ApiKey, "workspace", room.workspace_id)[0]
    api_keys.rotate_key(room.world, room.ada, key=key)
    assert used(room, "api_keys") == 2


def test_a_revoked_or_expired_share_makes_room_and_so_does_its_run() -> None:
    room = filled("shares", 2)
    first, _ = room.world.all(Share, "workspace", room.workspace_id)
    shares.revoke_share(room.world, room.ada, share=first)
    assert used(room, "shares") == 1
    room.add("shares")
    lifecycle.move(room.world, to=EPOCH + DAY)
    assert used(room, "shares") == 0
    room.add("shares")
    runs.delete_run(room.world, room.ada, run=room.world.expect(Run, first.run_id))
    assert used(room, "shares") == 0


# Above a cap


def test_above_a_cap_what_uses_more_is_refused_until_below() -> None:
    room = filled("projects", 2)
    change_caps(room, replace(TINY, projects=1))
    assert room.meters_over() == ("projects",)
    with pytest.raises(QuotaExceeded) as refused, room.world.transaction():
        room.add("projects")
    assert (refused.value.used, refused.value.limit) == (2, 1)
    first, second = room.world.all(Project, "workspace", room.workspace_id)
    room.world.remove(first)
    assert room.meters_over() == ()
    with pytest.raises(QuotaExceeded), room.world.transaction():
        room.add("projects")
    room.world.remove(second)
    room.add("projects")


def test_at_a_cap_is_not_above_it() -> None:
    room = filled("projects", 2)
    assert room.meters_over() == ()


def test_above_one_cap_other_meters_go_on() -> None:
    room = filled("projects", 2)
    change_caps(room, Caps(runs=3, storage_bytes=0, projects=0, members=1, api_keys=0, shares=1))
    room.create_run()
    room.add("shares")


def test_caps_bind_each_workspace_alone() -> None:
    room = filled("runs", 3)
    other = replace(room.workspace, id="other", slug="other", plan=FREE)
    room.world.put(other)
    runs.create_run(room.world, room.ada, workspace=other, content=content(7))
    assert meters.usage_of(room.world, other).storage_bytes == 7
    assert used(room, "runs") == 3


def test_a_workspace_that_goes_takes_its_usage_along() -> None:
    room = filled("runs", 1)
    erasure.delete_workspace(room.world, room.workspace)
    assert room.world.get(Usage, room.workspace_id) is None
    assert room.world.get(Workspace, room.workspace_id) is None
