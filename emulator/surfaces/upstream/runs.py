"""Runs of a workspace, and the CLI's upload of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from emulator.contract.catalog import DeferredModels
from emulator.surfaces.upstream.replies import page_of, reply_bytes
from emulator.surfaces.upstream.routing import (
    PageQuery,
    Routes,
    WorkspaceQuery,
    named_workspace,
    router_of,
    workspace_of,
)
from emulator.surfaces.upstream.run_views import log_json, metrics_json, run_page_json
from emulator.wire.http.codes import Code
from emulator.wire.http.context import world_and_actor
from emulator.wire.http.router import Router
from emulator.wire.run_json import run_json
from emulator.world.core.access import visible_project, visible_run
from emulator.world.core.refusals import NotFound
from emulator.world.records.runs import Run
from emulator.world.records.types import RunStatus
from emulator.world.runs import runs, uploads

if TYPE_CHECKING:
    from emulator.surfaces.upstream.run_models import RunCreate, RunSync

routes = Routes("runs")
models = DeferredModels("emulator.surfaces.upstream.run_models")


@dataclass(frozen=True, kw_only=True)
class _RunFilter(WorkspaceQuery):
    project_id: str | None = field(
        default=None, metadata={"description": "Only runs of this project."}
    )
    status: RunStatus | None = field(
        default=None, metadata={"description": "Only runs of this status."}
    )


@dataclass(frozen=True, kw_only=True)
class RunsQuery(PageQuery, _RunFilter):
    """Which runs to list, and which page of them."""


@routes.add(
    "GET",
    "/api/runs",
    summary="List the runs of a workspace, newest first.",
    provenance="base contract",
    query=RunsQuery,
    answers={200: models.RunPage},
    refuses=(Code.NOT_FOUND,),
)
async def list_runs(request: Request, *, query: RunsQuery) -> Response:
    world, actor = world_and_actor(request)
    if query.project_id is not None:
        scope = visible_project(world, actor, query.project_id)
        named = named_workspace(request) or query.workspace_id
        if named not in (None, scope.workspace_id):
            raise NotFound("project", query.project_id)
        index, key = "project", scope.id
    else:
        index, key = "workspace", workspace_of(request, query.workspace_id).id
    if query.status is None:
        newest = partial(world.newest, Run, index, key)
    else:
        newest = partial(world.newest, Run, f"{index} status", (key, query.status))
    return reply_bytes(run_page_json(*page_of(newest, query)))


@routes.add(
    "POST",
    "/api/runs",
    summary="Create a run in a workspace.",
    provenance="base contract",
    query=WorkspaceQuery,
    body=models.RunCreate,
    answers={201: models.RunView},
    refuses=(Code.NOT_FOUND, Code.QUOTA_EXCEEDED),
)
async def create_run(request: Request, *, query: WorkspaceQuery, body: RunCreate) -> Response:
    world, actor = world_and_actor(request)
    run = runs.create_run(
        world,
        actor,
        workspace=workspace_of(request, query.workspace_id),
        content=body.content(name=body.name, extra=body.extra),
    )
    return reply_bytes(run_json(run), status=201)


@routes.add(
    "POST",
    "/api/sync/runs",
    summary="Upload a run; idempotent by `client_run_id` within the workspace.",
    description=(
        "201 the first time; 200 again with the same content, or with other content while the run "
        "is\nnot terminal, which updates it; `conflict` after that."
    ),
    provenance="newer docs",
    query=WorkspaceQuery,
    body=models.RunSync,
    answers={201: models.RunView, 200: models.RunView},
    refuses=(Code.NOT_FOUND, Code.QUOTA_EXCEEDED, Code.CONFLICT),
)
async def sync_run(request: Request, *, query: WorkspaceQuery, body: RunSync) -> Response:
    world, actor = world_and_actor(request)
    upload = uploads.Upload(
        client_run_id=body.client_run_id,
        content=body.content(name=body.name or body.client_run_id, extra=body.model_extra),
    )
    workspace = workspace_of(request, query.workspace_id)
    (synced,) = uploads.sync_runs(world, actor, workspace=workspace, uploads=[upload])
    return reply_bytes(run_json(synced.run), status=201 if synced.outcome == "created" else 200)


@routes.add(
    "GET",
    "/api/runs/{run_id}",
    summary="Show one run.",
    provenance="newer docs",
    answers={200: models.RunView},
    refuses=(Code.NOT_FOUND,),
)
async def get_run(request: Request, *, run_id: str) -> Response:
    world, actor = world_and_actor(request)
    return reply_bytes(run_json(visible_run(world, actor, run_id)))


@routes.add(
    "DELETE",
    "/api/runs/{run_id}",
    summary="Delete a run; its public links close.",
    provenance="newer docs",
    answers={204: None},
    refuses=(Code.NOT_FOUND,),
)
async def delete_run(request: Request, *, run_id: str) -> Response:
    world, actor = world_and_actor(request)
    runs.delete_run(world, actor, run=visible_run(world, actor, run_id))
    return Response(status_code=204)


@routes.add(
    "GET",
    "/api/runs/{run_id}/manifest",
    summary="Show the manifest of a run.",
    provenance="newer docs",
    answers={200: models.Manifest},
    refuses=(Code.NOT_FOUND,),
)
async def get_run_manifest(request: Request, *, run_id: str) -> Response:
    world, actor = world_and_actor(request)
    return reply_bytes(runs.manifest_of(visible_run(world, actor, run_id)).encode())


@routes.add(
    "GET",
    "/api/runs/{run_id}/metrics",
    summary="Show the metrics of a run.",
    provenance="newer docs",
    answers={200: models.MetricsView},
    refuses=(Code.NOT_FOUND,),
)
async def get_run_metrics(request: Request, *, run_id: str) -> Response:
    world, actor = world_and_actor(request)
    return reply_bytes(metrics_json(visible_run(world, actor, run_id)))


@routes.add(
    "GET",
    "/api/runs/{run_id}/log",
    summary="Show the log of a run.",
    provenance="newer docs",
    answers={200: models.LogView},
    refuses=(Code.NOT_FOUND,),
)
async def get_run_log(request: Request, *, run_id: str) -> Response:
    world, actor = world_and_actor(request)
    return reply_bytes(log_json(visible_run(world, actor, run_id)))


OPERATIONS = tuple(route.operation for route in routes.all)


def build_runs() -> Router:
    """Return the router of the paths of runs."""
    return router_of(routes.all)
