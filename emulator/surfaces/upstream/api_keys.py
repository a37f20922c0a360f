"""API keys of a workspace. A secret is shown once, when it is issued."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.upstream.replies import list_of, reply
from emulator.surfaces.upstream.routing import (
    Routes,
    WorkspacePageQuery,
    WorkspaceQuery,
    workspace_of,
)
from emulator.surfaces.upstream.views import Moment, View
from emulator.wire.fields import Name, Strict, Time
from emulator.wire.http.codes import Code
from emulator.wire.http.context import world_and_actor
from emulator.wire.world_tags import tagged
from emulator.world.core.access import require_admin, visible_key
from emulator.world.core.times import instant, text_or_none, to_text
from emulator.world.core.world import World
from emulator.world.records.workspaces import ApiKey
from emulator.world.workspaces import api_keys

routes = Routes("api keys")


class ApiKeyView(View):
    """A key without its secret."""

    id: str
    workspace_id: str
    name: str
    last_four: str
    created_by: str
    created_at: Moment
    expires_at: Moment | None
    revoked_at: Moment | None
    rotated_at: Moment | None


class ApiKeyIssued(ApiKeyView):
    """A key with its secret, which is never shown again."""

    secret: str


class ApiKeyPage(View):
    """Keys, newest first, the revoked ones too."""

    items: list[ApiKeyView]
    next_cursor: str | None


class ApiKeyCreate(Strict):
    """A new key; without `expires_at` it is good until it is revoked."""

    name: Name
    expires_at: Time | None = None


def _view(key: ApiKey) -> ApiKeyView:
    return ApiKeyView(
        id=key.id,
        workspace_id=key.workspace_id,
        name=key.name,
        last_four=key.last_four,
        created_by=key.user_id,
        created_at=to_text(key.created_at),
        expires_at=text_or_none(key.expires_at),
        revoked_at=text_or_none(key.revoked_at),
        rotated_at=text_or_none(key.rotated_at),
    )


def _issued(world: World, key: ApiKey, secret: str, *, status: int) -> Response:
    view = ApiKeyIssued(**_view(key).model_dump(), secret=tagged(secret, world))
    return reply(view, status=status)


@routes.add(
    "GET",
    "/api/api-keys",
    summary="List the keys of a workspace, newest first; owners and admins only.",
    provenance="newer docs",
    query=WorkspacePageQuery,
    answers={200: ApiKeyPage},
    refuses=(Code.NOT_FOUND, Code.FORBIDDEN),
)
async def list_api_keys(request: Request, *, query: WorkspacePageQuery) -> Response:
    world, actor = world_and_actor(request)
    workspace = workspace_of(request, query.workspace_id)
    require_admin(world, actor, workspace.id, to="see API keys")
    newest = partial(world.newest, ApiKey, "workspace", workspace.id)
    return list_of(ApiKeyPage, query, newest=newest, view=_view)


@routes.add(
    "POST",
    "/api/api-keys",
    summary="Issue a key for one workspace; owners and admins only.",
    provenance="base contract",
    query=WorkspaceQuery,
    body=ApiKeyCreate,
    answers={201: ApiKeyIssued},
    refuses=(Code.NOT_FOUND, Code.FORBIDDEN, Code.QUOTA_EXCEEDED),
)
async def create_api_key(
    request: Request, *, query: WorkspaceQuery, body: ApiKeyCreate
) -> Response:
    world, actor = world_and_actor(request)
    key, secret = api_keys.issue_key(
        world,
        actor,
        workspace=workspace_of(request, query.workspace_id),
        name=body.name,
        expires_at=None if body.expires_at is None else instant(body.expires_at),
    )
    return _issued(world, key, secret, status=201)


@routes.add(
    "DELETE",
    "/api/api-keys/{api_key_id}",
    summary="Revoke a key for good; owners and admins only.",
    provenance="newer docs",
    answers={204: None},
    refuses=(Code.NOT_FOUND, Code.FORBIDDEN),
)
async def revoke_api_key(request: Request, *, api_key_id: str) -> Response:
    world, actor = world_and_actor(request)
    api_keys.revoke_key(world, actor, key=visible_key(world, actor, api_key_id))
    return Response(status_code=204)


@routes.add(
    "POST",
    "/api/api-keys/{api_key_id}/rotate",
    summary="Give a key a new secret under the same id; the old one ends at once.",
    provenance="newer docs",
    answers={200: ApiKeyIssued},
    refuses=(Code.NOT_FOUND, Code.FORBIDDEN, Code.CONFLICT),
)
async def rotate_api_key(request: Request, *, api_key_id: str) -> Response:
    world, actor = world_and_actor(request)
    found = visible_key(world, actor, api_key_id)
    key, secret = api_keys.rotate_key(world, actor, key=found)
    return _issued(world, key, secret, status=200)
