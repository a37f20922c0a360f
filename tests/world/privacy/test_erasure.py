"""Forgetting a user: no byte of it stays in any table, and what others share stays theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import pytest

from emulator.world import lifecycle
from emulator.world.billing import checkout, entitlement, portal, subscriptions, webhook_endpoints
from emulator.world.billing.cards import GOOD, TypedCard, read_card
from emulator.world.core import jobs, outbox
from emulator.world.core.access import Actor, Source
from emulator.world.core.refusals import BadKey, BadPassword, CardDeclined, UnknownRefreshToken
from emulator.world.core.times import DAY, SECOND
from emulator.world.core.world import World
from emulator.world.identity import accounts, one_time_codes, pkce, sessions, signups
from emulator.world.identity.pkce import Challenge
from emulator.world.metering import reservations
from emulator.world.privacy import data_requests
from emulator.world.privacy.erasure import erase_user
from emulator.world.records.billing import BillingSettings, CheckoutSession, Invoice, Subscription
from emulator.world.records.identity import AuthSettings, User
from emulator.world.records.runs import Run, Share
from emulator.world.records.system import AuditEntry, Job, Mail
from emulator.world.records.tables import TABLES
from emulator.world.records.types import Role
from emulator.world.records.workspaces import ApiKey, Member, Project, Workspace
from emulator.world.runs import runs, shares, uploads
from emulator.world.workspaces import api_keys, projects, workspaces
from tests.support import world_builder
from tests.support.world_builder import content

EPOCH = 20_454 * DAY
ADA, BO, CY = (f"a0000000-0000-4000-8000-00000000000{place}" for place in (1, 2, 3))
ADAS = Source(ip_hash="adas-ip-hash", user_agent="Adas-Browser/1.0")
BOS = Source(ip_hash="bos-ip-hash", user_agent="Bos-Browser/1.0")
SECRET = "wbx_forgetting_0000_ada"
BOS_SECRET = "wbx_forgetting_0000_bo"
DECLINED = "4000000000000002"
ASKS = "4000002500003155"
"""Cards: one that is declined, one that asks for 3-D Secure."""

ACCOUNTS = {"customers", "subscriptions", "invoices", "payments", "events"}
"""The tables of what was billed, which stays by law, without the person."""


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
    world = world_builder.begin("forgetting")
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


def fill(world: World, actor: Actor, workspace: Workspace, name: str) -> None:
    """Have the actor make one of everything in a workspace."""
    projects.create_project(world, actor, workspace=workspace, name=name, slug=name, description="")
    run = runs.create_run(world, actor, workspace=workspace, content=content(name=name))
    shares.open_share(world, actor, run=run, expires_at=world.now + DAY)
    uploads.sync_runs(
        world,
        actor,
        workspace=workspace,
        uploads=[uploads.Upload(client_run_id=name, content=content(name=name))],
    )
    reservations.reserve(
        world, actor, workspace=workspace, meter="runs", amount=1, key=name, ttl_seconds=900
    )


def typed(world: World, number: str, holder: str) -> TypedCard:
    """Return a card as somebody typed it."""
    return read_card(world, number=number, expiry="12/30", cvc="123", holder=holder)


def open_checkout(world: World, actor: Actor, workspace: Workspace) -> CheckoutSession:
    """Return a checkout that the actor opened."""
    return checkout.open_checkout(
        world,
        actor,
        workspace=workspace,
        plan="enterprise",
        interval="month",
        success_url="http://x/paid",
        cancel_url="http://x/back",
    )


def subscribe(world: World, actor: Actor, workspace: Workspace, *, email: str, name: str) -> None:
    """Have the actor pay for a workspace under an e-mail and names of its own: one checkout waits
    for 3-D Secure, another is declined, then paid, and so waits a further card in the portal.
    """
    waiting = open_checkout(world, actor, workspace)
    checkout.pay_checkout(world, waiting, email=email, card=typed(world, ASKS, f"{name} (1)"))
    paid = open_checkout(world, actor, workspace)
    with pytest.raises(CardDeclined):
        checkout.pay_checkout(world, paid, email=email, card=typed(world, DECLINED, f"{name} (2)"))
    checkout.pay_checkout(world, paid, email=email, card=typed(world, GOOD, f"{name} (3)"))
    entitlement.receive_waiting(world)
    visit = portal.open_portal(world, actor, workspace=workspace, return_url="http://x/back")
    visit = portal.replace_card(world, visit, typed(world, GOOD, f"{name} (4)"))
    portal.replace_card(world, visit, typed(world, ASKS, f"{name} (5)"))


def unsubscribe(world: World, workspace: Workspace) -> None:
    """End what is paid for a workspace."""
    live = subscriptions.live_subscription(world, workspace.id)
    assert live is not None
    subscriptions.end_subscription(world, live, reason="cancellation_requested")
    entitlement.receive_waiting(world)


def typed_names(name: str) -> set[str]:
    """Return the names that were typed in `subscribe`."""
    return {f"{name} ({place})" for place in range(1, 6)}


def live(role: Role = "owner") -> Life:
    """Let Ada live: sessions, mails under way, an export, a deletion, work in two workspaces,
    both of which she pays for, as far as she may.
    """
    world = begin(session_timebox_seconds=9_999, mails_per_minute=9, requests_per_minute=9)
    world.put(BillingSettings())
    webhook_endpoints.add_endpoint(world, url="http://localhost:1/")
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
    paid = [own] if role == "member" else [shared, own]
    for workspace in paid:
        subscribe(world, actor, workspace, email="ada@bills.test", name="A. Byron")
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
    ada = one_time_codes.mail_code(world, ada, "recovery", challenge=challenge)
    ada = one_time_codes.mail_change(
        world, ada, email="lovelace@new.test", redirect_to="http://x/ada"
    )
    outbox.send(world, "reset", ada, to="ada@before.test")
    flow_code = pkce.prove_flow(
        world, one_time_codes.issue_code(world, ada, "signup", challenge=challenge).flow_id or ""
    )
    export = data_requests.request_export(world, actor)
    lifecycle.move(world, to=world.now + 60 * SECOND)
    data_requests.schedule_deletion(world, actor)
    traces = {
        *(ADA, "ada-lovelace@lab.test", "Ada-Lovelace", "ada-lovelace", "lovelace@new.test"),
        *("ada@before.test", first.session.id, second.session.id, first.refresh_token.id),
        *(renewed.refresh_token.id, export.id, export.token, flow_code.id, "http://x/ada"),
        *("adas-ip-hash", "Adas-Browser", own.id, ada.password_hash, "homework"),
        *("ada@bills.test", *typed_names("A. Byron")),
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
        lists = table._lists  # noqa: SLF001
        hits |= {
            (spec.name, trace)
            for record in lists._unsorted  # noqa: SLF001
            for trace in traces
            if any(trace in one for one in words(record))
        }
        for index in (*table._unique.values(), *lists._sorted().values()):  # noqa: SLF001
            keys = [str(key) for key in index]
            hits |= {(spec.name, trace) for trace in traces if any(trace in one for one in keys)}
    return sorted(hits)


def test_the_traces_of_a_life_lie_in_every_table_there_could_be() -> None:
    life = live()
    lies = {table for table, _ in found(life.world, life.traces)}
    assert lies == {spec.name for spec in TABLES} - {*BARE, *NAMELESS}
    assert {trace for _, trace in found(life.world, life.traces)} == life.traces


@pytest.mark.parametrize("role", ["owner", "admin", "member"])
def test_no_byte_of_a_forgotten_user_is_left(role: Role) -> None:
    life = live(role)
    erase_user(life.world, life.world.expect(User, ADA))
    assert found(life.world, life.traces) == accounts_of(life.own)


def accounts_of(workspace: Workspace) -> list[tuple[str, str]]:
    """Return the traces that stay by law: that there was a workspace that paid."""
    return [(name, workspace.id) for name in sorted(ACCOUNTS)]


def test_no_byte_is_left_by_a_deletion_that_fell_due() -> None:
    life = live()
    happened = [one.kind for one in lifecycle.move(life.world, to=life.world.now + 30 * DAY)]
    assert happened == [
        *["expire reservation"] * 3,
        *["end session"] * 2,
        *["expire checkout"] * 2,
        *["forget session"] * 2,
        *("expire export", "purge user"),
    ]
    assert found(life.world, life.traces) == accounts_of(life.own)


def test_nothing_is_left_to_be_done_to_a_forgotten_user() -> None:
    life = live()
    assert {job.kind for job in life.world.all(Job, "all", ())} == {
        "end session",
        "expire export",
        "purge user",
        "expire reservation",
        "expire checkout",
        "renew subscription",
    }
    erase_user(life.world, life.world.expect(User, ADA))
    # What is left is the shared workspace's: two reservations, a checkout and a subscription.
    assert [job.kind for job in life.world.all(Job, "all", ())] == [
        "expire reservation",
        "expire reservation",
        "expire checkout",
        "renew subscription",
    ]
    happened = lifecycle.move(life.world, to=life.world.now + 365 * DAY)
    later = {one.kind for one in happened[3:]}
    assert later == {"renew subscription", "finalize invoice"}
    billed = life.world.all(Invoice, "workspace", life.own.id)
    assert [(one.status, one.created_at) for one in billed] == [("paid", EPOCH)]
    assert found(life.world, life.traces) == accounts_of(life.own)


def test_a_job_of_another_user_stays() -> None:
    life = live()
    data_requests.schedule_deletion(life.world, Actor(user_id=BO, session_id="any"))
    erase_user(life.world, life.world.expect(User, ADA))
    left = [(job.kind, job.target_id) for job in life.world.all(Job, "all", ())]
    assert [one for one in left if one[0] == "purge user"] == [("purge user", BO)]


def test_the_way_in_is_shut() -> None:
    life = live()
    erase_user(life.world, life.world.expect(User, ADA))
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
    erase_user(life.world, life.world.expect(User, ADA))
    signed_up = signups.sign_up(
        life.world, email="ada-lovelace@lab.test", password="password", name="", metadata="{}"
    )
    assert signed_up.signed_in is not None
    assert signed_up.signed_in.user.id != ADA


def test_a_workspace_of_the_user_alone_goes_with_everything_in_it_but_its_accounts() -> None:
    life = live()
    world, own = life.world, life.own
    erase_user(world, world.expect(User, ADA))
    assert world.get(Workspace, own.id) is None
    left = {name for name, record in rows(world) if own.id in words(record)}
    assert left == ACCOUNTS
    [subscription] = world.all(Subscription, "workspace", own.id)
    [invoice] = world.all(Invoice, "workspace", own.id)
    assert (subscription.status, invoice.status, invoice.paid_cents) == (
        "canceled",
        "paid",
        49_900,
    )
    assert (invoice.customer_email, invoice.customer_name) == (None, None)


@pytest.mark.parametrize("bo_pays", ["before", "after"])
def test_what_another_typed_who_paid_for_the_workspace_stays(bo_pays: str) -> None:
    world, workspace = crew((ADA, "owner"), (BO, "admin"))
    order = [(BO, "Bo"), (ADA, "Ada")] if bo_pays == "before" else [(ADA, "Ada"), (BO, "Bo")]
    for user_id, name in order:
        if user_id != order[0][0]:
            unsubscribe(world, workspace)
        subscribe(
            world,
            Actor(user_id=user_id),
            workspace,
            email=f"{name}@bills.test",
            name=f"{name} Payer",
        )
    adas = frozenset({"Ada@bills.test", *typed_names("Ada Payer")})
    assert {trace for _, trace in found(world, adas)} == adas
    kept = ("Bo@bills.test", "Bo Payer (3)", "Bo Payer (4)")
    bos = found(world, frozenset(kept))
    assert {trace for _, trace in bos} == {*kept}
    erase_user(world, world.expect(User, ADA))
    assert found(world, adas) == []
    assert found(world, frozenset(kept)) == bos


def test_a_card_that_bears_the_users_name_loses_it_whoever_pays() -> None:
    world, workspace = crew((BO, "owner"), (ADA, "admin"))
    subscribe(world, Actor(user_id=BO), workspace, email="bo@bills.test", name="Bo Payer")
    visit = portal.open_portal(
        world, Actor(user_id=ADA), workspace=workspace, return_url="http://x/back"
    )
    portal.replace_card(world, visit, typed(world, GOOD, "Ada"))
    lifecycle.move(world, to=world.now + 32 * DAY)
    adas = frozenset({"Ada"})
    assert {name for name, _ in found(world, adas)} == {"cards", "events", "payments", "users"}
    erase_user(world, world.expect(User, ADA))
    assert found(world, adas) == []


def test_a_shared_workspace_stays_without_the_name_of_who_made_it() -> None:
    life = live()
    world, workspace_id = life.world, life.shared.id
    kinds: tuple[type[Any], ...] = (Project, Run, Share)
    before = {kind: world.all(kind, "workspace", workspace_id) for kind in kinds}
    entries = world.all(AuditEntry, "workspace", workspace_id)
    erase_user(world, world.expect(User, ADA))
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
    erase_user(life.world, life.world.expect(User, ADA))
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
    erase_user(world, world.expect(User, ADA))
    members = world.all(Member, "workspace", workspace.id)
    assert [(one.user_id, one.role) for one in members] == left


def test_a_member_who_goes_leaves_the_owner() -> None:
    world, workspace = crew((BO, "owner"), (ADA, "admin"))
    erase_user(world, world.expect(User, ADA))
    members = world.all(Member, "workspace", workspace.id)
    assert [(one.user_id, one.role) for one in members] == [(BO, "owner")]
    assert world.expect(Workspace, workspace.id).created_by == BO


def test_the_last_to_go_takes_the_workspace_along() -> None:
    world, workspace = crew((ADA, "owner"), (BO, "member"))
    erase_user(world, world.expect(User, ADA))
    erase_user(world, world.expect(User, BO))
    assert world.get(Workspace, workspace.id) is None
    assert [name for name, _ in rows(world) if name not in BARE] == []


BARE = ("clock", "origin", "ordinals", "auth_settings", "plans")
"""The tables of a world that nobody is in."""

NAMELESS = ("billing_settings", "webhook_endpoints", "deliveries", "received_events")
"""The tables of what is nobody's: how billing behaves, and ids of events on their way."""


def test_forgetting_one_leaves_every_other_as_it_was() -> None:
    life = live()
    jobs.schedule(life.world, "purge user", BO, due=EPOCH + 99 * DAY)
    before = life.world.expect(User, BO)
    erase_user(life.world, life.world.expect(User, ADA))
    assert life.world.expect(User, BO) is before
