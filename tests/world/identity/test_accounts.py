"""Accounts, sessions and the rotation of refresh tokens."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from hashlib import scrypt
from types import FrameType

import pytest

from emulator.world import lifecycle
from emulator.world.core.access import Actor
from emulator.world.core.json_text import json_object
from emulator.world.core.refusals import (
    BadPassword,
    EmailTaken,
    Forbidden,
    LoginRequired,
    Refusal,
    ReusedRefreshToken,
    UnknownRefreshToken,
    WeakPassword,
)
from emulator.world.core.times import SECOND
from emulator.world.core.world import World
from emulator.world.identity import accounts, passwords, sessions, signups
from emulator.world.identity.sessions import SignedIn
from emulator.world.records.identity import RefreshToken, Session, User
from emulator.world.records.system import AuditEntry
from emulator.world.records.workspaces import Member, Workspace
from tests.support.messages import golden
from tests.support.world_builder import EPOCH, Lab, account, begin, open_lab, state_of

UNSET = (
    "confirmation_sent_at",
    "recovery_sent_at",
    "invited_at",
    "new_email",
    "email_change_sent_at",
    "banned_until",
    "restricted_at",
    "objected_at",
    "deletion_due_at",
)
"""What nothing has happened to yet."""


def signed_in(world: World, name: str = "ada") -> SignedIn:
    """Sign in one of the lab's people."""
    return sessions.sign_in(world, email=f"{name}@x.test", password=f"{name}-password")


def refresh(world: World, token: str) -> SignedIn:
    """Exchange a refresh token as a request would."""
    with world.transaction():
        return sessions.refresh_session(world, refresh_token=token)


def test_a_new_account_is_confirmed_and_lower_case() -> None:
    world = begin()
    user = accounts.create_user(
        world, email="Ada@X.Test", password="secret", name="Ada", metadata='{"name":"Ada"}'
    )
    assert {**asdict(user), "id": "", "password_hash": ""} == {
        "id": "",
        "email": "ada@x.test",
        "name": "Ada",
        "password_hash": "",
        "created_at": EPOCH,
        "updated_at": EPOCH,
        "ordinal": 1,
        "email_confirmed_at": EPOCH,
        "last_sign_in_at": None,
        "user_metadata": user.user_metadata,
        "app_metadata": "{}",
        "identity_data": user.user_metadata,
        "analytics_opt_in": False,
        "product_mail_opt_in": False,
        "is_change_half_confirmed": False,
        **dict.fromkeys(UNSET),
    }
    assert json_object(user.user_metadata) == {
        "name": "Ada",
        "email": "ada@x.test",
        "email_verified": True,
        "phone_verified": False,
        "sub": user.id,
    }
    assert world.find(User, "email", "ada@x.test") is user


def test_passwords_are_kept_as_salted_hashes() -> None:
    world = begin()
    hashes = [
        accounts.create_user(world, email=email, password="secret", name="", metadata="{}")
        for email in ("a@x", "b@x")
    ]
    one, other = (user.password_hash.split("$") for user in hashes)
    assert (one[:2], len(one[3])) == (["scrypt", "512"], 64)
    assert one[2] != other[2]
    assert one[3] != other[3]
    assert passwords.has_password(hashes[0], "secret")
    assert not passwords.has_password(hashes[0], "Secret")


@pytest.mark.parametrize(
    ("email", "password", "refusal"),
    [
        ("ada@x.test", "long enough", EmailTaken),
        ("ADA@x.test", "long enough", EmailTaken),
        ("new@x.test", "short", WeakPassword),
    ],
)
def test_an_account_is_refused(email: str, password: str, refusal: type[Refusal]) -> None:
    world = begin()
    account(world, "ada")
    before = state_of(world)
    with pytest.raises(refusal):
        accounts.create_user(world, email=email, password=password, name="", metadata="{}")
    assert state_of(world) == before


def test_signing_up_makes_a_workspace_of_ones_own_and_a_session() -> None:
    world = begin()
    new = signups.sign_up(
        world, email="ada@x.test", password="secret", name="Ada", metadata='{"name":"Ada"}'
    ).signed_in
    assert new is not None
    [member] = world.all(Member, "user", new.user.id)
    workspace = world.expect(Workspace, member.workspace_id)
    assert (member.role, workspace.name, workspace.slug) == (
        "owner",
        "My workspace",
        "my-workspace",
    )
    assert world.all(Session, "user", new.user.id) == [new.session]
    assert new.user.last_sign_in_at == EPOCH


@pytest.mark.parametrize(
    ("email", "password"), [("ada@x.test", "wrong"), ("nobody@x.test", "ada-password")]
)
def test_a_wrong_password_and_an_unknown_account_are_the_same(email: str, password: str) -> None:
    world = begin()
    account(world, "ada")
    with pytest.raises(BadPassword) as refused:
        sessions.sign_in(world, email=email, password=password)
    assert refused.value.message == "Invalid login credentials"


def test_signing_in_notes_the_time_and_opens_a_session() -> None:
    world = begin()
    account(world, "ada")
    lifecycle.move(world, to=world.now + SECOND)
    new = signed_in(world)
    assert (new.user.last_sign_in_at, new.user.updated_at) == (EPOCH + SECOND, EPOCH + SECOND)
    assert sessions.session_actor(world, new.session.id) == Actor(
        user_id=new.user.id, session_id=new.session.id
    )


def test_a_refresh_token_is_exchanged_for_the_next() -> None:
    world = begin()
    account(world, "ada")
    first = signed_in(world)
    second = refresh(world, first.refresh_token.id)
    assert second.session is first.session
    assert second.refresh_token.id != first.refresh_token.id
    assert second.refresh_token.parent == first.refresh_token.id
    assert world.expect(RefreshToken, first.refresh_token.id).is_used


