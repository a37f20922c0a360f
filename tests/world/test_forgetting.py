"""Forgetting a user: no byte of it stays in any table, and what others share stays theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import pytest

from emulator.world import (
    accounts,
    api_keys,
    clock,
    jobs,
    one_time,
    outbox,
    privacy,
    projects,
    runs,
    sessions,
    shares,
    signups,
    sync,
    workspaces,
)
from emulator.world.access import Actor, Source
from emulator.world.forgetting import forget
from emulator.world.one_time import Challenge
from emulator.world.records import (
    TABLES,
    ApiKey,
    AuditEntry,
    AuthSettings,
    Job,
    Mail,
    Member,
    Project,
    Role,
    Run,
    Share,
    User,
    Workspace,
)
from emulator.world.refusals import BadKey, BadPassword, UnknownRefreshToken
from emulator.world.times import DAY, SECOND
from emulator.world.world import World

EPOCH = 20_454 * DAY
ADA, BO, CY = (f"a0000000-0000-4000-8000-00000000000{place}" for place in (1, 2, 3))
ADAS = Source(ip_hash="adas-ip-hash", user_agent="Adas-Browser/1.0")
BOS = Source(ip_hash="bos-ip-hash", user_agent="Bos-Browser/1.0")
SECRET = "wbx_forgetting_0000_ada"
BOS_SECRET = "wbx_forgetting_0000_bo"


@dataclass(frozen=True, slots=True)
class Life:
    """A world that Ada has lived in, with everything that could tell of her."""

    world: World
    traces: frozenset[str]
    shared: Workspace
    own: Workspace
    refresh_token: str


def begin(**auth: Any) -> World:
    """Return an empty world with Supabase Auth set up like that."""
    world = World.begin(name="default", entropy="forgetting", epoch=EPOCH)
    world.put(AuthSettings(**auth))
    return world


def account(world: World, user_id: str, name: str) -> User:
    """Return a new account."""
    return accounts.create_user(
        world,
        email=f"{name.lower()}@lab.test",
        password=f"{name.lower()}-password",
        name=name,
        metadata=f'{{"name":"{name}"}}',
        pin=user_id,
    )


def content(name: str) -> runs.RunContent:
    """Return what a client says of a run."""
    return runs.RunContent(
        project_id=None,
        name=name,
        adapter_id="openpi",
        task="eval",
        environment=None,
        runtime="local",
        status="queued",
        metrics="{}",
        artifacts=(),
        cost_estimate_usd=None,
        manifest=None,
        log="",
        extra="{}",
        started_at=None,
        finished_at=None,
        duration_seconds=None,
    )


def fill(world: World, actor: Actor, workspace: Workspace, name: str) -> None:
    """Have the actor make one of everything in a workspace."""
    projects.create_project(world, actor, workspace=workspace, name=name, slug=name, description="")
    run = runs.create_run(world, actor, workspace=workspace, content=content(name))
    shares.open_share(world, actor, run=run, expires_at=world.now + DAY)
    sync.sync_runs(
        world,
        actor,
        workspace=workspace,
        uploads=[sync.Upload(client_run_id=name, content=content(name))],
    )


def live(role: Role = "owner") -> Life:
    """Let Ada live: sessions, mails under way, an export, a deletion, work in two workspaces."""
    world = begin(session_timebox_seconds=9_999, mails_per_minute=9, requests_per_minute=9)
    ada = account(world, ADA, "Ada-Lovelace")
    bo = account(world, BO, "Bo")
    owner = Actor(user_id=bo.id, source=BOS)
    actor = Actor(user_id=ada.id, source=ADAS)
    shared = workspaces.open_workspace(world, owner if role != "owner" else actor, name="Lab")
    if role == "owner":
        workspaces.join(world, shared, user_id=bo.id, role="member")
    else:
        workspaces.join(world, shared, user_id=ada.id, role=role)
    own = workspaces.open_workspace(world, actor, name="My workspace")
    email, password = ada.email, "ada-lovelace-password"
    first = sessions.sign_in(world, email=email, password=password, source=ADAS)
    second = sessions.sign_in(world, email=email, password=password, source=ADAS)
    renewed = sessions.refresh_session(world, refresh_token=second.refresh_token.id)
    actor = replace(actor, session_id=first.session.id)
    for workspace, name in ((shared, "teamwork"), (own, "homework")):
        fill(world, actor, workspace, name)
    fill(world, owner, shared, "bos")
    issuer = actor if role == "owner" else replace(actor, session_id=None)
    if role == "owner":
        api_keys.issue_key(
            world, issuer, workspace=shared, name="CI", expires_at=None, secret=SECRET
        )
    api_keys.issue_key(
        world, actor, workspace=own, name="own", expires_at=None, secret=SECRET + "_own"
    )
    ada = world.expect(User, ada.id)
    challenge = Challenge(value="c" * 43, method="s256")
    ada = one_time.mail_code(world, ada, "recovery", challenge=challenge)
    ada = one_time.mail_change(world, ada, email="lovelace@new.test", redirect_to="http://x/ada")
    outbox.send(world, "reset", ada, to="ada@before.test")
    flow_code = one_time.prove_flow(
        world, one_time.issue_code(world, ada, "signup", challenge=challenge).flow_id or ""
    )
    export = privacy.ask_for_export(world, actor)
    clock.advance(world, by=60 * SECOND)
    privacy.schedule_deletion(world, actor)
    traces = {
        *(ADA, "ada-lovelace@lab.test", "Ada-Lovelace", "ada-lovelace", "lovelace@new.test"),
        *("ada@before.test", first.session.id, second.session.id, first.refresh_token.id),
        *(renewed.refresh_token.id, export.id, export.token, flow_code.id, "http://x/ada"),
        *("adas-ip-hash", "Adas-Browser", own.id, ada.password_hash, "homework"),
        *(mail.token for mail in world.all(Mail, "user", ADA) if mail.token is not None),
        *(
            key.secret_hash
            for one in (shared, own)
            for key in world.all(ApiKey, "workspace", one.id)
        ),
    }
    return Life(world, frozenset(traces), shared, own, renewed.refresh_token.id)


def words(value: Any) -> Iterator[str]:
    """Yield everything that a value holds, as text, down to the last field."""
    if is_dataclass(value):
        for field in fields(value):
            yield from words(getattr(value, field.name))
    elif isinstance(value, tuple):
        for one in value:
            yield from words(one)
    elif value is not None:
        yield str(value)


def rows(world: World) -> Iterator[tuple[str, Any]]:
    """Yield every record of every table with the table's name."""
    for spec in TABLES:
        table = world.state.tables[spec.record]
        for record_id in table._rows:  # noqa: SLF001 - a table has no list of all
            yield spec.name, table.get(record_id)


