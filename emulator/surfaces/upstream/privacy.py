"""Privacy: data-subject requests for the caller's own account, and the archive behind a link."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.upstream.profile import ProfileView, profile_view
from emulator.surfaces.upstream.replies import reply, reply_bytes
from emulator.surfaces.upstream.routing import Routes
from emulator.surfaces.upstream.views import Moment, View
from emulator.wire.fields import Strict
from emulator.wire.http.codes import Code
from emulator.wire.http.context import context_of, world_and_actor
from emulator.wire.mail import export_url
from emulator.wire.world_tags import untagged
from emulator.world.core.refusals import NotFound
from emulator.world.core.times import text_or_none, to_text
from emulator.world.privacy import data_requests
from emulator.world.records.identity import Export

routes = Routes("privacy")


class ExportView(View):
    """An export of everything about the caller; `url` is there once it is ready, for 7 days."""

    id: str
    status: Literal["pending", "ready"]
    requested_at: Moment
    ready_at: Moment | None
    expires_at: Moment | None
    url: str | None


class Restriction(Strict):
    """Whether processing is restricted to reading. Assumed: there is no documented way back, so
    the same route lifts it.
    """

    restricted: Annotated[bool | None, Field(description="Default: true.")] = None


class Objection(Strict):
    """Whether the caller objects to processing that needs its consent."""

    objected: Annotated[bool | None, Field(description="Default: true.")] = None


def _view(request: Request, export: Export) -> ExportView:
    context = context_of(request)
    is_ready = export.ready_at is not None
    return ExportView(
        id=export.id,
        status="ready" if is_ready else "pending",
        requested_at=to_text(export.created_at),
        ready_at=text_or_none(export.ready_at),
        expires_at=text_or_none(export.expires_at),
        url=export_url(context.world, context.settings, export.token) if is_ready else None,
    )


@routes.add(
    "GET",
    "/api/me/export",
    summary="Ask for an export, or show the one that is under way or ready; needs a session.",
    provenance="newer docs",
    writes_on_get=True,
    answers={200: ExportView},
    refuses=(Code.FORBIDDEN,),
)
async def export_me(request: Request) -> Response:
    world, actor = world_and_actor(request)
    return reply(_view(request, data_requests.request_export(world, actor)))


@routes.add(
    "GET",
    "/exports/{token}",
    summary=(
        "Hand out the archive behind an export's link; an expired or unknown one is the same 404."
    ),
    provenance="assumed",
    caller="anyone",
    answers={200: None},
    refuses=(Code.NOT_FOUND,),
    is_documented=False,
    names_world=("token",),
)
async def get_export(request: Request, *, token: str) -> Response:
    world = context_of(request).world
    export = data_requests.open_export(world, untagged(token, world) or "")
    if export.archive is None:
        raise NotFound("export", token)
    response = reply_bytes(export.archive.encode())
    response.headers["Content-Disposition"] = 'attachment; filename="worldflux-export.json"'
    return response


@routes.add(
    "POST",
    "/api/me/delete",
    summary="Schedule the deletion of the caller's account in 30 days; needs a session.",
    provenance="newer docs",
    answers={200: ProfileView},
    refuses=(Code.FORBIDDEN,),
)
async def delete_me(request: Request) -> Response:
    world, actor = world_and_actor(request)
    return reply(profile_view(data_requests.schedule_deletion(world, actor)))


@routes.add(
    "POST",
    "/api/me/delete/cancel",
    summary="Keep the caller's account after all; needs a session.",
    provenance="newer docs",
    answers={200: ProfileView},
    refuses=(Code.FORBIDDEN, Code.CONFLICT),
)
async def cancel_delete_me(request: Request) -> Response:
    world, actor = world_and_actor(request)
    return reply(profile_view(data_requests.cancel_deletion(world, actor)))


@routes.add(
    "POST",
    "/api/me/restrict",
    summary="Restrict the caller's account to reading, or lift that; needs a session.",
    provenance="newer docs",
    body=Restriction | None,
    answers={200: ProfileView},
    refuses=(Code.FORBIDDEN,),
)
async def restrict_me(request: Request, *, body: Restriction | None) -> Response:
    world, actor = world_and_actor(request)
    is_restricted = body is None or body.restricted is not False
    return reply(profile_view(data_requests.restrict(world, actor, is_restricted=is_restricted)))


@routes.add(
    "POST",
    "/api/me/object",
    summary="Object to processing that needs consent, or take that back; needs a session.",
    provenance="newer docs",
    body=Objection | None,
    answers={200: ProfileView},
    refuses=(Code.FORBIDDEN,),
)
async def object_me(request: Request, *, body: Objection | None) -> Response:
    world, actor = world_and_actor(request)
    objects = body is None or body.objected is not False
    return reply(profile_view(data_requests.object_to_processing(world, actor, objects=objects)))