def test_the_parent_of_the_active_token_yields_the_active_one_and_changes_nothing() -> None:
    world = begin()
    account(world, "ada")
    first = signed_in(world).refresh_token
    second = refresh(world, first.id).refresh_token
    before = state_of(world)
    assert refresh(world, first.id).refresh_token is second
    assert state_of(world) == before
    assert refresh(world, second.id).refresh_token.parent == second.id


def test_an_older_token_revokes_the_family_and_that_stays() -> None:
    world = begin()
    account(world, "ada")
    tokens = [signed_in(world).refresh_token]
    for _ in range(2):
        tokens.append(refresh(world, tokens[-1].id).refresh_token)
    before = state_of(world)
    with pytest.raises(ReusedRefreshToken):
        refresh(world, tokens[0].id)
    assert state_of(world) != before
    for token in tokens:
        with pytest.raises(ReusedRefreshToken):
            refresh(world, token.id)


def test_reuse_revokes_no_other_session_of_the_user() -> None:
    world = begin()
    account(world, "ada")
    other = signed_in(world)
    first = signed_in(world).refresh_token
    for token in (first, refresh(world, first.id).refresh_token):
        refresh(world, token.id)
    with pytest.raises(ReusedRefreshToken):
        refresh(world, first.id)
    assert refresh(world, other.refresh_token.id).session is other.session


def test_an_unknown_refresh_token_is_refused() -> None:
    with pytest.raises(UnknownRefreshToken):
        refresh(begin(), "abcdefghijkl")


@pytest.mark.parametrize(("scope", "left"), [("local", [1, 2]), ("others", [0]), ("global", [])])
def test_signing_out_ends_the_sessions_of_its_scope(scope: str, left: list[int]) -> None:
    lab = open_lab()
    mine = [signed_in(lab.world) for _ in range(3)]
    others = signed_in(lab.world, "bo")
    actor = sessions.session_actor(lab.world, mine[0].session.id)
    sessions.sign_out(lab.world, actor, scope=scope)
    assert lab.world.all(Session, "user", lab.ada.user_id) == [mine[at].session for at in left]
    assert lab.world.all(Session, "user", lab.bo.user_id) == [others.session]
    for at, one in enumerate(mine):
        is_left = lab.world.get(RefreshToken, one.refresh_token.id) is not None
        assert is_left is (at in left)


def test_an_ended_session_asks_for_a_login() -> None:
    lab = open_lab()
    new = signed_in(lab.world)
    sessions.end_session(lab.world, new.session)
    with pytest.raises(LoginRequired) as refused:
        sessions.session_actor(lab.world, new.session.id)
    assert refused.value.message == golden("all", "login_required", "no-session")


def changed_profile(lab: Lab, **changes: bool | str | None) -> User:
    """Change Ada's profile."""
    nothing = {"name": None, "analytics_opt_in": None, "product_mail_opt_in": None}
    return accounts.update_profile(lab.world, lab.ada, **{**nothing, **changes})  # type: ignore[arg-type]


def test_a_profile_changes_in_what_is_given_alone() -> None:
    lab = open_lab()
    lifecycle.move(lab.world, to=lab.world.now + SECOND)
    user = changed_profile(lab, analytics_opt_in=True)
    said = (user.name, user.analytics_opt_in, user.product_mail_opt_in, user.updated_at)
    assert said == ("ada", True, False, EPOCH + SECOND)
    assert changed_profile(lab, analytics_opt_in=False, name="").name == ""
    assert not lab.world.expect(User, lab.ada.user_id).analytics_opt_in


def test_a_profile_that_stays_as_it_is_changes_nothing() -> None:
    lab = open_lab()
    lifecycle.move(lab.world, to=lab.world.now + SECOND)
    before = state_of(lab.world)
    changed_profile(lab, name="ada", analytics_opt_in=False)
    assert state_of(lab.world) == before


def test_an_api_key_changes_no_profile() -> None:
    lab = open_lab()
    key = Actor(user_id=lab.ada.user_id, api_key_id="key", workspace_id=lab.lab.id)
    with pytest.raises(Forbidden):
        accounts.update_profile(
            lab.world, key, name="x", analytics_opt_in=None, product_mail_opt_in=None
        )


def test_a_sign_in_and_its_end_are_audited_once_each() -> None:
    lab = open_lab()
    before = len(lab.world.table(AuditEntry))
    new = signed_in(lab.world)
    assert len(lab.world.table(AuditEntry)) == before + 1
    sessions.end_session(lab.world, new.session)
    assert len(lab.world.table(AuditEntry)) == before + 2


def hashings(work: Callable[[], object]) -> int:
    """Return how many passwords are hashed by some work, which is refused."""
    calls = []

    def note(_: FrameType, event: str, called: object) -> None:
        if event == "c_call" and called is scrypt:
            calls.append(called)

    sys.setprofile(note)
    try:
        with pytest.raises(BadPassword):
            work()
    finally:
        sys.setprofile(None)
    return len(calls)


def test_signing_in_does_the_same_work_for_an_address_that_nobody_has() -> None:
    world = begin()
    account(world, "ada")
    without = account(world, "bo").user_id
    world.put(replace(world.expect(User, without), password_hash=""))
    work = {
        email: hashings(partial(sessions.sign_in, world, email=email, password="wrong"))
        for email in ("ada@x.test", "bo@x.test", "nobody@x.test")
    }
    assert work == {"ada@x.test": 1, "bo@x.test": 1, "nobody@x.test": 1}
