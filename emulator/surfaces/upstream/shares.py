"""Public shares of runs, and the view that a share's token opens to anyone."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import orjson
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.upstream.replies import list_of, reply, reply_bytes
from emulator.surfaces.upstream.routing import Routes, WorkspacePageQuery, workspace_of
from emulator.surfaces.upstream.views import Moment, View
from emulator.wire.fields import Strict
from emulator.wire.http.codes import Code
from emulator.wire.http.context import context_of, world_and_actor
from emulator.wire.world_tags import tagged, untagged_or_bare
from emulator.world.core.access import visible_run, visible_share
from emulator.world.core.refusals import NotFound
from emulator.world.core.times import SECOND, to_text
from emulator.world.records.runs import Share
from emulator.world.records.types import RunStatus, Runtime, Task
from emulator.world.runs import shares

routes = Routes("shares")


class ShareView(View):
    """A public link to a run as it was when shared."""

    id: str
    workspace_id: str
    run_id: str
    token: str
    url: str
    created_by: str | None
    created_at: Moment
    expires_at: Moment
    revoked_at: Moment | None


class SharePage(View):
    """Shares, newest first, the revoked and expired ones too."""

    items: list[ShareView]
    next_cursor: str | None


class ShareCreate(Strict):
    """Which run to publish, and for how long (default: 30 days)."""

    run_id: str
    ttl_seconds: Annotated[int | None, Field(ge=60, le=shares.TTL_SECONDS_MAX)] = None


class PublicArtifactView(View):
    """A file the run committed, as the public may know it."""

    name: str
    media_type: str
    size_bytes: int
    sha256: str | None


class PublicRunView(View):
    """The public-safe fields of a run."""

    name: str
    adapter_id: str
    task: Task
    environment: str | None
    runtime: Runtime
    status: RunStatus
    metrics: dict[str, float]
    artifacts: list[PublicArtifactView]
    started_at: Moment | None
    finished_at: Moment | None
    duration_seconds: float | None


class PublicShareView(View):
    """What anyone sees who has the token: the run as it was when shared."""

    run: PublicRunView
    shared_at: Moment
    expires_at: Moment


def _view(request: Request, share: Share) -> ShareView:
    context = context_of(request)
    token = tagged(share.token, context.world)
    return ShareView(
        id=share.id,
        workspace_id=share.workspace_id,
        run_id=share.run_id,
        token=token,
        url=f"{context.settings.public_url}/api/public/r/{token}",
        created_by=share.created_by,
        created_at=to_text(share.created_at),
        expires_at=to_text(share.expires_at),
        revoked_at=None if share.revoked_at is None else to_text(share.revoked_at),
    )


@routes.add(
    "GET",
    "/api/shares",
    summary="List the shares of a workspace, newest first.",
    provenance="newer docs",
    query=WorkspacePageQuery,
    answers={200: SharePage},
    refuses=(Code.NOT_FOUND,),
)
async def list_shares(request: Request, *, query: WorkspacePageQuery) -> Response:
    world, _ = world_and_actor(request)
    workspace = workspace_of(request, query.workspace_id)
    newest = partial(world.newest, Share, "workspace", workspace.id)
    return list_of(SharePage, query, newest=newest, view=partial(_view, request))


@routes.add(
    "POST",
    "/api/shares",
    summary="Publish a run as it is now behind a new token.",
    provenance="base contract",
    body=ShareCreate,
    answers={201: ShareView},
    refuses=(Code.NOT_FOUND, Code.QUOTA_EXCEEDED),
)
async def create_share(request: Request, *, body: ShareCreate) -> Response:
    world, actor = world_and_actor(request)
    ttl_seconds = body.ttl_seconds or shares.TTL_SECONDS_DEFAULT
    share = shares.open_share(
        world,
        actor,
        run=visible_run(world, actor, body.run_id),
        expires_at=world.now + ttl_seconds * SECOND,
    )
    return reply(_view(request, share), status=201)


@routes.add(
    "POST",
    "/api/shares/{share_id}/revoke",
    summary="Close a public link for good.",
    provenance="newer docs",
    answers={200: ShareView},
    refuses=(Code.NOT_FOUND,),
)
async def revoke_share(request: Request, *, share_id: str) -> Response:
    world, actor = world_and_actor(request)
    share = shares.revoke_share(world, actor, share=visible_share(world, actor, share_id))
    return reply(_view(request, share))


@routes.add(
    "GET",
    "/api/public/shares/{token}",
    summary="Show the run behind a token; a revoked, expired or unknown one is the same 404.",
    provenance="newer docs",
    caller="anyone",
    answers={200: PublicShareView},
    refuses=(Code.NOT_FOUND,),
    names_world=("token",),
)
async def get_public_share(request: Request, *, token: str) -> Response:
    world = context_of(request).world
    bare = untagged_or_bare(token, world)
    if bare is None:
        raise NotFound("share", token)
    share = shares.open_to_all(world, bare)
    return reply_bytes(
        orjson.dumps(
            {
                "run": orjson.Fragment(share.snapshot),
                "shared_at": to_text(share.created_at),
                "expires_at": to_text(share.expires_at),
            }
        )
    )
