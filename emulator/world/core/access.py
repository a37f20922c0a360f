"""Who asks, and what is visible to it. What is not visible is `NotFound`, never forbidden."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.world.core.refusals import Forbidden, NotFound
from emulator.world.core.world import World
from emulator.world.records.identity import User
from emulator.world.records.runs import Run, Share
from emulator.world.records.types import Role
from emulator.world.records.workspaces import ApiKey, Member, Project, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a request came from, as the audit log keeps it. Never the address itself."""

    ip_hash: str | None = None
    user_agent: str | None = None


UNKNOWN = Source()
"""Of what no request did: seeds and jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks: a signed-in user, or a user through an API key that is bound to one workspace."""

    user_id: str
    session_id: str | None = None
    api_key_id: str | None = None
    workspace_id: str | None = None
    """The one workspace that a key reaches; None for a session."""
    source: Source = UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixture:
    """A test suite that seeds a world: no user, every workspace."""

    user_id: None = None
    api_key_id: None = None
    source: Source = UNKNOWN


def member_id(workspace_id: str, user_id: str) -> str:
    """Return the id of a membership."""
    return f"{workspace_id}:{user_id}"


def role_in(world: World, actor: Actor, workspace_id: str) -> Role | None:
    """Return the actor's role in a workspace, or None where it has none."""
    if actor.workspace_id is not None and actor.workspace_id != workspace_id:
        return None
    member = world.get(Member, member_id(workspace_id, actor.user_id))
    return None if member is None else member.role


def visible_workspaces(world: World, actor: Actor) -> list[Workspace]:
    """Return the actor's workspaces in the order in which it joined them."""
    members = world.all(Member, "user", actor.user_id)
    return [
        world.expect(Workspace, member.workspace_id)
        for member in members
        if actor.workspace_id in (None, member.workspace_id)
    ]


def visible_workspace(world: World, actor: Actor, workspace_id: str) -> Workspace:
    """Return a workspace the actor is a member of. Refuses NotFound."""
    if role_in(world, actor, workspace_id) is None:
        raise NotFound("workspace", workspace_id)
    return world.expect(Workspace, workspace_id)


def context_workspace(world: World, actor: Actor, wanted: str | None) -> Workspace:
    """Return the workspace a request is about: the one named, else the actor's first.

    Assumed: the default workspace is documented nowhere; the one joined first never changes by
    itself. Refuses NotFound.
    """
    if wanted is not None:
        return visible_workspace(world, actor, wanted)
    for workspace in visible_workspaces(world, actor):
        return workspace
    raise NotFound("workspace", "(the first of yours)")


def visible_project(world: World, actor: Actor, project_id: str) -> Project:
    """Return a project of a workspace the actor is a member of. Refuses NotFound."""
    project = world.get(Project, project_id)
    if project is None or role_in(world, actor, project.workspace_id) is None:
        raise NotFound("project", project_id)
    return project


def visible_run(world: World, actor: Actor, run_id: str) -> Run:
    """Return a run of a workspace the actor is a member of. Refuses NotFound."""
    run = world.get(Run, run_id)
    if run is None or role_in(world, actor, run.workspace_id) is None:
        raise NotFound("run", run_id)
    return run


def visible_key(world: World, actor: Actor, api_key_id: str) -> ApiKey:
    """Return an API key of a workspace the actor is a member of. Refuses NotFound."""
    key = world.get(ApiKey, api_key_id)
    if key is None or role_in(world, actor, key.workspace_id) is None:
        raise NotFound("API key", api_key_id)
    return key


def visible_share(world: World, actor: Actor, share_id: str) -> Share:
    """Return a share of a workspace the actor is a member of. Refuses NotFound."""
    share = world.get(Share, share_id)
    if share is None or role_in(world, actor, share.workspace_id) is None:
        raise NotFound("share", share_id)
    return share


def require_writer(world: World, actor: Actor | Fixture) -> None:
    """Refuse Forbidden to an account whose processing is restricted: it reads, and no more."""
    user = world.get(User, actor.user_id) if actor.user_id else None
    if user is not None and user.restricted_at is not None:
        raise Forbidden(
            "Processing of your account is restricted, so it may only read; lift the restriction "
            "to write again."
        )


def require_admin(world: World, actor: Actor, workspace_id: str, *, to: str) -> None:
    """Refuse Forbidden unless the actor is an owner or admin of a workspace it sees."""
    role = role_in(world, actor, workspace_id)
    if role not in ("owner", "admin"):
        raise Forbidden(f"Only an owner or admin of the workspace may {to}; your role is {role}.")
