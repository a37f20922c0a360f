"""Usage reservations: capacity that is held before it is used."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.upstream.replies import reply
from emulator.surfaces.upstream.routing import Routes, WorkspaceQuery, workspace_of
from emulator.surfaces.upstream.views import Moment, View
from emulator.wire.fields import Name, Strict
from emulator.wire.http.codes import Code
from emulator.wire.http.context import world_and_actor
from emulator.world.core.times import to_text
from emulator.world.metering import reservations
from emulator.world.records.types import ReservedMeter
from emulator.world.records.workspaces import Reservation

routes = Routes("usage")


class ReservationView(View):
    """Room that is held, or was; `committed` is how much of `amount` was used in the end."""

    key: str
    workspace_id: str
    meter: ReservedMeter
    amount: int
    status: Literal["held", "committed", "reverted", "expired"]
    committed: int | None
    created_at: Moment
    expires_at: Moment


class UsageReserve(Strict):
    """How much of a meter to hold, under a key of the caller's choice."""

    meter: ReservedMeter
    amount: Annotated[int, Field(ge=1, le=reservations.AMOUNT_MAX)]
    key: Name
    ttl_seconds: Annotated[
        int | None,
        Field(
            ge=1,
            le=reservations.TTL_SECONDS_MAX,
            description=f"How long it holds. Default: {reservations.TTL_SECONDS_DEFAULT}.",
        ),
    ] = None


class UsageCommit(Strict):
    """Which reservation was used, and how much of it."""

    key: Name
    amount: Annotated[int | None, Field(ge=0, description="Default: all that is held.")] = None


class UsageRevert(Strict):
    """Which reservation will not be used."""

    key: Name


def _view(reservation: Reservation) -> ReservationView:
    return ReservationView(
        key=reservation.key,
        workspace_id=reservation.workspace_id,
        meter=reservation.meter,
        amount=reservation.amount,
        status=reservation.status,
        committed=reservation.committed,
        created_at=to_text(reservation.created_at),
        expires_at=to_text(reservation.expires_at),
    )


@routes.add(
    "POST",
    "/api/usage/reserve",
    summary="Hold room of a meter of use, which counts against the cap; idempotent by `key`.",
    provenance="newer docs",
    query=WorkspaceQuery,
    body=UsageReserve,
    answers={201: ReservationView},
    refuses=(Code.NOT_FOUND, Code.FORBIDDEN, Code.CONFLICT, Code.QUOTA_EXCEEDED),
)
async def reserve_usage(request: Request, *, query: WorkspaceQuery, body: UsageReserve) -> Response:
    world, actor = world_and_actor(request)
    reservation = reservations.reserve(
        world,
        actor,
        workspace=workspace_of(request, query.workspace_id),
        meter=body.meter,
        amount=body.amount,
        key=body.key,
        ttl_seconds=body.ttl_seconds or reservations.TTL_SECONDS_DEFAULT,
    )
    return reply(_view(reservation), status=201)


@routes.add(
    "POST",
    "/api/usage/commit",
    summary="Turn what is held into use, the whole or less of it; the rest is free again.",
    provenance="newer docs",
    query=WorkspaceQuery,
    body=UsageCommit,
    answers={200: ReservationView},
    refuses=(Code.NOT_FOUND, Code.FORBIDDEN, Code.CONFLICT),
)
async def commit_usage(request: Request, *, query: WorkspaceQuery, body: UsageCommit) -> Response:
    world, actor = world_and_actor(request)
    workspace = workspace_of(request, query.workspace_id)
    reservation = reservations.commit(
        world, actor, workspace=workspace, key=body.key, amount=body.amount
    )
    return reply(_view(reservation))


@routes.add(
    "POST",
    "/api/usage/revert",
    summary="Give back what is held.",
    provenance="newer docs",
    query=WorkspaceQuery,
    body=UsageRevert,
    answers={200: ReservationView},
    refuses=(Code.NOT_FOUND, Code.FORBIDDEN, Code.CONFLICT),
)
async def revert_usage(request: Request, *, query: WorkspaceQuery, body: UsageRevert) -> Response:
    world, actor = world_and_actor(request)
    workspace = workspace_of(request, query.workspace_id)
    return reply(_view(reservations.revert(world, actor, workspace=workspace, key=body.key)))
