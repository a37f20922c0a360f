"""A world to work on: Ada's and Bo's lab, and Dee's workspace beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emulator.world.core.access import Actor
from emulator.world.core.times import DAY, SECOND
from emulator.world.core.world import DEFAULT, World
from emulator.world.identity.accounts import create_user
from emulator.world.metering.plans import PLANS
from emulator.world.records.types import Instant
from emulator.world.records.workspaces import Plan, Workspace
from emulator.world.runs.runs import RunContent
from emulator.world.runs.uploads import Upload
from emulator.world.workspaces.workspaces import join, open_workspace

EPOCH = 20_454 * DAY
"""2026-01-01T00:00:00Z."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """The world with what the tests need of it; Ada owns it, Bo administers, Cy is a member."""

    world: World
    ada: Actor
    bo: Actor
    cy: Actor
    dee: Actor
    lab: Workspace
    away: Workspace


def begin(entropy: str = "test", *, epoch: Instant = EPOCH) -> World:
    """Return a world with the built-in plans and nothing else."""
    world = World.begin(name=DEFAULT, entropy=entropy, epoch=epoch)
    world.extend(Plan, list(PLANS))
    return world


def account(world: World, name: str) -> Actor:
    """Return the actor of a new account `<name>@x.test` with the password `<name>-password`."""
    user = create_user(
        world, email=f"{name}@x.test", password=f"{name}-password", name=name, metadata="{}"
    )
    return Actor(user_id=user.id)


def open_lab() -> Lab:
    """Return the lab."""
    world = begin()
    ada, bo, cy, dee = (account(world, name) for name in ("ada", "bo", "cy", "dee"))
    lab = open_workspace(world, ada, name="Lab")
    away = open_workspace(world, dee, name="Away")
    join(world, lab, user_id=bo.user_id, role="admin")
    join(world, lab, user_id=cy.user_id, role="member")
    return Lab(world=world, ada=ada, bo=bo, cy=cy, dee=dee, lab=lab, away=away)


def content(**changes: Any) -> RunContent:
    """Return what a client says of a queued run, with changes."""
    plain = RunContent(
        project_id=None,
        name="a run",
        adapter_id="openpi",
        task="eval",
        environment=None,
        runtime="local",
        status="queued",
        metrics="{}",
        artifacts=(),
        cost_estimate_usd=None,
        manifest=None,
        log="",
        extra="{}",
        started_at=None,
        finished_at=None,
        duration_seconds=None,
    )
    return plain._replace(**changes)


def upload(client_run_id: str, *, path: str = "", pin: str | None = None, **said: Any) -> Upload:
    """Return an upload of a queued run, with changes."""
    return Upload(client_run_id=client_run_id, content=content(**said), path=path, pin=pin)


def minutes(count: int) -> int:
    """Return an instant that many minutes after the epoch."""
    return EPOCH + count * 60 * SECOND


def state_of(world: World) -> str:
    """Return the digest."""
    return str(world.state.digest)