def found(world: World, traces: frozenset[str]) -> list[tuple[str, str]]:
    """Return which trace lies in which table: in a field, in a repr, or as the key of an index."""
    hits = set()
    for name, record in rows(world):
        said = [*words(record), repr(record)]
        hits |= {(name, trace) for trace in traces if any(trace in one for one in said)}
    for spec in TABLES:
        table = world.state.tables[spec.record]
        for index in (*table._unique.values(), *table._ordered.values()):  # noqa: SLF001
            keys = [str(key) for key in index]
            hits |= {(spec.name, trace) for trace in traces if any(trace in one for one in keys)}
    return sorted(hits)


def test_the_traces_of_a_life_lie_in_every_table_there_could_be() -> None:
    life = live()
    lies = {table for table, _ in found(life.world, life.traces)}
    bare = {"clock", "origin", "ordinals", "auth_settings"}
    assert lies == {spec.name for spec in TABLES} - bare
    assert {trace for _, trace in found(life.world, life.traces)} == life.traces


@pytest.mark.parametrize("role", ["owner", "admin", "member"])
def test_no_byte_of_a_forgotten_user_is_left(role: Role) -> None:
    life = live(role)
    forget(life.world, life.world.expect(User, ADA))
    assert found(life.world, life.traces) == []


def test_no_byte_is_left_by_a_deletion_that_fell_due() -> None:
    life = live()
    happened = [one.kind for one in clock.advance(life.world, by=30 * DAY)]
    assert happened == ["end session", "end session", "expire export", "purge user"]
    assert found(life.world, life.traces) == []


def test_nothing_is_left_to_be_done_to_a_forgotten_user() -> None:
    life = live()
    assert {job.kind for job in life.world.all(Job, "all", ())} == {
        "end session",
        "expire export",
        "purge user",
    }
    forget(life.world, life.world.expect(User, ADA))
    assert life.world.all(Job, "all", ()) == []
    assert clock.advance(life.world, by=365 * DAY) == []


def test_a_job_of_another_user_stays() -> None:
    life = live()
    privacy.schedule_deletion(life.world, Actor(user_id=BO, session_id="any"))
    forget(life.world, life.world.expect(User, ADA))
    [job] = life.world.all(Job, "all", ())
    assert (job.kind, job.target_id) == ("purge user", BO)


def test_the_way_in_is_shut() -> None:
    life = live()
    forget(life.world, life.world.expect(User, ADA))
    with pytest.raises(BadPassword):
        sessions.sign_in(
            life.world, email="ada-lovelace@lab.test", password="ada-lovelace-password"
        )
    with pytest.raises(UnknownRefreshToken):
        sessions.refresh_session(life.world, refresh_token=life.refresh_token)
    for secret in (SECRET, SECRET + "_own"):
        with pytest.raises(BadKey):
            api_keys.key_actor(life.world, secret)


