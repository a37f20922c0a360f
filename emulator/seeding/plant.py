"""Planting: a seed becomes a world, through the same operations that requests use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from emulator.seeding.pins import require_unique_pins
from emulator.seeding.plans import UNCAPPED, plans_of
from emulator.seeding.schema import (
    Moment,
    Seed,
    SeedAuth,
    SeedKey,
    SeedRun,
    SeedShare,
    SeedWorkspace,
)
from emulator.seeding.subscriptions import live_through
from emulator.seeding.synthetic.recipes import expand
from emulator.wire.run_input import content_of
from emulator.world.billing import webhook_endpoints
from emulator.world.core.access import Actor, Fixture, member_id
from emulator.world.core.json_text import json_text
from emulator.world.core.refusals import Invalid, Refusal
from emulator.world.core.times import instant, microseconds
from emulator.world.core.world import DEFAULT, World
from emulator.world.identity import accounts
from emulator.world.metering import quota
from emulator.world.metering.plans import plan_named
from emulator.world.records.billing import BillingSettings
from emulator.world.records.identity import AuthSettings, User
from emulator.world.records.runs import Run
from emulator.world.records.types import Instant
from emulator.world.records.workspaces import Member, Project, Workspace
from emulator.world.runs import runs, shares
from emulator.world.runs import uploads as sync
from emulator.world.runs.runs import RunContent
from emulator.world.workspaces import api_keys, projects, workspaces


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A fresh world, and what people need to get in."""

    seed: str
    world: World
    logins: tuple[tuple[str, str], ...]
    """E-mail and password of every account."""
    keys: tuple[tuple[str, str], ...]
    """Workspace slug and secret of every live API key."""


def plant(seed: Seed, *, name: str, epoch: Instant | None = None) -> Planted:
    """Return the world that a seed describes; `epoch` stands in for the seed's own.

    Refuses Invalid with the path of the member that refers to nothing or contradicts another.
    """
    require_unique_pins(seed)
    world = World.begin(
        name=DEFAULT,
        entropy=name if seed.entropy is None else seed.entropy,
        epoch=instant(seed.epoch) if epoch is None else epoch,
    )
    _plant_auth(world, seed.auth)
    plans = plans_of(seed)
    for plan in plans:
        world.put(replace(plan, caps=UNCAPPED))
    for place, account in enumerate(seed.users):
        named = {"name": account.name} if account.name else {}
        with _at(f"users.{place}.email"):
            user = accounts.create_user(
                world,
                email=account.email,
                password=account.password,
                name=account.name,
                metadata=json_text(named | account.user_metadata),
                is_confirmed=account.is_confirmed,
                pin=account.id,
            )
        opt_ins = (account.analytics_opt_in, account.product_mail_opt_in)
        if any(opt_ins):
            world.put(replace(user, analytics_opt_in=opt_ins[0], product_mail_opt_in=opt_ins[1]))
    keys: list[tuple[str, str]] = []
    for place, workspace in enumerate(seed.workspaces):
        keys.extend(_plant_workspace(world, workspace, path=f"workspaces.{place}."))
    for place, webhook in enumerate(seed.webhooks):
        with _at(f"webhooks.{place}.url"):
            webhook_endpoints.add_endpoint(
                world, url=webhook.url, secret=webhook.secret, kinds=webhook.enabled_events
            )
    world.put(
        BillingSettings(is_held=seed.billing.hold_webhook, on_exhausted=seed.billing.on_exhausted)
    )
    # The caps come last: a seed may leave a workspace above them.
    for plan in plans:
        world.put(plan)
    return Planted(
        seed=name,
        world=world,
        logins=tuple((user.email, user.password) for user in seed.users),
        keys=tuple(keys),
    )


def _plant_auth(world: World, said: SeedAuth) -> None:
    timebox = said.session_timebox
    world.put(
        AuthSettings(
            confirms_email=said.confirm_email,
            allows_signups=not said.disable_signup,
            mails_per_minute=said.mails_per_minute,
            requests_per_minute=said.requests_per_minute,
            session_timebox_seconds=None if timebox is None else round(timebox.total_seconds()),
            signing=said.signing,
            site_url=said.site_url,
            requires_api_key=said.require_api_key,
            password_length_min=said.password_min_length,
        )
    )


def moment(world: World, value: Moment) -> Instant:
    """Return an absolute or relative moment of a seed as an instant."""
    if isinstance(value, timedelta):
        return world.epoch + microseconds(value)
    return instant(value)


@contextmanager
def _at(path: str) -> Iterator[None]:
    try:
        yield
    except Invalid as refusal:
        raise Invalid(
            refusal.path if refusal.path.startswith("workspaces.") else path, refusal.message
        ) from refusal
    except Refusal as refusal:
        raise Invalid(path, refusal.message) from refusal


def _user(world: World, email: str, *, path: str) -> User:
    user = world.find(User, "email", email)
    if user is None:
        raise Invalid(path, f"No user of this seed has the e-mail {email!r}.")
    return user


def _actor(world: World, workspace: Workspace, email: str, *, path: str) -> Actor:
    user = _user(world, email, path=path)
    if world.get(Member, member_id(workspace.id, user.id)) is None:
        raise Invalid(path, f"{email} is no member of workspace {workspace.slug!r}.")
    return Actor(user_id=user.id)


