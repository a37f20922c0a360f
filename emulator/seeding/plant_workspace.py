"""Planting of a workspace: its members, subscription, projects, runs, API keys and shares.

Errors carry paths relative to the workspace.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from emulator.seeding.error_paths import at, within
from emulator.wire.run_input import content_of
from emulator.world.core.access import Actor, Fixture, member_id
from emulator.world.core.refusals import Invalid
from emulator.world.core.times import instant, microseconds
from emulator.world.core.world import World
from emulator.world.metering import quota
from emulator.world.metering.plans import plan_named
from emulator.world.records.identity import User
from emulator.world.records.runs import Run
from emulator.world.records.types import Instant
from emulator.world.records.workspaces import Member, Project, Workspace
from emulator.world.runs import runs, shares
from emulator.world.runs.runs import RunContent
from emulator.world.runs.uploads import Upload, sync_runs
from emulator.world.workspaces import api_keys, projects, workspaces

if TYPE_CHECKING:
    from emulator.seeding.schema import Moment, SeedKey, SeedRun, SeedShare, SeedWorkspace

IssuedKey = tuple[str, str]
"""The slug of a workspace, and the secret of an API key to it."""


def plant_workspace(world: World, spec: SeedWorkspace) -> list[IssuedKey]:
    """Plant a workspace with everything in it, and return its live API keys. Raises Invalid."""
    owner = _owner(world, spec)
    workspace = _plant_members(world, spec, owner=owner)
    _plant_subscription(world, workspace, spec, owner=owner)
    project_ids = _plant_projects(world, workspace, spec, owner=owner)
    _plant_runs(world, workspace, spec, project_ids=project_ids)
    issued = []
    for place, key in enumerate(spec.api_keys):
        with within(f"api_keys.{place}"):
            secret = _plant_key(world, workspace, key)
        if secret is not None:
            issued.append((workspace.slug, secret))
    for place, share in enumerate(spec.shares):
        with within(f"shares.{place}"):
            _plant_share(world, workspace, share)
    if spec.runs_limit is not None:
        present = world.expect(Workspace, workspace.id)
        world.put(replace(present, runs_limit=spec.runs_limit))
    return issued


def _moment(world: World, value: Moment) -> Instant:
    """Return an absolute or relative moment of a seed as an instant."""
    if isinstance(value, timedelta):
        return world.epoch + microseconds(value)
    return instant(value)


def _moment_or_none(world: World, value: Moment | None) -> Instant | None:
    return None if value is None else _moment(world, value)


def _owner(world: World, spec: SeedWorkspace) -> User:
    first = spec.members[0]
    if first.role != "owner":
        raise Invalid("members.0.role", "The first member of a workspace must be its owner.")
    return _user(world, first.user, path="members.0.user")


def _plant_members(world: World, spec: SeedWorkspace, *, owner: User) -> Workspace:
    """Open the workspace for its owner, and have the other members join it."""
    if world.find(Workspace, "slug", spec.slug) is not None:
        raise Invalid("slug", f"Two workspaces have the slug {spec.slug!r}.")
    with at("plan"):
        plan = plan_named(world, spec.plan).id
    workspace = workspaces.open_workspace(
        world,
        Actor(user_id=owner.id),
        name=spec.name,
        slug=spec.slug,
        plan=plan,
        pin=spec.id,
    )
    for place, member in enumerate(spec.members[1:], start=1):
        user = _user(world, member.user, path=f"members.{place}.user")
        workspaces.join(world, workspace, user_id=user.id, role=member.role)
    return workspace


def _user(world: World, email: str, *, path: str) -> User:
    user = world.find(User, "email", email)
    if user is None:
        raise Invalid(path, f"This seed has no user with the e-mail {email!r}.")
    return user


def _actor(world: World, workspace: Workspace, email: str) -> Actor:
    user = _user(world, email, path="user")
    if world.get(Member, member_id(workspace.id, user.id)) is None:
        raise Invalid("user", f"{email} is not a member of workspace {workspace.slug!r}.")
    return Actor(user_id=user.id)


def _plant_subscription(
    world: World, workspace: Workspace, spec: SeedWorkspace, *, owner: User
) -> None:
    """Plant a subscription, before the runs: they are counted in the periods that it sets."""
    if spec.subscription is None:
        return
    if "plan" in spec.model_fields_set:
        raise Invalid("plan", "The plan follows from the subscription; leave it out here.")
    from emulator.seeding.subscriptions import plant_subscription

    with within("subscription"):
        plant_subscription(
            world,
            workspace,
            spec.subscription,
            owner=owner,
            started_at=_moment_or_none(world, spec.subscription.started_at),
        )


def _plant_projects(
    world: World, workspace: Workspace, spec: SeedWorkspace, *, owner: User
) -> list[str]:
    """Plant the projects and return their ids."""
    project_ids = []
    for place, project in enumerate(spec.projects):
        with at(f"projects.{place}.slug"):
            planted = projects.create_project(
                world,
                Actor(user_id=owner.id),
                workspace=workspace,
                name=project.name or project.slug,
                slug=project.slug,
                description=project.description,
                pin=project.id,
            )
        project_ids.append(planted.id)
    return project_ids


def _plant_runs(
    world: World, workspace: Workspace, spec: SeedWorkspace, *, project_ids: list[str]
) -> None:
    """Plant the listed runs and those of the recipe: uploads in one batch, the others directly."""
    uploads = []
    with within("runs"):
        for place, run in enumerate(spec.runs):
            upload = upload_of(world, workspace, run, path=f"{place}.")
            if isinstance(upload, Upload):
                uploads.append(upload)
            else:
                _plant_run(world, workspace, run, upload, path=f"{place}.")
        if spec.recipe is not None:
            from emulator.seeding.synthetic.recipes import expand

            uploads += expand(
                world, spec.recipe, prefix=spec.slug, project_ids=project_ids, first=len(spec.runs)
            )
        sync_runs(world, Fixture(), workspace=workspace, uploads=uploads)


def upload_of(
    world: World, workspace: Workspace, spec: SeedRun, *, path: str
) -> Upload | RunContent:
    """Return a run of a seed or of cli-sync as an upload, or only its content if it has no
    `client_run_id`. Raises Invalid for a project that is not in the workspace.
    """
    content = content_of(
        spec,
        name=spec.name or spec.client_run_id or "untitled run",
        adapter_id=spec.adapter_id or "openpi",
        task=spec.task or "eval",
        status=spec.status or "succeeded",
        project_id=project_named(world, workspace, spec.project, path=f"{path}project"),
        started_at=_moment_or_none(world, spec.started_at),
        finished_at=_moment_or_none(world, spec.finished_at),
        extra=spec.extra,
    )
    if spec.client_run_id is None:
        return content
    return Upload(client_run_id=spec.client_run_id, content=content, path=path, pin=spec.id)


def project_named(world: World, workspace: Workspace, name: str | None, *, path: str) -> str | None:
    """Return the id of the project with a slug or id. Raises Invalid."""
    if name is None:
        return None
    project = world.find(Project, "slug", (workspace.id, name)) or world.get(Project, name)
    if project is None or project.workspace_id != workspace.id:
        raise Invalid(path, f"Workspace {workspace.slug!r} has no project {name!r}.")
    return project.id


def _plant_run(
    world: World, workspace: Workspace, spec: SeedRun, content: RunContent, *, path: str
) -> None:
    runs.require_consistent(content, path=path)
    run_id, ordinal = world.new_id("run", pin=spec.id)
    if world.get(Run, run_id) is not None:
        raise Invalid(f"{path}id", f"Two runs have the id {run_id}.")
    run = runs.build_run(
        world,
        run_id=run_id,
        workspace_id=workspace.id,
        client_run_id=None,
        content=content,
        created_by=workspace.created_by,
        created_at=world.now if content.started_at is None else content.started_at,
        ordinal=ordinal,
        revision=1,
    )
    world.put(run)
    quota.use(world, workspace, runs=1, storage_bytes=runs.stored_bytes(run))


def _plant_key(world: World, workspace: Workspace, spec: SeedKey) -> str | None:
    """Issue an API key and return its secret, or None if the key is expired or revoked."""
    actor = _actor(world, workspace, spec.user)
    with at("user"):
        key, secret = api_keys.issue_key(
            world,
            actor,
            workspace=workspace,
            name=spec.name,
            expires_at=None,
            secret=spec.secret,
            pin=spec.id,
        )
    key = replace(
        key,
        expires_at=_moment_or_none(world, spec.expires_at),
        revoked_at=world.now if spec.is_revoked else None,
    )
    world.put(key)
    return secret if api_keys.is_live(world, key) else None


def _plant_share(world: World, workspace: Workspace, spec: SeedShare) -> None:
    run = world.find(Run, "client", (workspace.id, spec.run)) or world.get(Run, spec.run)
    if run is None or run.workspace_id != workspace.id:
        raise Invalid("run", f"Workspace {workspace.slug!r} has no run {spec.run!r}.")
    share = shares.open_share(
        world,
        _actor(world, workspace, spec.user),
        run=run,
        expires_at=_moment(world, spec.expires_at),
        token=spec.token,
        pin=spec.id,
    )
    if spec.is_revoked:
        world.put(replace(share, revoked_at=world.now))
