"""Snapshots: named states that any world can be put into."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from emulator.registry.snapshots import Snapshot
from emulator.surfaces.control.control import PREFIX, Control
from emulator.surfaces.control.replies import Digest, View, reply
from emulator.wire.fields import Strict
from emulator.wire.http.bodies import EmptyBody, read_strictly
from emulator.wire.http.codes import Code
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Routes

routes = Routes("control", prefix=PREFIX, tag="snapshots", provenance="ours")


class SnapshotCreate(Strict):
    """The name of a snapshot."""

    name: Annotated[str, Field(min_length=1, max_length=40)]


class SnapshotView(View):
    """A snapshot and the world that it was taken of."""

    name: str
    world: str
    digest: Digest


class SnapshotList(View):
    """The snapshots."""

    items: list[SnapshotView]


class Restored(View):
    """The state of a world that was restored."""

    world: str
    digest: Digest


def _snapshot_view(snapshot: Snapshot) -> SnapshotView:
    digest = str(snapshot.baseline.state.digest)
    return SnapshotView(name=snapshot.name, world=snapshot.world, digest=digest)


@routes.add(
    "GET",
    "/snapshots",
    summary="List the snapshots of all worlds in the order in which they were taken.",
    answers={200: SnapshotList},
)
async def list_snapshots(_: Request, control: Control) -> Response:
    views = [_snapshot_view(snapshot) for snapshot in control.registry.snapshots]
    return reply(SnapshotList(items=views))


@routes.add(
    "POST",
    "/snapshots",
    summary="Take a snapshot of this world's state.",
    body=SnapshotCreate,
    answers={201: SnapshotView},
    refuses={Code.VALIDATION_ERROR, Code.CONFLICT},
)
async def take_snapshot(request: Request, control: Control, *, body: SnapshotCreate) -> Response:
    world = context_of(request).world
    snapshot = control.registry.take_snapshot(body.name, world=world.name)
    return reply(_snapshot_view(snapshot), status=201)


@routes.add(
    "POST",
    "/snapshots/{name}/restore",
    summary="Put this world into the state of a snapshot, even of another world.",
    answers={200: Restored},
    refuses={Code.NOT_FOUND},
)
async def restore_snapshot(request: Request, control: Control, *, name: str) -> Response:
    await read_strictly(request, EmptyBody)
    world = context_of(request).world
    control.registry.restore(name, world=world.name)
    return reply(Restored(world=world.name, digest=str(world.state.digest)))


@routes.add(
    "DELETE",
    "/snapshots/{name}",
    summary="Delete a snapshot.",
    answers={204: None},
    refuses={Code.NOT_FOUND},
)
async def delete_snapshot(_: Request, control: Control, *, name: str) -> Response:
    control.registry.snapshots.delete(name)
    return Response(status_code=204)
