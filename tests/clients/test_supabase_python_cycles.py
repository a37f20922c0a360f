"""The real Python client of Supabase: sign up, verify, reset, change, administer.

Its flow is PKCE unless it is told otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import httpx
import pytest
from supabase import AuthApiError, Client, ClientOptions, create_client
from supabase_auth.errors import AuthError, AuthWeakPasswordError
from supabase_auth.types import CodeExchangeParams

from tests.support.auth_project import ADA, NEW, OTHER, PAGE, PASSWORD, Project, follow, token_hash
from tests.support.world_naming import ANY

WAYS = ANY

MakeProject = Callable[..., Project]
Connect = Callable[..., Client]

LOGIN = {"email": ADA, "password": PASSWORD}


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Return a function that makes a client of a project, without a timer of its own."""
    with httpx.Client() as http:

        def connect(
            here: Project,
            *,
            key: str | None = None,
            flow: Literal["pkce", "implicit"] = "pkce",
        ) -> Client:
            options = ClientOptions(
                headers=dict(here.server.headers),
                auto_refresh_token=False,
                httpx_client=http,
                flow_type=flow,
            )
            return create_client(here.server.url, key or here.server.anon_key, options)

        yield connect


def code_of(call: Callable[[], object]) -> tuple[int, str | None]:
    with pytest.raises(AuthError) as caught:
        call()
    error = caught.value
    assert isinstance(error, AuthApiError | AuthWeakPasswordError)
    return error.status, error.code


def sign_in(client: Client, email: str = ADA, password: str = PASSWORD) -> str:
    """Sign in and return the user's id."""
    user = client.auth.sign_in_with_password({"email": email, "password": password}).user
    assert user is not None
    return user.id


def email_of(client: Client) -> str | None:
    answer = client.auth.get_user()
    return None if answer is None else answer.user.email


def test_a_sign_up_without_a_confirmation_is_a_session(
    project: MakeProject, connect: Connect
) -> None:
    client = connect(project())
    answer = client.auth.sign_up(
        {"email": NEW, "password": PASSWORD, "options": {"data": {"team": "red"}}}
    )
    assert answer.session is not None and answer.user is not None
    assert answer.user.user_metadata["team"] == "red"
    assert client.auth.get_session() == answer.session
    assert email_of(client) == NEW


def test_a_sign_up_is_confirmed_by_a_code_that_is_typed_or_by_its_hash(
    project: MakeProject, connect: Connect
) -> None:
    here = project(confirm_email=True)
    client = connect(here)
    answer = client.auth.sign_up({"email": NEW, "password": PASSWORD})
    assert (answer.session, answer.user is not None) == (None, True)
    assert code_of(lambda: sign_in(client, NEW)) == (400, "email_not_confirmed")
    mail = here.newest_mail(NEW, "confirmation")
    verified = client.auth.verify_otp({"email": NEW, "token": mail["code"], "type": "signup"})
    assert verified.session is not None and email_of(client) == NEW

    client.auth.sign_up({"email": "other@example.com", "password": PASSWORD})
    hashed = token_hash(here.newest_mail("other@example.com", "confirmation"))
    other = client.auth.verify_otp({"token_hash": hashed, "type": "email"})
    assert other.session is not None and email_of(client) == "other@example.com"
    assert code_of(lambda: client.auth.verify_otp({"token_hash": hashed, "type": "email"})) == (
        403,
        "otp_expired",
    )


def test_a_taken_address_is_not_told_where_sign_ups_are_confirmed(
    project: MakeProject, connect: Connect
) -> None:
    here = project(confirm_email=True)
    answer = connect(here).auth.sign_up({"email": ADA, "password": PASSWORD})
    assert answer.session is None and answer.user is not None
    assert (answer.user.identities, answer.user.role, here.mail(ADA)) == ([], "", [])


