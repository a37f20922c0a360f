"""Caps of a workspace. No operation raises `used` above `limit`; what is above it stays there.

Above a cap, after a downgrade or a seed, nothing is deleted, and what would use more of that
meter is refused until it is below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import get_args

from emulator.world.core.refusals import Invalid, QuotaExceeded
from emulator.world.core.world import World
from emulator.world.metering.plans import all_plans, is_sold, period_of, plan_of
from emulator.world.records.runs import Share
from emulator.world.records.types import Instant, LimitSource, Meter, ReservedMeter
from emulator.world.records.workspaces import ApiKey, Member, Plan, Project, Usage, Workspace

METERS: tuple[Meter, ...] = get_args(Meter)
"""Every meter, in the order in which they are shown."""

RESERVED: tuple[ReservedMeter, ...] = get_args(ReservedMeter)
"""The meters of use, which can be reserved; the others count what exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """How a meter stands: `used` of `limit`, of which `reserved` is only held; None is no cap.

    `limit_source` is where the cap comes from. `resets_at` is when the use of it begins again at
    zero; None where it does not.
    """

    meter: Meter
    used: int
    reserved: int
    limit: int | None
    limit_source: LimitSource
    resets_at: Instant | None

    @property
    def is_over(self) -> bool:
        """Whether it stands above its cap, so that whatever would use more of it is refused."""
        return self.limit is not None and self.used > self.limit


def usage_of(world: World, workspace: Workspace) -> Usage:
    """Return what the workspace used in the period of now; nothing is written."""
    start = period_of(world, workspace).start
    usage = world.get(Usage, workspace.id)
    if usage is None:
        return Usage(
            id=workspace.id,
            period_start=start,
            runs=0,
            storage_bytes=0,
            runs_reserved=0,
            storage_bytes_reserved=0,
        )
    return usage if usage.period_start == start else replace(usage, period_start=start, runs=0)


def _live(kind: type[ApiKey] | type[Share]) -> Callable[[World, Workspace], tuple[int, int]]:
    def count(world: World, workspace: Workspace) -> tuple[int, int]:
        key = workspace.id
        return world.count_from(kind, "not revoked", key, moment=world.now + 1), 0

    return count


def _runs(world: World, workspace: Workspace) -> tuple[int, int]:
    usage = usage_of(world, workspace)
    return usage.runs, usage.runs_reserved


def _storage(world: World, workspace: Workspace) -> tuple[int, int]:
    usage = usage_of(world, workspace)
    return usage.storage_bytes, usage.storage_bytes_reserved


_COUNTS: Mapping[Meter, Callable[[World, Workspace], tuple[int, int]]] = {
    "runs": _runs,
    "storage_bytes": _storage,
    "projects": lambda world, workspace: (world.count(Project, "workspace", workspace.id), 0),
    "members": lambda world, workspace: (world.count(Member, "workspace", workspace.id), 0),
    "api_keys": _live(ApiKey),
    "shares": _live(Share),
}
"""How much of each meter is used for good and reserved; none of them walks a list."""


def gauge(world: World, workspace: Workspace, meter: Meter) -> Gauge:
    """Return how a meter of the workspace stands now."""
    used, reserved = _COUNTS[meter](world, workspace)
    limit = cap_of(plan_of(world, workspace), meter)
    limit_source: LimitSource = "plan"
    resets_at = None
    if meter == "runs":
        resets_at = period_of(world, workspace).end
        if workspace.runs_limit is not None:
            limit, limit_source = workspace.runs_limit, "seed"
    return Gauge(
        meter=meter,
        used=used + reserved,
        reserved=reserved,
        limit=limit,
        limit_source=limit_source,
        resets_at=resets_at,
    )


def cap_of(plan: Plan, meter: Meter) -> int | None:
    """Return how much of a meter a plan allows; None is no cap."""
    cap: int | None = getattr(plan.caps, meter)
    return cap


def gauges(world: World, workspace: Workspace) -> list[Gauge]:
    """Return how every meter of the workspace stands now."""
    return [gauge(world, workspace, meter) for meter in METERS]


def meters_over(world: World, workspace: Workspace) -> tuple[Meter, ...]:
    """Return the meters above their cap, such as after a downgrade: of these nothing more can be
    used until they are below.
    """
    return tuple(one.meter for one in gauges(world, workspace) if one.is_over)


def require_room(world: World, workspace: Workspace, meter: Meter, *, amount: int = 1) -> None:
    """Refuse QuotaExceeded unless that much more of the meter fits; what uses nothing does.

    Refuses Invalid for more than can be counted, also where there is no cap.
    """
    if amount <= 0:
        return
    now = gauge(world, workspace, meter)
    if now.limit is not None and now.used + amount > now.limit:
        raise refusal_at(world, workspace, now, limit=now.limit, wanted=amount)
    _require_countable(now, amount=amount)


COUNT_MAX = 2**53
"""The largest integer that every JSON client keeps. Assumed: no meter passes it, cap or no cap."""


def _require_countable(now: Gauge, *, amount: int) -> None:
    if now.used + amount > COUNT_MAX:
        raise Invalid(
            "",
            f"The workspace would use {now.used + amount} of the meter {now.meter}, and at most "
            f"{COUNT_MAX} can be counted; use less.",
        )


def refusal_at(
    world: World, workspace: Workspace, now: Gauge, *, limit: int, wanted: int
) -> QuotaExceeded:
    """Return the refusal of using more of a meter than its limit allows."""
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
    """Tell whether a plan that can be bought allows more of a meter than the present plan does,
    and as much as is needed.
    """
    present = cap_of(plan_of(world, workspace), meter)
    if present is None:
        return False
    caps = [cap_of(plan, meter) for plan in all_plans(world) if is_sold(plan)]
    return any(cap is None or cap >= max(needed, present + 1) for cap in caps)


def use(
    world: World, workspace: Workspace, *, runs: int, storage_bytes: int, ignores_caps: bool = False
) -> None:
    """Count runs and the bytes of their artifacts as used; bytes below zero are given back.

    Refuses QuotaExceeded unless caps are ignored, and Invalid for more than can be counted.
    Assumed: a run that is deleted gives its bytes back, but has been one of its period.
    """
    wanted: tuple[tuple[Meter, int], ...] = (("runs", runs), ("storage_bytes", storage_bytes))
    for meter, amount in wanted:
        if not ignores_caps:
            require_room(world, workspace, meter, amount=amount)
        elif amount > 0:
            _require_countable(gauge(world, workspace, meter), amount=amount)
    if runs or storage_bytes:
        usage = usage_of(world, workspace)
        world.put(
            replace(
                usage, runs=usage.runs + runs, storage_bytes=usage.storage_bytes + storage_bytes
            )
        )
