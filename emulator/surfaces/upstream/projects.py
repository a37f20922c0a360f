"""Projects of a workspace."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from pydantic import Field
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
from emulator.wire.fields import Name, Slug, Strict
from emulator.wire.http.codes import Code
from emulator.wire.http.context import world_and_actor
from emulator.world.core.access import visible_project
from emulator.world.core.times import to_text
from emulator.world.core.world import World
from emulator.world.records.runs import Run
from emulator.world.records.workspaces import Project
from emulator.world.workspaces import projects

routes = Routes("projects")


class ProjectView(View):
    """A project and how many runs it holds."""

    id: str
    workspace_id: str
    name: str
    slug: str
    description: str
    runs_count: int
    created_at: Moment


class ProjectPage(View):
    """Projects, newest first."""

    items: list[ProjectView]
    next_cursor: str | None


class ProjectCreate(Strict):
    """A new project; without a slug, one is made of the name."""

    name: Name
    slug: Slug | None = None
    description: Annotated[str | None, Field(max_length=2000)] = None


def _view(world: World, project: Project) -> ProjectView:
    return ProjectView(
        id=project.id,
        workspace_id=project.workspace_id,
        name=project.name,
        slug=project.slug,
        description=project.description,
        runs_count=world.count(Run, "project", project.id),
        created_at=to_text(project.created_at),
    )


@routes.add(
    "GET",
    "/api/projects",
    summary="List the projects of a workspace, newest first.",
    provenance="base contract",
    query=WorkspacePageQuery,
    answers={200: ProjectPage},
    refuses=(Code.NOT_FOUND,),
)
async def list_projects(request: Request, *, query: WorkspacePageQuery) -> Response:
    world, _ = world_and_actor(request)
    workspace = workspace_of(request, query.workspace_id)
    newest = partial(world.newest, Project, "workspace", workspace.id)
    return list_of(ProjectPage, query, newest=newest, view=partial(_view, world))


@routes.add(
    "POST",
    "/api/projects",
    summary="Create a project in a workspace.",
    provenance="base contract",
    query=WorkspaceQuery,
    body=ProjectCreate,
    answers={201: ProjectView},
    refuses=(Code.NOT_FOUND, Code.CONFLICT, Code.QUOTA_EXCEEDED),
)
async def create_project(
    request: Request, *, query: WorkspaceQuery, body: ProjectCreate
) -> Response:
    world, actor = world_and_actor(request)
    project = projects.create_project(
        world,
        actor,
        workspace=workspace_of(request, query.workspace_id),
        name=body.name,
        slug=body.slug,
        description=body.description or "",
    )
    return reply(_view(world, project), status=201)


@routes.add(
    "GET",
    "/api/projects/{project_id}",
    summary="Show one project.",
    provenance="newer docs",
    answers={200: ProjectView},
    refuses=(Code.NOT_FOUND,),
)
async def get_project(request: Request, *, project_id: str) -> Response:
    world, actor = world_and_actor(request)
    return reply(_view(world, visible_project(world, actor, project_id)))


@routes.add(
    "DELETE",
    "/api/projects/{project_id}",
    summary="Delete a project that has no runs; owners and admins only.",
    provenance="newer docs",
    answers={204: None},
    refuses=(Code.NOT_FOUND, Code.FORBIDDEN, Code.CONFLICT),
)
async def delete_project(request: Request, *, project_id: str) -> Response:
    world, actor = world_and_actor(request)
    projects.delete_project(world, actor, project=visible_project(world, actor, project_id))
    return Response(status_code=204)