def test_the_address_is_free_again() -> None:
    life = live()
    forget(life.world, life.world.expect(User, ADA))
    signed_up = signups.sign_up(
        life.world, email="ada-lovelace@lab.test", password="password", name="", metadata="{}"
    )
    assert signed_up.signed_in is not None
    assert signed_up.signed_in.user.id != ADA


def test_a_workspace_of_the_user_alone_goes_with_everything_in_it() -> None:
    life = live()
    forget(life.world, life.world.expect(User, ADA))
    assert life.world.get(Workspace, life.own.id) is None
    left = [record for _, record in rows(life.world) if life.own.id in words(record)]
    assert left == []


def test_a_shared_workspace_stays_without_the_name_of_who_made_it() -> None:
    life = live()
    world, workspace_id = life.world, life.shared.id
    kinds: tuple[type[Any], ...] = (Project, Run, Share)
    before = {kind: world.all(kind, "workspace", workspace_id) for kind in kinds}
    entries = world.all(AuditEntry, "workspace", workspace_id)
    forget(world, world.expect(User, ADA))
    assert world.expect(Workspace, workspace_id).created_by is None
    for kind in kinds:
        after = world.all(kind, "workspace", workspace_id)
        assert [one.id for one in after] == [one.id for one in before[kind]]
        assert {one.created_by for one in after} == {None, BO}
    kept = world.all(AuditEntry, "workspace", workspace_id)
    assert [(one.id, one.action) for one in kept] == [(one.id, one.action) for one in entries]
    assert {(one.user_id, one.ip_hash) for one in kept} == {(None, None), (BO, "bos-ip-hash")}


def test_the_keys_of_others_stay() -> None:
    life = live("member")
    owner = Actor(user_id=BO)
    api_keys.issue_key(
        life.world, owner, workspace=life.shared, name="x", expires_at=None, secret=BOS_SECRET
    )
    forget(life.world, life.world.expect(User, ADA))
    assert api_keys.key_actor(life.world, BOS_SECRET).user_id == BO


def crew(*members: tuple[str, Role]) -> tuple[World, Workspace]:
    """Return a world with one workspace whose first member owns it."""
    world = begin()
    names = {ADA: "Ada", BO: "Bo", CY: "Cy"}
    for user_id in dict.fromkeys(user_id for user_id, _ in members):
        account(world, user_id, names[user_id])
    workspace = workspaces.open_workspace(world, Actor(user_id=members[0][0]), name="Lab")
    for user_id, role in members[1:]:
        workspaces.join(world, workspace, user_id=user_id, role=role)
    return world, workspace


@pytest.mark.parametrize(
    ("others", "left"),
    [
        ([(BO, "member"), (CY, "admin")], [(BO, "member"), (CY, "owner")]),
        ([(BO, "admin"), (CY, "admin")], [(BO, "owner"), (CY, "admin")]),
        ([(BO, "member"), (CY, "member")], [(BO, "owner"), (CY, "member")]),
        ([(BO, "member"), (CY, "owner")], [(BO, "member"), (CY, "owner")]),
    ],
)
def test_the_ownership_passes_to_the_longest_standing_admin_else_member(
    others: list[tuple[str, Role]], left: list[tuple[str, Role]]
) -> None:
    world, workspace = crew((ADA, "owner"), *others)
    forget(world, world.expect(User, ADA))
    members = world.all(Member, "workspace", workspace.id)
    assert [(one.user_id, one.role) for one in members] == left


def test_a_member_who_goes_leaves_the_owner() -> None:
    world, workspace = crew((BO, "owner"), (ADA, "admin"))
    forget(world, world.expect(User, ADA))
    members = world.all(Member, "workspace", workspace.id)
    assert [(one.user_id, one.role) for one in members] == [(BO, "owner")]
    assert world.expect(Workspace, workspace.id).created_by == BO


def test_the_last_to_go_takes_the_workspace_along() -> None:
    world, workspace = crew((ADA, "owner"), (BO, "member"))
    forget(world, world.expect(User, ADA))
    forget(world, world.expect(User, BO))
    assert world.get(Workspace, workspace.id) is None
    assert [name for name, _ in rows(world) if name not in BARE] == []


BARE = ("clock", "origin", "ordinals", "auth_settings")


def test_forgetting_one_leaves_every_other_as_it_was() -> None:
    life = live()
    jobs.schedule(life.world, "purge user", BO, due=EPOCH + 99 * DAY)
    before = life.world.expect(User, BO)
    forget(life.world, life.world.expect(User, ADA))
    assert life.world.expect(User, BO) is before
