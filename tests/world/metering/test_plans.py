"""Plans: data in the state, and what a change of plan does to a workspace."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from emulator.world import lifecycle
from emulator.world.core.refusals import Invalid, QuotaExceeded
from emulator.world.core.times import DAY
from emulator.world.metering import plans, quota
from emulator.world.metering.meters import METERS
from emulator.world.metering.periods import Period
from emulator.world.metering.plans import PLANS
from emulator.world.records.system import AuditEntry
from emulator.world.workspaces.workspaces import create_workspace
from tests.support.billed_world import Billed
from tests.support.messages import golden
from tests.support.tiny_plan_world import EPOCH, FEBRUARY, Room, open_room


def entries(room: Room) -> list[AuditEntry]:
    return room.world.all(AuditEntry, "workspace", room.workspace_id)


def runs_used(room: Room) -> int:
    return quota.gauge(room.world, room.workspace, "runs").used


def test_a_world_begins_with_the_plans_the_smallest_first() -> None:
    world = open_room().world
    assert [plan.id for plan in plans.all_plans(world)] == ["free", "team", "enterprise", "tiny"]
    assert [asdict(plan) for plan in plans.all_plans(world)[:3]] == [asdict(one) for one in PLANS]


def test_a_plan_that_there_is_not_is_refused_with_the_names_there_are() -> None:
    room = open_room()
    with pytest.raises(Invalid) as refused:
        plans.set_plan(room.world, room.workspace, plan="gold", anchor=None)
    assert refused.value.path == "plan"
    assert refused.value.message == (golden("all", "validation_error", "unknown-plan"))


def test_setting_a_plan_is_audited_without_a_name() -> None:
    room = open_room()
    before = asdict(room.workspace)
    changed = plans.set_plan(
        room.world, room.workspace, plan="team", anchor=EPOCH + DAY, status="active"
    )
    now = {"plan": "team", "period_anchor": EPOCH + DAY, "subscription_status": "active"}
    assert asdict(changed) == {**before, **now}
    assert room.workspace is changed
    last = entries(room)[-1]
    assert (last.action, last.target_kind, last.target_id) == (
        "workspace.plan_changed",
        "Workspace",
        room.workspace_id,
    )
    assert (last.user_id, last.api_key_id) == (None, None)


def test_setting_the_same_again_changes_nothing() -> None:
    room = open_room()
    plans.set_plan(room.world, room.workspace, plan="team", anchor=EPOCH, status="active")
    before = room.world.state
    plans.set_plan(room.world, room.workspace, plan="team", anchor=EPOCH, status="active")
    assert room.world.state is before


def test_another_status_of_the_same_plan_is_no_change_of_plan() -> None:
    room = open_room()
    plans.set_plan(room.world, room.workspace, plan="team", anchor=EPOCH, status="active")
    before = len(entries(room))
    plans.set_plan(room.world, room.workspace, plan="team", anchor=EPOCH, status="past_due")
    assert room.workspace.subscription_status == "past_due"
    assert len(entries(room)) == before


def test_the_workspace_that_is_handed_in_may_be_older_than_the_state() -> None:
    room = open_room()
    old = room.workspace
    room.world.put(replace(old, name="Renamed"))
    assert plans.set_plan(room.world, old, plan="team", anchor=None).name == "Renamed"


@pytest.mark.parametrize("plan", ["enterprise", "free"])
def test_a_change_of_plan_up_or_down_ends_the_limit_of_a_seed(plan: str) -> None:
    room = open_room()
    plans.set_plan(room.world, room.workspace, plan="team", anchor=EPOCH, status="trialing")
    room.world.put(replace(room.workspace, runs_limit=7))
    plans.set_plan(room.world, room.workspace, plan="team", anchor=EPOCH, status="active")
    assert room.workspace.runs_limit == 7
    plans.set_plan(room.world, room.workspace, plan=plan, anchor=None)
    assert room.workspace.runs_limit is None


def test_the_first_period_of_a_trial_begins_with_the_trial_and_ends_with_it() -> None:
    billed = Billed()
    billed.advance(days=2)
    billed.subscribe("team")
    start, end = EPOCH + 2 * DAY, EPOCH + 16 * DAY
    assert plans.period_of(billed.world, billed.workspace) == Period(start=start, end=end)
    billed.advance(days=13)
    assert plans.period_of(billed.world, billed.workspace) == Period(start=start, end=end)
    billed.advance(days=1)
    assert billed.workspace.subscription_status == "active"
    period = plans.period_of(billed.world, billed.workspace)
    assert (period.start, period.end) == (end, end + 31 * DAY)


def test_what_was_used_before_a_trial_counts_in_its_first_period_alone() -> None:
    billed = Billed()
    runs = [quota.gauge(billed.world, billed.workspace, "runs").used]

    def use_one() -> None:
        quota.use(billed.world, billed.workspace, runs=1, storage_bytes=0)
        runs.append(quota.gauge(billed.world, billed.workspace, "runs").used)

    use_one()
    billed.advance(days=2)
    billed.subscribe("team")
    use_one()
    billed.advance(days=14)
    use_one()
    assert runs == [0, 1, 2, 1]


def test_an_upgrade_takes_what_was_used_along() -> None:
    room = open_room()
    room.create_run()
    lifecycle.move(room.world, to=EPOCH + 10 * DAY)
    plans.set_plan(room.world, room.workspace, plan="team", anchor=room.world.now)
    assert runs_used(room) == 1
    lifecycle.move(room.world, to=FEBRUARY)
    assert runs_used(room) == 1
    lifecycle.move(room.world, to=EPOCH + 41 * DAY)
    assert runs_used(room) == 0


def test_a_downgrade_within_a_period_is_above_the_lower_cap_until_the_next() -> None:
    room = open_room()
    anchor = EPOCH + 10 * DAY
    lifecycle.move(room.world, to=anchor)
    plans.set_plan(room.world, room.workspace, plan="enterprise", anchor=anchor)
    for _ in range(5):
        room.create_run()
    lifecycle.move(room.world, to=FEBRUARY + DAY)
    plans.set_plan(room.world, room.workspace, plan="tiny", anchor=None)
    assert runs_used(room) == 5
    assert room.meters_over() == ("runs",)
    with pytest.raises(QuotaExceeded) as refused:
        room.create_run()
    assert (refused.value.used, refused.value.limit, refused.value.plan) == (5, 3, "tiny")
    assert refused.value.resets_at == EPOCH + 59 * DAY
    lifecycle.move(room.world, to=EPOCH + 59 * DAY)
    room.create_run()
    assert runs_used(room) == 1


def test_a_downgrade_at_the_end_of_a_period_begins_with_nothing_used() -> None:
    room = open_room()
    plans.set_plan(room.world, room.workspace, plan="enterprise", anchor=EPOCH + 10 * DAY)
    for _ in range(5):
        room.create_run()
    lifecycle.move(room.world, to=EPOCH + 41 * DAY)
    plans.set_plan(room.world, room.workspace, plan="tiny", anchor=None)
    assert runs_used(room) == 0


def test_a_downgrade_deletes_nothing() -> None:
    room = open_room()
    plans.set_plan(room.world, room.workspace, plan="enterprise", anchor=None)
    for meter in METERS:
        for _ in range(3):
            room.add(meter)
    held = [(one.meter, one.used) for one in quota.gauges(room.world, room.workspace)]
    plans.set_plan(room.world, room.workspace, plan="tiny", anchor=None)
    assert [(one.meter, one.used) for one in quota.gauges(room.world, room.workspace)] == held
    assert room.meters_over() == tuple(METERS)


def test_a_new_workspace_is_on_free() -> None:
    room = open_room()
    made = create_workspace(room.world, room.ada, name="Another", slug=None)
    assert (made.plan, made.period_anchor, made.subscription_status) == ("free", None, None)
