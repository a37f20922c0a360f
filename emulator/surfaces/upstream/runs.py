"""Runs of a workspace, and the CLI's upload of them."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any

from pydantic import ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.upstream.replies import page_of, reply_bytes
from emulator.surfaces.upstream.routing import (
    PageQuery,
    Routes,
    WorkspaceQuery,
    named_workspace,
    workspace_of,
)
from emulator.surfaces.upstream.run_views import (
    LogView,
    Manifest,
    MetricsView,
    RunPage,
    RunView,
    log_json,
    metrics_json,
    run_page_json,
)
from emulator.wire.fields import JsonObject, Name, Time
from emulator.wire.http.codes import Code
from emulator.wire.http.context import world_and_actor
from emulator.wire.run_input import RunFields, content_of
from emulator.wire.run_json import run_json
from emulator.world.core.access import visible_project, visible_run
from emulator.world.core.refusals import NotFound
from emulator.world.core.times import instant
from emulator.world.records.runs import Run
from emulator.world.records.types import Instant, RunStatus, Task
from emulator.world.runs import runs, uploads

routes = Routes("runs")


class RunWritten(RunFields):
    """The fields of a run that every client may send."""

    project_id: str | None = None
    adapter_id: Name
    task: Task
    status: Annotated[RunStatus | None, Field(description="Default: queued.")] = None
    started_at: Time | None = None
    finished_at: Time | None = None

    def content(self, *, name: str, extra: dict[str, Any] | None = None) -> runs.RunContent:
        """Return the content as the world stores it."""
        return content_of(
            self,
            name=name,
            adapter_id=self.adapter_id,
            task=self.task,
            status=self.status or "queued",
            project_id=self.project_id,
            started_at=_instant(self.started_at),
            finished_at=_instant(self.finished_at),
            extra=extra,
        )


def _instant(moment: datetime | None) -> Instant | None:
    return None if moment is None else instant(moment)


class RunCreate(RunWritten):
    """A new run."""

    name: Name
    extra: JsonObject | None = None


class RunSync(RunWritten):
    """A run as the CLI uploads it. Assumed: the real payload is not public, so members that are
    not listed are taken and shown under `extra`.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    client_run_id: Name
    name: Annotated[Name | None, Field(description="Default: the client_run_id.")] = None


class _RunFilter(WorkspaceQuery):
    project_id: Annotated[str | None, Field(description="Only runs of this project.")] = None
    status: Annotated[RunStatus | None, Field(description="Only runs of this status.")] = None


class RunsQuery(PageQuery, _RunFilter):
    """Which runs to list, and which page of them."""


@routes.add(
    "GET",
    "/api/runs",
    summary="List the runs of a workspace, newest first.",
    provenance="base contract",
    query=RunsQuery,
    answers={200: RunPage},
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
    body=RunCreate,
    answers={201: RunView},
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
    body=RunSync,
    answers={201: RunView, 200: RunView},
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
    answers={200: RunView},
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
    answers={200: Manifest},
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
    answers={200: MetricsView},
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
    answers={200: LogView},
    refuses=(Code.NOT_FOUND,),
)
async def get_run_log(request: Request, *, run_id: str) -> Response:
    world, actor = world_and_actor(request)
    return reply_bytes(log_json(visible_run(world, actor, run_id)))