def _plant_workspace(world: World, said: SeedWorkspace, *, path: str) -> Iterator[tuple[str, str]]:
    owner, *others = said.members
    if owner.role != "owner":
        raise Invalid(f"{path}members.0.role", "The first member of a workspace must be its owner.")
    if world.find(Workspace, "slug", said.slug) is not None:
        raise Invalid(f"{path}slug", f"Two workspaces have the slug {said.slug!r}.")
    owner_id = _user(world, owner.user, path=f"{path}members.0.user").id
    workspace = workspaces.open_workspace(
        world,
        Actor(user_id=owner_id),
        name=said.name,
        slug=said.slug,
        plan=_plan(world, said.plan, path=f"{path}plan"),
        pin=said.id,
    )
    for place, member in enumerate(others, start=1):
        user = _user(world, member.user, path=f"{path}members.{place}.user")
        workspaces.join(world, workspace, user_id=user.id, role=member.role)
    if said.subscription is not None:
        # Before the runs, which are counted in the periods that follow the subscription.
        _plant_subscription(world, workspace, said, owner_id=owner_id, path=path)
    creator = Actor(user_id=owner_id)
    for place, project in enumerate(said.projects):
        with _at(f"{path}projects.{place}.slug"):
            projects.create_project(
                world,
                creator,
                workspace=workspace,
                name=project.name or project.slug,
                slug=project.slug,
                description=project.description,
                pin=project.id,
            )
    _plant_runs(world, workspace, said, path=path)
    for place, key in enumerate(said.api_keys):
        yield from _plant_key(world, workspace, key, path=f"{path}api_keys.{place}.")
    for place, share in enumerate(said.shares):
        _plant_share(world, workspace, share, path=f"{path}shares.{place}.")
    if said.runs_limit is not None:
        present = world.expect(Workspace, workspace.id)
        world.put(replace(present, runs_limit=said.runs_limit))


def _plant_subscription(
    world: World, workspace: Workspace, said: SeedWorkspace, *, owner_id: str, path: str
) -> None:
    if said.subscription is None:
        return
    if "plan" in said.model_fields_set:
        raise Invalid(f"{path}plan", "The plan follows the subscription; say it only there.")
    started = said.subscription.started_at
    with _at(f"{path}subscription.status"):
        live_through(
            world,
            workspace,
            said.subscription,
            owner=world.expect(User, owner_id),
            started_at=None if started is None else moment(world, started),
        )


def _plan(world: World, name: str, *, path: str) -> str:
    with _at(path):
        return plan_named(world, name).id


def _plant_runs(world: World, workspace: Workspace, said: SeedWorkspace, *, path: str) -> None:
    runs_said = list(said.runs)
    if said.recipe is not None:
        slugs = [project.slug for project in said.projects]
        runs_said.extend(expand(world, said.recipe, prefix=said.slug, projects=slugs))
    uploads = []
    for place, run in enumerate(runs_said):
        run_path = f"{path}runs.{place}."
        upload = upload_of(world, workspace, run, path=run_path)
        if isinstance(upload, sync.Upload):
            uploads.append(upload)
        else:
            with _at(f"{run_path}id"):
                _plant_run(world, workspace, run, upload, path=run_path)
    with _at(f"{path}runs"):
        sync.sync_runs(world, Fixture(), workspace=workspace, uploads=uploads)


def upload_of(
    world: World, workspace: Workspace, said: SeedRun, *, path: str
) -> sync.Upload | RunContent:
    """Return a run of a seed or of cli-sync as an upload, or its content where it has no
    `client_run_id`. Refuses Invalid for a project that the workspace does not have.
    """
    content = content_of(
        said,
        name=said.name or said.client_run_id or "untitled run",
        adapter_id=said.adapter_id or "openpi",
        task=said.task or "eval",
        status=said.status or "succeeded",
        project_id=project_named(world, workspace, said.project, path=f"{path}project"),
        started_at=None if said.started_at is None else moment(world, said.started_at),
        finished_at=None if said.finished_at is None else moment(world, said.finished_at),
        extra=said.extra,
    )
    if said.client_run_id is None:
        return content
    return sync.Upload(
        client_run_id=said.client_run_id,
        content=content,
        path=path,
        pin=said.id,
    )


def project_named(world: World, workspace: Workspace, name: str | None, *, path: str) -> str | None:
    """Return the id of the project of that slug or id. Refuses Invalid."""
    if name is None:
        return None
    project = world.find(Project, "slug", (workspace.id, name)) or world.get(Project, name)
    if project is None or project.workspace_id != workspace.id:
        raise Invalid(path, f"Workspace {workspace.slug!r} has no project {name!r}.")
    return project.id


def _plant_run(
    world: World, workspace: Workspace, said: SeedRun, content: RunContent, *, path: str
) -> None:
    runs.require_sense(content, path=path)
    run_id, ordinal = world.new_id("run", pin=said.id)
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


def _plant_key(
    world: World, workspace: Workspace, said: SeedKey, *, path: str
) -> Iterator[tuple[str, str]]:
    with _at(f"{path}user"):
        key, secret = api_keys.issue_key(
            world,
            _actor(world, workspace, said.user, path=f"{path}user"),
            workspace=workspace,
            name=said.name,
            expires_at=None,
            secret=said.secret,
            pin=said.id,
        )
    key = replace(
        key,
        expires_at=None if said.expires_at is None else moment(world, said.expires_at),
        revoked_at=world.now if said.is_revoked else None,
    )
    world.put(key)
    if api_keys.is_live(world, key):
        yield workspace.slug, secret


def _plant_share(world: World, workspace: Workspace, said: SeedShare, *, path: str) -> None:
    run = world.find(Run, "client", (workspace.id, said.run)) or world.get(Run, said.run)
    if run is None or run.workspace_id != workspace.id:
        raise Invalid(f"{path}run", f"Workspace {workspace.slug!r} has no run {said.run!r}.")
    share = shares.open_share(
        world,
        _actor(world, workspace, said.user, path=f"{path}user"),
        run=run,
        expires_at=moment(world, said.expires_at),
        token=said.token,
        pin=said.id,
    )
    if said.is_revoked:
        world.put(replace(share, revoked_at=world.now))
