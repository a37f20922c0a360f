"""Plans: the built-in plans, the plan of a workspace, and the period its usage is counted in.

Assumed: the product publishes no plan, price or cap. These are three plans, the smallest of which
a test can fill and the largest of which has no caps. A seed may change them and add others.
"""

from __future__ import annotations

from dataclasses import replace

from emulator.world.core.access import Fixture
from emulator.world.core.audit import record_audit
from emulator.world.core.refusals import Invalid
from emulator.world.core.world import World
from emulator.world.metering.periods import Period, period_at
from emulator.world.records.billing import Subscription
from emulator.world.records.types import Instant, SubscriptionStatus
from emulator.world.records.workspaces import Caps, Plan, Usage, Workspace

_GIB = 2**30

FREE = "free"
"""The plan of a workspace without a subscription."""

UNCAPPED_PLAN = "enterprise"
"""The plan of a seed's workspace that names no plan.

Assumed: a test that names no plan is not about caps; a workspace of a sign-up gets the free plan.
"""

PLANS = (
    Plan(
        id=FREE,
        title="Free",
        month_price_cents=0,
        year_price_cents=0,
        trial_days=0,
        caps=Caps(runs=500, storage_bytes=5 * _GIB, projects=10, members=5, api_keys=10, shares=25),
        ordinal=1,
    ),
    Plan(
        id="team",
        title="Team",
        month_price_cents=4_900,
        year_price_cents=49_000,
        trial_days=14,
        caps=Caps(
            runs=2_000,
            storage_bytes=500 * _GIB,
            projects=50,
            members=25,
            api_keys=50,
            shares=200,
        ),
        ordinal=2,
    ),
    Plan(
        id=UNCAPPED_PLAN,
        title="Enterprise",
        month_price_cents=49_900,
        year_price_cents=499_000,
        trial_days=0,
        caps=Caps(
            runs=None,
            storage_bytes=None,
            projects=None,
            members=None,
            api_keys=None,
            shares=None,
        ),
        ordinal=3,
    ),
)
"""The built-in plans, the smallest first."""


def all_plans(world: World) -> list[Plan]:
    """Return every plan, the smallest first."""
    return world.all(Plan, "all", ())


def plan_named(world: World, name: str) -> Plan:
    """Return the plan of that name. Raises Invalid at `plan` with the names that exist."""
    plan = world.get(Plan, name)
    if plan is None:
        known = ", ".join(plan.id for plan in all_plans(world))
        raise Invalid("plan", f"Plan {name!r} does not exist; choose one of: {known}.")
    return plan


def is_sold(plan: Plan) -> bool:
    """Return whether a plan can be subscribed to, since it costs something."""
    return bool(plan.month_price_cents or plan.year_price_cents)


def plan_of(world: World, workspace: Workspace) -> Plan:
    """Return the plan of a workspace."""
    return world.expect(Plan, workspace.plan)


def period_of(world: World, workspace: Workspace) -> Period:
    """Return the current usage period: of the subscription, or else the calendar month.

    Assumed: the months of a trial are counted back from its end, where paid months begin; the first
    of them starts with the trial.
    """
    period = period_at(workspace.period_anchor, world.now)
    if workspace.subscription_status != "trialing":
        return period
    live = world.find(Subscription, "live", workspace.id)
    trial_start = None if live is None else live.trial_start
    if trial_start is None:
        return period
    return replace(period, start=max(period.start, trial_start))


def set_plan(
    world: World,
    workspace: Workspace,
    *,
    plan: str,
    anchor: Instant | None,
    status: SubscriptionStatus | None = None,
) -> Workspace:
    """Put a workspace on a plan whose periods follow `anchor`, and return the workspace.

    `status` is that of the workspace's last subscription, or None. Nothing above the new caps is
    deleted, but using more of such a meter is refused. A different plan ends the `runs_limit` of a
    seed. Raises Invalid for an unknown plan.

    Assumed: the usage of a period that is cut short moves to the new period, so that a change of
    plan neither resets nor doubles it. The audit entry has no user, as a webhook changes the plan.
    """
    plan_named(world, plan)
    before = world.expect(Workspace, workspace.id)
    after = replace(
        before,
        plan=plan,
        period_anchor=anchor,
        subscription_status=status,
        runs_limit=before.runs_limit if before.plan == plan else None,
    )
    if _standing(before) == _standing(after):
        return before
    _carry_usage(world, before, after)
    world.put(after)
    if before.plan != plan:
        record_audit(world, Fixture(), "workspace.plan_changed", after, workspace_id=after.id)
    return after


def _standing(workspace: Workspace) -> tuple[str, Instant | None, SubscriptionStatus | None]:
    return workspace.plan, workspace.period_anchor, workspace.subscription_status


def _carry_usage(world: World, before: Workspace, after: Workspace) -> None:
    usage = world.get(Usage, before.id)
    if usage is None:
        return
    is_present = usage.period_start == period_of(world, before).start
    start = period_of(world, after).start
    world.put(replace(usage, period_start=start, runs=usage.runs if is_present else 0))
