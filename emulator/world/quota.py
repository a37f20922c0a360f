"""Caps of a workspace. No operation raises `used` above `limit`."""

from __future__ import annotations

from emulator.world.records import Run, Workspace
from emulator.world.refusals import QuotaExceeded
from emulator.world.world import World


def runs_used(world: World, workspace: Workspace) -> int:
    """Return how many runs count against the workspace's cap."""
    return world.count(Run, "workspace", workspace.id)


def require_room(world: World, workspace: Workspace, *, runs: int) -> None:
    """Refuse QuotaExceeded unless that many more runs fit in the workspace."""
    used, limit = runs_used(world, workspace), workspace.runs_limit
    if limit is not None and runs and used + runs > limit:
        raise QuotaExceeded(meter="runs", used=used, limit=limit, wanted=runs)
