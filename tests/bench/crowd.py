"""Crowds: worlds of any size, made quickly, with one user, one workspace and many runs."""

from __future__ import annotations

import gc
from dataclasses import dataclass

from emulator.world.core.access import Actor
from emulator.world.core.times import DAY, SECOND
from emulator.world.core.world import World
from emulator.world.identity.accounts import create_user
from emulator.world.records.runs import Run
from emulator.world.records.types import RunStatus
from emulator.world.records.workspaces import Workspace
from emulator.world.store import ids
from emulator.world.workspaces.workspaces import open_workspace
from tests.support import world_builder

EPOCH = 20_454 * DAY
"""2026-01-01T00:00:00Z."""

STATUSES: tuple[RunStatus, ...] = ("succeeded", "succeeded", "succeeded", "failed", "running")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """A world of many runs, and who owns its one workspace."""

    world: World
    owner: Actor
    workspace: Workspace


def crowd(size: int) -> Crowd:
    """Return a world of `size` runs, a minute between any two, planted in no particular order."""
    world = world_builder.begin("bench")
    user = create_user(
        world, email="ada@bench.test", password="ada-password", name="Ada", metadata="{}"
    )
    workspace = open_workspace(world, Actor(user_id=user.id), name="Bench")
    # Nothing that is made here is garbage before the end: the collector would search in vain.
    gc.disable()
    world.extend(Run, [_run(world, workspace, place * 7919 % size) for place in range(size)])
    gc.enable()
    return Crowd(world=world, owner=Actor(user_id=user.id), workspace=workspace)


def _run(world: World, workspace: Workspace, place: int) -> Run:
    began = EPOCH - (place + 1) * 60 * SECOND
    status = STATUSES[place % len(STATUSES)]
    return Run(
        id=ids.as_uuid(world.derive("bench run", place)),
        workspace_id=workspace.id,
        project_id=None,
        name=f"OpenPI on libero_spatial, seed {place}",
        adapter_id="openpi",
        task="eval",
        environment="libero/libero_spatial",
        runtime="local",
        status=status,
        client_run_id=f"openpi-libero-spatial-{place}",
        metrics=f'{{"mean_episode_return":0.{place:07},"num_episodes":100,"success_rate":0.94}}',
        artifacts=(),
        cost_estimate_usd=None,
        manifest=None,
        log=f"Policy server is ready\n[libero] 10 tasks x 10 episodes\nepisode {place} is done",
        extra="{}",
        created_by=None,
        created_at=began,
        ordinal=0,
        started_at=began,
        finished_at=None if status == "running" else began + 30 * SECOND,
        duration_seconds=None if status == "running" else 30.0,
        content=ids.derive("bench", "content", place)[:16].hex(),
        revision=1,
    )
