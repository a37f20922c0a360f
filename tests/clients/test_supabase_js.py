"""The real supabase-js against `/auth/v1`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.support.server import Running
from tests.support.supabase_clients import MISSING, Supabase
from tests.support.world_naming import ANY, Place, place_of

WAYS = ANY

ADA = {"email": "ada@example.com", "password": "demo-password"}
BOB = {"email": "bob@example.com", "password": "demo-password"}

SEED = """
users:
  - {email: ada@example.com, name: Ada, password: demo-password}
  - {email: bob@example.com, name: Bob, password: demo-password}
"""


@pytest.fixture(scope="module")
def supabase(server: Place) -> Supabase:
    return Supabase(server)


@pytest.fixture(scope="module")
def life(supabase: Supabase) -> dict[str, Any]:
    """One session from its beginning to its end, by step."""
    steps = [
        ("signed in", "signIn"),
        ("user", "getUser"),
        ("session", "getSession"),
        ("session again", "getSession"),
        ("session a third time", "getSession"),
        ("claims", "getClaims"),
        ("refreshed", "refresh"),
        ("user after refresh", "getUser"),
        ("signed out", "signOut"),
        ("session after sign-out", "getSession"),
    ]
    taken = supabase.take(*(step for _, step in steps), login=ADA)
    return {name: one for (name, _), one in zip(steps, taken, strict=True)}


def session_of(step: dict[str, Any]) -> dict[str, Any]:
    session: dict[str, Any] = step["data"]["session"]
    return session


def test_a_password_opens_a_session(life: dict[str, Any]) -> None:
    signed_in = life["signed in"]
    session = session_of(signed_in)
    assert signed_in["error"] is None
    assert signed_in["requests"] == ["POST /auth/v1/token?grant_type=password"]
    assert sorted(session) == [
        "access_token",
        "expires_at",
        "expires_in",
        "refresh_token",
        "token_type",
        "user",
    ]
    assert session["token_type"] == "bearer"
    assert session["user"] == signed_in["data"]["user"]


def test_the_user_of_a_session_is_the_one_who_signed_in(life: dict[str, Any]) -> None:
    assert life["user"] == {
        "data": {"user": session_of(life["signed in"])["user"]},
        "error": None,
        "requests": ["GET /auth/v1/user"],
    }
    assert life["user"]["data"]["user"]["email"] == ADA["email"]


def test_a_session_is_asked_for_three_times_without_a_request(life: dict[str, Any]) -> None:
    once: dict[str, Any] = {
        "data": {"session": session_of(life["signed in"])},
        "error": None,
        "requests": [],
    }
    assert [life[name] for name in ("session", "session again", "session a third time")] == [
        once,
        once,
        once,
    ]


def test_claims_are_not_expired_under_the_virtual_clock(life: dict[str, Any]) -> None:
    claims = life["claims"]["data"]["claims"]
    session = session_of(life["signed in"])
    assert life["claims"]["error"] is None
    # Of an HS256 token the server is asked.
    assert life["claims"]["requests"] == ["GET /auth/v1/user"]
    assert (claims["sub"], claims["role"]) == (session["user"]["id"], "authenticated")
    assert claims["exp"] == session["expires_at"]
    assert claims["exp"] - claims["iat"] == session["expires_in"]


def test_a_refresh_rotates_the_token_and_keeps_the_session(life: dict[str, Any]) -> None:
    refreshed = life["refreshed"]
    before, after = session_of(life["signed in"]), session_of(refreshed)
    assert refreshed["error"] is None
    assert refreshed["requests"] == ["POST /auth/v1/token?grant_type=refresh_token"]
    assert after["refresh_token"] != before["refresh_token"]
    assert after["user"] == before["user"]
    assert life["user after refresh"]["data"]["user"] == before["user"]


def test_signing_out_leaves_no_session(life: dict[str, Any]) -> None:
    assert life["signed out"] == {
        "data": None,
        "error": None,
        "requests": ["POST /auth/v1/logout?scope=global"],
    }
    assert life["session after sign-out"] == {
        "data": {"session": None},
        "error": None,
        "requests": [],
    }


def test_the_token_of_a_session_that_was_signed_out_is_a_missing_session(
    supabase: Supabase, life: dict[str, Any]
) -> None:
    token = session_of(life["refreshed"])["access_token"]
    [after] = supabase.take("getUser", token=token)
    assert (after["data"], after["error"]) == ({"user": None}, MISSING)


@pytest.mark.parametrize(
    "credentials",
    [{**ADA, "password": "not-hers"}, {**ADA, "email": "nobody@example.com"}],
    ids=["wrong-password", "unknown-email"],
)
def test_a_wrong_password_and_an_unknown_address_are_the_same_error(
    supabase: Supabase, credentials: dict[str, str]
) -> None:
    [refused] = supabase.take("signIn", login=credentials)
    assert refused["data"] == {"user": None, "session": None}
    assert refused["error"] == {
        "name": "AuthApiError",
        "status": 400,
        "code": "invalid_credentials",
        "message": "Invalid login credentials",
    }


def test_an_unknown_refresh_token_is_an_error_with_its_code(supabase: Supabase) -> None:
    [refused] = supabase.take("refresh", refreshToken="aaaaaaaaaaaa")
    assert refused["error"]["name"] == "AuthApiError"
    assert (refused["error"]["status"], refused["error"]["code"]) == (
        400,
        "refresh_token_not_found",
    )


def test_a_garbled_access_token_is_an_error_with_its_code(supabase: Supabase) -> None:
    [refused] = supabase.take("getUser", token="not.a.token")
    assert refused["error"]["name"] == "AuthApiError"
    assert (refused["error"]["status"], refused["error"]["code"]) == (403, "bad_jwt")


def test_signing_out_elsewhere_ends_only_the_other_sessions(supabase: Supabase) -> None:
    [first] = supabase.take("signIn", login=BOB)
    here = supabase.take("signIn", "signOut", "getUser", scope="others", login=BOB)
    [there] = supabase.take("getUser", token=session_of(first)["access_token"])
    assert here[1]["requests"] == ["POST /auth/v1/logout?scope=others"]
    assert here[2]["data"]["user"]["email"] == BOB["email"]
    assert there["error"] == MISSING


def test_the_control_plane_takes_the_access_token_of_supabase_js(
    supabase: Supabase, server: Place
) -> None:
    [signed_in] = supabase.take("signIn", login=BOB)
    token = session_of(signed_in)["access_token"]
    me = httpx2.get(f"{server.url}/api/me", headers={"Authorization": f"Bearer {token}"})
    assert (me.status_code, me.json()["email"]) == (200, BOB["email"])


def test_under_the_wall_clock_a_fresh_session_is_not_refreshed_either(
    launch: Callable[..., Running],
) -> None:
    supabase = Supabase(place_of(launch("--seed", "onboarding", "--clock", "wall")))
    [login] = supabase.server.ready["logins"]
    signed_in, *others = supabase.take(
        "signIn", "getSession", "getSession", "getClaims", login=login
    )
    assert session_of(signed_in)["expires_in"] == 3600
    assert [one["error"] for one in others] == [None, None, None]
    assert [one["requests"] for one in others] == [[], [], ["GET /auth/v1/user"]]
