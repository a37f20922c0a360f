"""Projects: named groups of runs within a workspace."""

from __future__ import annotations

from emulator.world.core.access import Actor, require_admin, require_writer
from emulator.world.core.audit import record_audit
from emulator.world.core.refusals import Conflict
from emulator.world.core.world import World
from emulator.world.metering.quota import require_room
from emulator.world.records.runs import Run
from emulator.world.records.workspaces import Project, Workspace
from emulator.world.workspaces.slugs import slugify


def create_project(
    world: World,
    actor: Actor,
    *,
    workspace: Workspace,
    name: str,
    slug: str | None,
    description: str,
    pin: str | None = None,
) -> Project:
    """Create a project. Raises Forbidden, QuotaExceeded, and Conflict if the slug is taken."""
    require_writer(world, actor)
    slug = slug or slugify(name)
    if world.find(Project, "slug", (workspace.id, slug)) is not None:
        raise Conflict(f"This workspace has a project with the slug {slug!r}; choose another.")
    require_room(world, workspace, "projects")
    project_id, ordinal = world.new_id("project", pin=pin)
    project = Project(
        id=project_id,
        workspace_id=workspace.id,
        name=name,
        slug=slug,
        description=description,
        created_by=actor.user_id,
        created_at=world.now,
        ordinal=ordinal,
    )
    world.put(project)
    record_audit(world, actor, "project.created", project, workspace_id=workspace.id)
    return project


def delete_project(world: World, actor: Actor, *, project: Project) -> None:
    """Delete a project. Raises Forbidden, and Conflict while it has runs."""
    require_writer(world, actor)
    require_admin(world, actor, project.workspace_id, to="delete a project")
    if runs := world.count(Run, "project", project.id):
        raise Conflict(f"Project {project.slug!r} has {runs} runs; delete those first.")
    world.remove(project)
    record_audit(world, actor, "project.deleted", project, workspace_id=project.workspace_id)
