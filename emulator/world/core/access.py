"""Actors, and the records visible to them: an invisible record is NotFound, never Forbidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

from emulator.world.core.refusals import Forbidden, NotFound
from emulator.world.core.world import World
from emulator.world.records.identity import User
from emulator.world.records.runs import Run, Share
from emulator.world.records.types import Role
from emulator.world.records.workspaces import ApiKey, Member, Project, Workspace
from emulator.world.store.spec import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a request came from, for the audit log: a hash of the address, never the address."""

    ip_hash: str | None = None
    user_agent: str | None = None


UNKNOWN = Source()
"""The source of what seeds and jobs do, as no request does it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A signed-in user, or a user through an API key that is bound to one workspace."""

    user_id: str
    session_id: str | None = None
    api_key_id: str | None = None
    workspace_id: str | None = None
    """The only workspace that an API key reaches; None for a session."""
    source: Source = UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixture:
    """The actor of a test suite that seeds a world: without a user, in every workspace."""

    user_id: None = None
    api_key_id: None = None
    source: Source = UNKNOWN


def member_id(workspace_id: str, user_id: str) -> str:
    """Return the id of a user's membership of a workspace."""
    return f"{workspace_id}:{user_id}"


def role_in(world: World, actor: Actor, workspace_id: str) -> Role | None:
    """Return the actor's role in a workspace, or None if it is not a member."""
    if actor.workspace_id is not None and actor.workspace_id != workspace_id:
        return None
    member = world.get(Member, member_id(workspace_id, actor.user_id))
    return None if member is None else member.role


def visible_workspace(world: World, actor: Actor, workspace_id: str) -> Workspace:
    """Return a workspace the actor is a member of. Raises NotFound."""
    if role_in(world, actor, workspace_id) is None:
        raise NotFound("workspace", workspace_id)
    return world.expect(Workspace, workspace_id)


def context_workspace(world: World, actor: Actor, wanted: str | None) -> Workspace:
    """Return the workspace that a request names, else the actor's first. Raises NotFound.

    Assumed: the default workspace is not documented; the workspace joined first is stable, since
    joining another does not change it.
    """
    if wanted is not None:
        return visible_workspace(world, actor, wanted)
    if actor.workspace_id is not None:
        first = world.get(Member, member_id(actor.workspace_id, actor.user_id))
    else:
        first = world.oldest(Member, "user", actor.user_id)
    if first is None:
        raise NotFound("workspace", "(the first of yours)")
    return world.expect(Workspace, first.workspace_id)


class WorkspaceRecord(Record, Protocol):
    """A record that belongs to one workspace."""

    @property
    def workspace_id(self) -> str:
        """The id of the workspace."""
        ...


R = TypeVar("R", bound=WorkspaceRecord)


def visible(world: World, actor: Actor, kind: type[R], record_id: str, *, what: str) -> R:
    """Return a record of a workspace the actor is a member of; `what` names its kind to people.

    Raises NotFound.
    """
    record = world.get(kind, record_id)
    if record is None or role_in(world, actor, record.workspace_id) is None:
        raise NotFound(what, record_id)
    return record


def visible_project(world: World, actor: Actor, project_id: str) -> Project:
    """Return a project of a workspace the actor is a member of. Raises NotFound."""
    return visible(world, actor, Project, project_id, what="project")


def visible_run(world: World, actor: Actor, run_id: str) -> Run:
    """Return a run of a workspace the actor is a member of. Raises NotFound."""
    return visible(world, actor, Run, run_id, what="run")


def visible_key(world: World, actor: Actor, api_key_id: str) -> ApiKey:
    """Return an API key of a workspace the actor is a member of. Raises NotFound."""
    return visible(world, actor, ApiKey, api_key_id, what="API key")


def visible_share(world: World, actor: Actor, share_id: str) -> Share:
    """Return a share of a workspace the actor is a member of. Raises NotFound."""
    return visible(world, actor, Share, share_id, what="share")


def require_writer(world: World, actor: Actor | Fixture) -> None:
    """Raise Forbidden for an account whose processing is restricted, as it may only read."""
    user = world.get(User, actor.user_id) if actor.user_id else None
    if user is not None and user.restricted_at is not None:
        raise Forbidden(
            "Processing of your account is restricted, so it may only read; lift the restriction "
            "to write again."
        )


def require_admin(world: World, actor: Actor, workspace_id: str, *, to: str) -> None:
    """Raise Forbidden unless the actor is an owner or admin; `to` completes the message."""
    role = role_in(world, actor, workspace_id)
    if role not in ("owner", "admin"):
        raise Forbidden(f"Only an owner or admin of the workspace may {to}; your role is {role}.")
