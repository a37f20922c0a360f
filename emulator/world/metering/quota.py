"""Quota: how meters stand against the caps of a workspace, and the refusal of more.

No operation raises `used` above `limit`. Usage above a cap, after a downgrade or from a seed,
stays, and using more of that meter is refused until it is below the cap.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from emulator.world.core.refusals import Invalid, QuotaExceeded
from emulator.world.core.world import World
from emulator.world.metering.meters import METERS, usage_of
from emulator.world.metering.plans import all_plans, is_sold, period_of, plan_of
from emulator.world.records.types import Instant, LimitSource, Meter
from emulator.world.records.workspaces import Plan, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """The reading of a meter: `used`, which includes `reserved`, of `limit`, where None is no cap.

    `limit_source` is where the cap comes from. `resets_at` is when the meter starts again at zero,
    or None if it never does.
    """

    meter: Meter
    used: int
    reserved: int
    limit: int | None
    limit_source: LimitSource
    resets_at: Instant | None


def gauge(world: World, workspace: Workspace, meter: Meter) -> Gauge:
    """Return the current reading of a meter of the workspace."""
    count = METERS[meter](world, workspace)
    limit, limit_source = _limit_of(world, workspace, meter)
    return Gauge(
        meter=meter,
        used=count.used + count.reserved,
        reserved=count.reserved,
        limit=limit,
        limit_source=limit_source,
        resets_at=period_of(world, workspace).end if meter == "runs" else None,
    )


def _limit_of(world: World, workspace: Workspace, meter: Meter) -> tuple[int | None, LimitSource]:
    """Return the cap on a meter of the workspace, where None is no cap, and where it comes from."""
    if meter == "runs" and workspace.runs_limit is not None:
        return workspace.runs_limit, "seed"
    return cap_of(plan_of(world, workspace), meter), "plan"


def cap_of(plan: Plan, meter: Meter) -> int | None:
    """Return the cap of a plan on a meter; None is no cap."""
    cap: int | None = getattr(plan.caps, meter)
    return cap


def gauges(world: World, workspace: Workspace) -> list[Gauge]:
    """Return the current reading of every meter of the workspace."""
    return [gauge(world, workspace, meter) for meter in METERS]


def require_room(world: World, workspace: Workspace, meter: Meter, *, amount: int = 1) -> None:
    """Raise QuotaExceeded unless the amount fits under the cap; an amount of zero always does.

    Raises Invalid, even without a cap, for more than can be counted.
    """
    if amount <= 0:
        return
    count = METERS[meter](world, workspace)
    used = count.used + count.reserved
    limit, _ = _limit_of(world, workspace, meter)
    if limit is not None and used + amount > limit:
        now = gauge(world, workspace, meter)
        raise refusal_at(world, workspace, now, limit=limit, wanted=amount)
    _require_countable(meter, used + amount)


COUNT_MAX = 2**53
"""The largest count of a meter. Assumed: meters stay within the integers that every JSON client
represents exactly."""


def _require_countable(meter: Meter, used: int) -> None:
    if used > COUNT_MAX:
        raise Invalid(
            "",
            f"The workspace would use {used} of the meter {meter}, and at most {COUNT_MAX} can be "
            "counted; use less.",
        )


def refusal_at(
    world: World, workspace: Workspace, now: Gauge, *, limit: int, wanted: int
) -> QuotaExceeded:
    """Return the refusal to use `wanted` more of a meter than `limit` allows."""
    return QuotaExceeded(
        meter=now.meter,
        used=now.used,
        limit=limit,
        limit_source=now.limit_source,
        wanted=wanted,
        plan=plan_of(world, workspace),
        resets_at=now.resets_at,
        upgrade_helps=_upgrade_helps(world, workspace, now.meter, needed=now.used + wanted),
    )


def _upgrade_helps(world: World, workspace: Workspace, meter: Meter, *, needed: int) -> bool:
    """Return whether a plan on sale has a higher cap than the current plan, which suffices."""
    current = cap_of(plan_of(world, workspace), meter)
    if current is None:
        return False
    caps = [cap_of(plan, meter) for plan in all_plans(world) if is_sold(plan)]
    return any(cap is None or cap >= max(needed, current + 1) for cap in caps)


def use(
    world: World, workspace: Workspace, *, runs: int, storage_bytes: int, ignores_caps: bool = False
) -> None:
    """Count runs and the bytes of their artifacts as used; negative bytes are released.

    Raises QuotaExceeded unless caps are ignored, and Invalid for more than can be counted.
    Assumed: deleting a run releases its bytes but still counts the run in its period, since it was
    processed.
    """
    wanted: tuple[tuple[Meter, int], ...] = (("runs", runs), ("storage_bytes", storage_bytes))
    for meter, amount in wanted:
        if not ignores_caps:
            require_room(world, workspace, meter, amount=amount)
        elif amount > 0:
            _require_countable(meter, gauge(world, workspace, meter).used + amount)
    if runs or storage_bytes:
        usage = usage_of(world, workspace)
        world.put(
            replace(
                usage, runs=usage.runs + runs, storage_bytes=usage.storage_bytes + storage_bytes
            )
        )
