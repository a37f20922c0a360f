"""Runs of a workspace, and the CLI's upload of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import ConfigDict, Field

from emulator.surfaces.upstream.routing import (
    PAGE_DEFAULT,
    Cursor,
    Limit,
    Routes,
    WorkspaceId,
    page_of,
    reply_bytes,
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
from emulator.wire.http.context import world_and_actor
from emulator.wire.http.errors import Code
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
    """What every client says of a run."""

    project_id: str | None = None
    adapter_id: Name
    task: Task
    status: Annotated[RunStatus | None, Field(description="Default: queued.")] = None
    started_at: Time | None = None
    finished_at: Time | None = None

    def content(self, *, name: str, extra: dict[str, Any] | None = None) -> runs.RunContent:
        """Return what the world takes."""
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


@routes.add("GET", "/api/runs", source="base contract", answers=RunPage, refuses=(Code.NOT_FOUND,))
async def list_runs(
    request: Request,
    workspace_id: WorkspaceId = None,
    project_id: Annotated[str | None, Query(description="Only runs of this project.")] = None,
    status: Annotated[RunStatus | None, Query(description="Only runs of this status.")] = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """List the runs of a workspace, newest first."""
    world, actor = world_and_actor(request)
    if project_id is not None:
        scope = visible_project(world, actor, project_id)
        named = request.headers.get("x-workspace-id") or workspace_id
        if named not in (None, scope.workspace_id):
            raise NotFound("project", project_id)
        index, key = "project", scope.id
    else:
        index, key = "workspace", workspace_of(request, workspace_id).id
    found, next_cursor = page_of(
        request,
        Run,
        index if status is None else f"{index} status",
        key if status is None else (key, status),
        limit=limit,
        cursor=cursor,
    )
    return reply_bytes(run_page_json(found, next_cursor))


@routes.add(
    "POST",
    "/api/runs",
    source="base contract",
    answers=RunView,
    status=201,
    refuses=(Code.NOT_FOUND, Code.QUOTA_EXCEEDED),
)
async def create_run(
    request: Request, body: RunCreate, workspace_id: WorkspaceId = None
) -> Response:
    """Create a run in a workspace."""
    world, actor = world_and_actor(request)
    run = runs.create_run(
        world,
        actor,
        workspace=workspace_of(request, workspace_id),
        content=body.content(name=body.name, extra=body.extra),
    )
    return reply_bytes(run_json(run), status=201)


@routes.add(
    "POST",
    "/api/sync/runs",
    source="newer docs",
    answers=RunView,
    status=201,
    also=(200,),
    refuses=(Code.NOT_FOUND, Code.QUOTA_EXCEEDED, Code.CONFLICT),
)
async def sync_run(request: Request, body: RunSync, workspace_id: WorkspaceId = None) -> Response:
    """Upload a run; idempotent by `client_run_id` within the workspace.

    201 the first time; 200 again with the same content, or with other content while the run is
    not terminal, which updates it; `conflict` after that.
    """
    world, actor = world_and_actor(request)
    upload = uploads.Upload(
        client_run_id=body.client_run_id,
        content=body.content(name=body.name or body.client_run_id, extra=body.model_extra),
    )
    workspace = workspace_of(request, workspace_id)
    (synced,) = uploads.sync_runs(world, actor, workspace=workspace, uploads=[upload])
    return reply_bytes(run_json(synced.run), status=201 if synced.outcome == "created" else 200)


@routes.add(
    "GET",
    "/api/runs/{run_id}",
    source="newer docs",
    answers=RunView,
    refuses=(Code.NOT_FOUND,),
)
async def get_run(request: Request, run_id: str) -> Response:
    """Show one run."""
    world, actor = world_and_actor(request)
    return reply_bytes(run_json(visible_run(world, actor, run_id)))


@routes.add(
    "DELETE",
    "/api/runs/{run_id}",
    source="newer docs",
    answers=None,
    status=204,
    refuses=(Code.NOT_FOUND,),
)
async def delete_run(request: Request, run_id: str) -> Response:
    """Delete a run; its public links close."""
    world, actor = world_and_actor(request)
    runs.delete_run(world, actor, run=visible_run(world, actor, run_id))
    return Response(status_code=204)


@routes.add(
    "GET",
    "/api/runs/{run_id}/manifest",
    source="newer docs",
    answers=Manifest,
    refuses=(Code.NOT_FOUND,),
)
async def get_run_manifest(request: Request, run_id: str) -> Response:
    """Show the manifest of a run."""
    world, actor = world_and_actor(request)
    return reply_bytes(runs.manifest_of(visible_run(world, actor, run_id)).encode())


@routes.add(
    "GET",
    "/api/runs/{run_id}/metrics",
    source="newer docs",
    answers=MetricsView,
    refuses=(Code.NOT_FOUND,),
)
async def get_run_metrics(request: Request, run_id: str) -> Response:
    """Show the metrics of a run."""
    world, actor = world_and_actor(request)
    return reply_bytes(metrics_json(visible_run(world, actor, run_id)))


@routes.add(
    "GET",
    "/api/runs/{run_id}/log",
    source="newer docs",
    answers=LogView,
    refuses=(Code.NOT_FOUND,),
)
async def get_run_log(request: Request, run_id: str) -> Response:
    """Show the log of a run."""
    world, actor = world_and_actor(request)
    return reply_bytes(log_json(visible_run(world, actor, run_id)))
