"""A world with one workspace whose plan is `tiny`: few of everything, so that a test fills it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from emulator.world.core.access import Actor
from emulator.world.core.times import DAY
from emulator.world.core.world import World
from emulator.world.identity import accounts
from emulator.world.metering import quota
from emulator.world.metering.plans import plan_named
from emulator.world.records.runs import Run
from emulator.world.records.types import Instant, Meter
from emulator.world.records.workspaces import Caps, Plan, Workspace
from emulator.world.runs import runs, shares
from emulator.world.runs.runs import ArtifactContent, RunContent
from emulator.world.runs.uploads import Upload
from emulator.world.workspaces import api_keys, projects, workspaces
from tests.support import world_builder

EPOCH: Instant = 20_454 * DAY
"""2026-01-01T00:00:00Z."""

FEBRUARY: Instant = EPOCH + 31 * DAY

TINY = Caps(runs=3, storage_bytes=100, projects=2, members=2, api_keys=2, shares=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The world and what the tests need of it; Ada owns the workspace."""

    world: World
    ada: Actor
    workspace_id: str

    @property
    def workspace(self) -> Workspace:
        """The workspace as it is now."""
        return self.world.expect(Workspace, self.workspace_id)

    def create_run(self, *sizes: int) -> Run:
        """Create a run with artifacts of so many bytes."""
        return runs.create_run(
            self.world, self.ada, workspace=self.workspace, content=content(*sizes)
        )

    def meters_over(self) -> tuple[Meter, ...]:
        """Return the meters above their cap."""
        gauges = quota.gauges(self.world, self.workspace)
        return tuple(
            gauge.meter for gauge in gauges if gauge.limit is not None and gauge.used > gauge.limit
        )

    def add(self, meter: Meter) -> None:
        """Use one more of a meter, as a caller would; shares need a run, which is kept aside."""
        world, ada, workspace = self.world, self.ada, self.workspace
        if meter == "runs":
            self.create_run()
        elif meter == "storage_bytes":
            self.create_run(50)
        elif meter == "projects":
            name = f"p{world.ordinal('test')}"
            projects.create_project(
                world, ada, workspace=workspace, name=name, slug=None, description=""
            )
        elif meter == "members":
            user = account(world, f"user{world.ordinal('test')}")
            workspaces.join(world, workspace, user_id=user.user_id, role="member")
        elif meter == "api_keys":
            api_keys.issue_key(world, ada, workspace=workspace, name="k", expires_at=None)
        else:
            run = world.newest(Run, "workspace", workspace.id, limit=1)[0]
            shares.open_share(world, ada, run=run, expires_at=world.now + DAY)


def account(world: World, name: str) -> Actor:
    """Return the actor of a new account."""
    user = accounts.create_user(
        world, email=f"{name}@x.test", password=None, name=name, metadata="{}"
    )
    return Actor(user_id=user.id)


def open_room(caps: Caps = TINY) -> Room:
    """Return a fresh room on a plan of those caps."""
    world = world_builder.begin()
    world.put(replace(plan_named(world, "team"), id="tiny", title="Tiny", caps=caps, ordinal=9))
    ada = account(world, "ada")
    workspace = workspaces.open_workspace(world, ada, name="Lab", plan="tiny")
    return Room(world=world, ada=ada, workspace_id=workspace.id)


def change_caps(room: Room, caps: Caps) -> None:
    """Give the plan other caps, as a downgrade would."""
    plan: Plan = plan_named(room.world, "tiny")
    room.world.put(replace(plan, caps=caps))


def content(*sizes: int) -> RunContent:
    """Return what a client says of a queued run with artifacts of those sizes."""
    return world_builder.content(
        artifacts=tuple(
            ArtifactContent(name=f"a{place}", media_type="m", size_bytes=size, sha256=None)
            for place, size in enumerate(sizes)
        )
    )


def upload(name: str, *sizes: int) -> Upload:
    """Return an upload of a run of that client_run_id with artifacts of those sizes."""
    return Upload(client_run_id=name, content=content(*sizes))
