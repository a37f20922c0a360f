"""Workspaces and their members."""

from __future__ import annotations

from emulator.world.core.access import Actor, member_id, require_writer
from emulator.world.core.audit import record_audit
from emulator.world.core.refusals import Conflict, Forbidden
from emulator.world.core.world import World
from emulator.world.metering.plans import FREE
from emulator.world.metering.quota import require_room
from emulator.world.records.types import Role
from emulator.world.records.workspaces import Member, Workspace
from emulator.world.workspaces.slugs import slugify


def create_workspace(world: World, actor: Actor, *, name: str, slug: str | None) -> Workspace:
    """Create a workspace that the actor owns. Raises Forbidden, Conflict if the slug is taken."""
    if actor.api_key_id is not None:
        raise Forbidden("An API key reaches one workspace only; sign in to create another.")
    require_writer(world, actor)
    if slug is not None and world.find(Workspace, "slug", slug) is not None:
        raise Conflict(f"A workspace with the slug {slug!r} exists; choose another slug.")
    return open_workspace(world, actor, name=name, slug=slug)


def open_workspace(
    world: World,
    actor: Actor,
    *,
    name: str,
    slug: str | None = None,
    plan: str = FREE,
    pin: str | None = None,
) -> Workspace:
    """Create a workspace with the actor as its owner; without a slug it gets a free slug."""
    workspace_id, ordinal = world.new_id("workspace", pin=pin)
    workspace = Workspace(
        id=workspace_id,
        name=name,
        slug=slug or _free_slug(world, slugify(name)),
        created_by=actor.user_id,
        created_at=world.now,
        ordinal=ordinal,
        plan=plan,
        period_anchor=None,
        subscription_status=None,
        runs_limit=None,
    )
    world.put(workspace)
    join(world, workspace, user_id=actor.user_id, role="owner")
    record_audit(world, actor, "workspace.created", workspace, workspace_id=workspace.id)
    return workspace


def join(world: World, workspace: Workspace, *, user_id: str, role: Role) -> Member:
    """Make a user a member of a workspace with a role. Raises QuotaExceeded."""
    require_room(world, workspace, "members")
    member = Member(
        id=member_id(workspace.id, user_id),
        workspace_id=workspace.id,
        user_id=user_id,
        role=role,
        created_at=world.now,
        ordinal=world.ordinal("member"),
    )
    world.put(member)
    return member


def _free_slug(world: World, slug: str) -> str:
    candidate, count = slug, 1
    while world.find(Workspace, "slug", candidate) is not None:
        count += 1
        candidate = f"{slug}-{count}"
    return candidate
