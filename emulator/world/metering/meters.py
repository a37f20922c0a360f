"""Meters: the quantities that a plan limits, and how each is counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from emulator.world.core.world import World
from emulator.world.metering.plans import period_of
from emulator.world.records.runs import Share
from emulator.world.records.types import Meter
from emulator.world.records.workspaces import ApiKey, Member, Project, Usage, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """The amount of a meter in use, and the amount that reservations hold beside it."""

    used: int
    reserved: int = 0


def usage_of(world: World, workspace: Workspace) -> Usage:
    """Return what the workspace has used in the current period; nothing is written."""
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


def _count_runs(world: World, workspace: Workspace) -> Count:
    usage = usage_of(world, workspace)
    return Count(used=usage.runs, reserved=usage.runs_reserved)


def _count_storage(world: World, workspace: Workspace) -> Count:
    usage = usage_of(world, workspace)
    return Count(used=usage.storage_bytes, reserved=usage.storage_bytes_reserved)


def _count_all(kind: type[Project] | type[Member]) -> Callable[[World, Workspace], Count]:
    return lambda world, workspace: Count(used=world.count(kind, "workspace", workspace.id))


def _count_live(kind: type[ApiKey] | type[Share]) -> Callable[[World, Workspace], Count]:
    return lambda world, workspace: Count(
        used=world.count_from(kind, "not revoked", workspace.id, moment=world.now + 1)
    )


METERS: Mapping[Meter, Callable[[World, Workspace], Count]] = {
    "runs": _count_runs,
    "storage_bytes": _count_storage,
    "projects": _count_all(Project),
    "members": _count_all(Member),
    "api_keys": _count_live(ApiKey),
    "shares": _count_live(Share),
}
"""Meter → how much of it a workspace uses now, in the order in which meters are listed. Each count
takes constant time."""