def test_a_password_is_reset_by_the_link_of_a_mail(project: MakeProject, connect: Connect) -> None:
    here = project()
    old, client = connect(here), connect(here)
    sign_in(old)
    client.auth.reset_password_for_email(ADA, {"redirect_to": PAGE})
    arrival = follow(here.newest_mail(ADA, "reset")["link"])
    assert (arrival.page, list(arrival.query)) == (PAGE, ["code"])
    exchange: CodeExchangeParams = {
        "auth_code": arrival.query["code"],
        "code_verifier": "",  # the client's own
        "redirect_to": PAGE,
    }
    wrong: CodeExchangeParams = {**exchange, "code_verifier": "w" * 43}
    assert code_of(lambda: client.auth.exchange_code_for_session(wrong)) == (
        400,
        "bad_code_verifier",
    )
    exchanged = client.auth.exchange_code_for_session(exchange)
    assert exchanged.session is not None and email_of(client) == ADA

    assert code_of(lambda: client.auth.update_user({"password": "short"})) == (422, "weak_password")
    assert code_of(lambda: client.auth.update_user({"password": PASSWORD})) == (
        422,
        "same_password",
    )
    client.auth.update_user({"password": OTHER})
    assert email_of(client) == ADA
    assert code_of(old.auth.get_user) == (403, "session_not_found")
    assert code_of(lambda: sign_in(old)) == (400, "invalid_credentials")
    assert sign_in(old, password=OTHER) == exchanged.session.user.id


def test_an_implicit_link_hands_over_the_session_itself(
    project: MakeProject, connect: Connect
) -> None:
    here = project()
    client = connect(here, flow="implicit")
    client.auth.sign_in_with_otp({"email": ADA, "options": {"email_redirect_to": PAGE}})
    arrival = follow(here.newest_mail(ADA, "magic_link")["link"])
    assert (arrival.query, arrival.fragment["type"]) == ({}, "magiclink")
    client.auth.set_session(arrival.fragment["access_token"], arrival.fragment["refresh_token"])
    assert email_of(client) == ADA


def test_metadata_and_address_are_changed(project: MakeProject, connect: Connect) -> None:
    here = project()
    client = connect(here)
    user_id = sign_in(client)
    client.auth.update_user({"data": {"team": "red", "level": 1}})
    merged = client.auth.update_user({"data": {"team": None}}).user.user_metadata
    assert ("team" in merged, merged["level"]) == (False, 1)
    assert client.auth.update_user({"email": NEW}).user.new_email == NEW
    hashed = token_hash(here.newest_mail(NEW, "email_change"))
    client.auth.verify_otp({"token_hash": hashed, "type": "email_change"})
    assert email_of(client) == NEW
    assert sign_in(connect(here), NEW) == user_id


def test_an_administrator_creates_changes_bans_and_deletes(
    project: MakeProject, connect: Connect
) -> None:
    here = project()
    client, admin = connect(here), connect(here, key=here.server.service_key).auth.admin
    created = admin.create_user({"email": NEW, "password": PASSWORD, "email_confirm": True}).user
    assert sign_in(client, NEW) == created.id
    assert admin.get_user_by_id(created.id).user.email == NEW
    assert {user.email for user in admin.list_users()} >= {ADA, NEW}

    changed = admin.update_user_by_id(created.id, {"app_metadata": {"plan": "pro"}}).user
    assert changed.app_metadata["plan"] == "pro"
    admin.update_user_by_id(created.id, {"ban_duration": "1h"})
    assert code_of(lambda: sign_in(client, NEW)) == (400, "user_banned")

    admin.delete_user(created.id)
    assert code_of(client.auth.get_user) == (403, "user_not_found")
    assert code_of(lambda: admin.get_user_by_id(created.id)) == (404, "user_not_found")
    assert code_of(client.auth.admin.list_users) == (403, "not_admin")


def test_an_administrator_makes_a_link_and_invites(project: MakeProject, connect: Connect) -> None:
    here = project()
    admin = connect(here, key=here.server.service_key).auth.admin
    made = admin.generate_link({"type": "recovery", "email": ADA, "options": {"redirect_to": PAGE}})
    assert (made.properties.redirect_to, here.mail(ADA)) == (PAGE, [])
    client = connect(here)
    client.auth.verify_otp({"token_hash": made.properties.hashed_token, "type": "recovery"})
    assert email_of(client) == ADA

    invited = admin.invite_user_by_email(NEW, {"redirect_to": PAGE}).user
    arrival = follow(here.newest_mail(NEW, "invitation")["link"])
    assert arrival.page == PAGE
    client.auth.set_session(arrival.fragment["access_token"], arrival.fragment["refresh_token"])
    assert email_of(client) == invited.email == NEW


def test_a_session_that_is_expired_from_outside_is_not_found(
    project: MakeProject, connect: Connect
) -> None:
    here = project(signing="ES256")
    client = connect(here)
    user_id = sign_in(client)
    here.control("clock/advance", duration="P366D")
    assert email_of(client) == ADA
    answer = client.auth.get_claims()
    assert answer is not None and answer["claims"]["sub"] == user_id
    here.control("sessions/expire")
    assert code_of(client.auth.get_user) == (403, "session_not_found")
