"""The real Python client of Supabase against `/auth/v1`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import httpx2
import pytest
from supabase import AuthApiError, Client, ClientOptions, create_client
from supabase_auth import AuthResponse, Session

from tests.support.world_naming import ANY, Place

WAYS = (*ANY, "port")

EMAIL, PASSWORD = "ada@example.com", "demo-password"

SEED = f"""
users:
  - {{email: {EMAIL}, name: Ada Zoë, password: {PASSWORD}}}
"""


@pytest.fixture
def client(server: Place) -> Iterator[Client]:
    """A client without a session, and without a timer that outlives the test."""
    with httpx.Client() as http:
        yield create_client(
            server.url,
            server.anon_key,
            ClientOptions(
                headers=dict(server.headers), auto_refresh_token=False, httpx_client=http
            ),
        )


def sign_in(client: Client, *, password: str = PASSWORD) -> Session:
    answer = client.auth.sign_in_with_password({"email": EMAIL, "password": password})
    return session_of(answer)


def session_of(answer: AuthResponse) -> Session:
    assert answer.session is not None
    assert answer.user == answer.session.user
    return answer.session


def refusal_of(call: Callable[[], object]) -> tuple[int, str | None, str]:
    with pytest.raises(AuthApiError) as caught:
        call()
    return caught.value.status, caught.value.code, caught.value.message


def test_a_password_opens_a_session_of_the_user(client: Client) -> None:
    session = sign_in(client)
    assert session.token_type == "bearer"
    assert session.user.email == EMAIL
    assert session.user.user_metadata["name"] == "Ada Zoë"
    assert client.auth.get_session() == session
    answer = client.auth.get_user()
    assert answer is not None and answer.user == session.user


def test_the_control_plane_takes_the_access_token(client: Client, server: Place) -> None:
    headers = {"Authorization": f"Bearer {sign_in(client).access_token}"}
    me = httpx2.get(f"{server.url}/api/me", headers=headers)
    assert (me.status_code, me.json()["email"]) == (200, EMAIL)


def test_claims_are_not_expired_under_the_virtual_clock(client: Client) -> None:
    session = sign_in(client)
    answer = client.auth.get_claims()
    assert answer is not None
    assert answer["claims"]["sub"] == session.user.id
    assert answer["claims"]["exp"] == session.expires_at


def test_a_refresh_rotates_the_token_and_keeps_the_user(client: Client) -> None:
    before = sign_in(client)
    after = session_of(client.auth.refresh_session())
    assert after.refresh_token != before.refresh_token
    assert after.user == before.user
    assert client.auth.get_session() == after


def test_an_older_refresh_token_ends_the_session_for_good(client: Client) -> None:
    first = sign_in(client)
    for _ in range(2):
        last = session_of(client.auth.refresh_session())
    refused = (400, "refresh_token_already_used", "Invalid Refresh Token: Already Used")
    assert refusal_of(lambda: client.auth.refresh_session(first.refresh_token)) == refused
    assert refusal_of(lambda: client.auth.refresh_session(last.refresh_token)) == refused


def test_signing_out_ends_the_session(client: Client) -> None:
    token = sign_in(client).access_token
    client.auth.sign_out()
    assert client.auth.get_session() is None
    assert refusal_of(lambda: client.auth.get_user(token)) == (
        403,
        "session_not_found",
        "Session from session_id claim in JWT does not exist",
    )


def test_a_wrong_password_is_refused_with_its_code(client: Client) -> None:
    assert refusal_of(lambda: sign_in(client, password="not-hers")) == (
        400,
        "invalid_credentials",
        "Invalid login credentials",
    )
    assert client.auth.get_session() is None
