"""What an error says that a fault claims and nothing in the world has brought about."""

from __future__ import annotations

from emulator.world.plans import all_plans
from emulator.world.quota import gauge
from emulator.world.records import Workspace
from emulator.world.refusals import QuotaExceeded
from emulator.world.world import World


def claimed_cap(world: World) -> QuotaExceeded:
    """Return the refusal of one run more than a cap allows.

    Assumed: it is the first workspace's, which has as many runs as it may, or, without a cap, may
    have as many as it has.
    """
    workspace = world.oldest(Workspace, "all", ())
    if workspace is None:
        plan = all_plans(world)[0].id
        return QuotaExceeded(meter="runs", used=0, limit=0, wanted=1, plan=plan, resets_at=None)
    runs = gauge(world, workspace, "runs")
    most = runs.used if runs.limit is None else runs.limit
    return QuotaExceeded(
        meter="runs",
        used=most,
        limit=most,
        wanted=1,
        plan=workspace.plan,
        resets_at=runs.resets_at,
    )
