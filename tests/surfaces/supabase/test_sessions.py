"""Signing in, refreshing, the user behind a token, signing out, as GoTrue's clients see it."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from emulator import __version__
from emulator.wire.gotrue.tokens import anon_key, service_key
from tests.support.checked_client import ORIGIN, Emulator, LawfulClient
from tests.support.fixture_seed import A_UUID, ADA, EPOCH, PEOPLE, Matching, browser, caller

NOW = 1_767_225_600
LIFE = 2_300_000_000
A_JWT = Matching(r"[\w-]+\.[\w-]+\.[\w-]+")
A_REFRESH_TOKEN = Matching(r"[0-9a-z]{12}")
VERSION = {"X-Supabase-Api-Version": "2024-01-01"}

IDENTITY = {"email": "ada@lab.test", "email_verified": True, "phone_verified": False, "sub": ADA}
USER: dict[str, Any] = {
    "id": ADA,
    "aud": "authenticated",
    "role": "authenticated",
    "email": "ada@lab.test",
    "phone": "",
    "app_metadata": {"provider": "email", "providers": ["email"]},
    "user_metadata": {"name": "Ada", **IDENTITY},
    "identities": [
        {
            "identity_id": A_UUID,
            "id": ADA,
            "user_id": ADA,
            "identity_data": {"name": "Ada", **IDENTITY},
            "provider": "email",
            "last_sign_in_at": EPOCH,
            "created_at": EPOCH,
            "updated_at": EPOCH,
            "email": "ada@lab.test",
        }
    ],
    "created_at": EPOCH,
    "updated_at": EPOCH,
    "is_anonymous": False,
    "email_confirmed_at": EPOCH,
    "confirmed_at": EPOCH,
    "last_sign_in_at": EPOCH,
}
SESSION: dict[str, Any] = {
    "access_token": A_JWT,
    "token_type": "bearer",
    "expires_in": LIFE,
    "expires_at": NOW + LIFE,
    "refresh_token": A_REFRESH_TOKEN,
    "user": USER,
}


def token(client: LawfulClient, grant: str, **body: object) -> Any:
    """Ask for a session and return the answer."""
    return client.post("/auth/v1/token", params={"grant_type": grant}, json=body)


def signed_in(scene: Emulator, name: str = "ada") -> dict[str, Any]:
    """Return a session of one of the people."""
    email, password = scene.worlds.planted.logins[PEOPLE[name]]
    session: dict[str, Any] = token(
        scene.client(), "password", email=email, password=password
    ).json()
    return session


def refused(answer: Any, status: int, code: str, message: str) -> None:
    """Check an error in the shape of clients that send no version."""
    expected = {"code": status, "error_code": code, "msg": message}
    assert (answer.status_code, answer.json()) == (status, expected)
    assert answer.headers["x-sb-error-code"] == code


def test_a_password_is_exchanged_for_a_session(scene: Emulator) -> None:
    answer = token(scene.client(), "password", email="ADA@lab.test", password="ada-password")
    assert (answer.status_code, answer.json()) == (200, SESSION)
    assert answer.headers["cache-control"].startswith("private, no-cache, no-store")


def test_the_access_token_has_gotrues_claims(scene: Emulator) -> None:
    session = signed_in(scene)
    claims = jwt.decode(
        session["access_token"],
        scene.settings.jwt_secret,
        algorithms=["HS256"],
        audience="authenticated",
        options={"verify_iat": False},
    )
    assert claims == {
        "iss": f"{ORIGIN}/auth/v1",
        "sub": ADA,
        "aud": "authenticated",
        "exp": NOW + LIFE,
        "iat": NOW,
        "email": "ada@lab.test",
        "phone": "",
        "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": {
            "name": "Ada",
            "email": "ada@lab.test",
            "email_verified": True,
            "phone_verified": False,
            "sub": ADA,
        },
        "role": "authenticated",
        "aal": "aal1",
        "amr": [{"method": "password", "timestamp": NOW}],
        "session_id": A_UUID,
        "is_anonymous": False,
    }


def test_what_clients_send_besides_is_ignored(scene: Emulator) -> None:
    noise: dict[str, Any] = {"gotrue_meta_security": {}, "code_challenge": None, "data": {}}
    said = {"email": "ada@lab.test", "password": "ada-password", **noise}
    assert token(scene.client(), "password", **said).json() == SESSION


def test_a_body_is_read_whatever_its_declared_type(scene: Emulator) -> None:
    answer = scene.client().post(
        "/auth/v1/token?grant_type=password",
        content=b'{"email":"ada@lab.test","password":"ada-password"}',
        headers={"Content-Type": "text/plain"},
    )
    assert answer.json() == SESSION


def test_a_refresh_token_is_exchanged_once_for_the_same_session(scene: Emulator) -> None:
    first = signed_in(scene)
    scene.client().post("/_emulator/clock/advance", json={"seconds": 90})
    answer = token(scene.client(), "refresh_token", refresh_token=first["refresh_token"])
    expected = {**SESSION, "expires_at": NOW + LIFE}
    assert (answer.status_code, answer.json()) == (200, expected)
    assert answer.json()["refresh_token"] != first["refresh_token"]
    ids = {
        jwt.decode(one["access_token"], options={"verify_signature": False})["session_id"]
        for one in (first, answer.json())
    }
    assert len(ids) == 1


def test_the_parent_of_the_current_token_yields_the_current_one(scene: Emulator) -> None:
    anyone = scene.client()
    first = signed_in(scene)["refresh_token"]
    second = token(anyone, "refresh_token", refresh_token=first).json()["refresh_token"]
    again = token(anyone, "refresh_token", refresh_token=first)
    assert (again.status_code, again.json()["refresh_token"]) == (200, second)


def test_an_older_token_revokes_the_family_for_good(scene: Emulator) -> None:
    anyone = scene.client()
    tokens = [signed_in(scene)["refresh_token"]]
    for _ in range(2):
        answer = token(anyone, "refresh_token", refresh_token=tokens[-1])
        tokens.append(answer.json()["refresh_token"])
    before = str(scene.world.state.digest)
    message = "Invalid Refresh Token: Already Used"
    for reused in (tokens[0], tokens[2]):
        answer = token(anyone, "refresh_token", refresh_token=reused)
        refused(answer, 400, "refresh_token_already_used", message)
    assert str(scene.world.state.digest) != before


@pytest.mark.parametrize("value", ["abcdefghijkl", "abcdefghijkm"])
def test_an_unknown_refresh_token_is_refused(scene: Emulator, value: str) -> None:
    answer = token(scene.client(), "refresh_token", refresh_token=value)
    message = "Invalid Refresh Token: Refresh Token Not Found"
    refused(answer, 400, "refresh_token_not_found", message)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_token_shows_its_user(scene: Emulator, method: str) -> None:
    answer = caller(scene, "ada").request(method, "/auth/v1/user")
    assert answer.status_code == 200
    assert method == "HEAD" or answer.json() == USER


def test_a_session_of_the_bff_is_a_session_here_and_the_other_way_round(scene: Emulator) -> None:
    ada = browser(scene, "ada")
    assert ada.get("/auth/v1/user").status_code == 401
    caller(scene, "ada").post("/auth/v1/logout?scope=global")
    assert ada.get("/api/auth/session").status_code == 401


@pytest.mark.parametrize(
    ("scope", "alive"),
    [("?scope=global", []), ("", []), ("?scope=local", [1, 2]), ("?scope=others", [0])],
)
def test_signing_out_ends_the_sessions_of_its_scope(
    scene: Emulator, scope: str, alive: list[int]
) -> None:
    clients = [caller(scene, "ada") for _ in range(3)]
    bo = caller(scene, "bo")
    answer = clients[0].post(f"/auth/v1/logout{scope}", content=b"not JSON")
    assert (answer.status_code, answer.content) == (204, b"")
    states = [one.get("/auth/v1/user").status_code for one in clients]
    assert states == [200 if place in alive else 403 for place in range(3)]
    assert bo.get("/auth/v1/user").status_code == 200


def test_a_session_that_has_ended_is_not_found_and_cannot_be_refreshed(scene: Emulator) -> None:
    session = signed_in(scene)
    client = scene.client()
    client.headers["Authorization"] = f"Bearer {session['access_token']}"
    client.post("/auth/v1/logout")
    message = "Session from session_id claim in JWT does not exist"
    for answer in (client.get("/auth/v1/user"), client.post("/auth/v1/logout")):
        refused(answer, 403, "session_not_found", message)
    answer = token(client, "refresh_token", refresh_token=session["refresh_token"])
    assert answer.json()["error_code"] == "refresh_token_not_found"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic x", "Token x"], ids=repr)
@pytest.mark.parametrize(("method", "path"), [("GET", "user"), ("POST", "logout")])
def test_without_a_bearer_there_is_no_authorization(
    scene: Emulator, method: str, path: str, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = scene.client().request(method, f"/auth/v1/{path}", headers=headers)
    refused(answer, 401, "no_authorization", "This endpoint requires a valid Bearer token")


@pytest.mark.parametrize("kind", ["garbage", "anon", "service", "api key", "another secret"])
def test_a_bearer_that_is_no_users_is_a_bad_jwt(scene: Emulator, kind: str) -> None:
    session = signed_in(scene)
    claims = jwt.decode(session["access_token"], options={"verify_signature": False})
    bearer = {
        "garbage": "a.b.c",
        "anon": anon_key(scene.world, scene.settings),
        "service": service_key(scene.world, scene.settings),
        "api key": scene.worlds.planted.keys[0][1],
        "another secret": jwt.encode(claims, "another secret of 32 characters!"),
    }[kind]
    answer = scene.client().get("/auth/v1/user", headers={"Authorization": f"Bearer {bearer}"})
    message = "invalid JWT: unable to parse or verify signature"
    if kind in ("anon", "service"):
        message = "invalid claim: missing sub claim"
    refused(answer, 403, "bad_jwt", message)


def test_health_says_who_answers(scene: Emulator) -> None:
    assert scene.client().get("/auth/v1/health").json() == {
        "version": f"worldflux-emulator {__version__}",
        "name": "GoTrue",
        "description": "GoTrue is a user registration and authentication API",
    }
