"""Claimed quota: plausible details for an injected `quota_exceeded`, when no quota is exceeded."""

from __future__ import annotations

from dataclasses import replace

from emulator.world.core.refusals import QuotaExceeded
from emulator.world.core.world import World
from emulator.world.metering.plans import all_plans
from emulator.world.metering.quota import gauge, refusal_at
from emulator.world.records.workspaces import Workspace


def claimed_quota(world: World) -> QuotaExceeded:
    """Return the refusal of one more run than a cap allows.

    Assumed: the error is about the first workspace, which then counts as having as many runs as its
    cap allows, or, without a cap, as being capped at the runs that it has.
    """
    workspace = world.oldest(Workspace, "all", ())
    if workspace is None:
        return QuotaExceeded(
            meter="runs",
            used=0,
            limit=0,
            limit_source="plan",
            wanted=1,
            plan=all_plans(world)[0],
            resets_at=None,
            upgrade_helps=True,
        )
    runs = gauge(world, workspace, "runs")
    most = runs.used if runs.limit is None else runs.limit
    return refusal_at(world, workspace, replace(runs, used=most), limit=most, wanted=1)
