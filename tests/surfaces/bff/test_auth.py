"""The dashboard's session flow."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.checked_client import Emulator
from tests.support.expected_views import FREE, usage
from tests.support.fixture_seed import A_UUID, ADA, PERIOD, browser, caller, invalid, problem
from tests.support.messages import golden
from tests.support.session_cookies import NAME, decoded

EXPIRES_AT = 1_767_225_600 + 2_300_000_000
ADAS: dict[str, Any] = {
    "user": {"id": ADA, "email": "ada@lab.test", "name": "Ada", "email_verified": True},
    "expires_at": EXPIRES_AT,
}
LOGIN_REQUIRED = {"error": problem("login_required", golden("all", "login_required", "no-session"))}
NO_STORE = "private, no-cache, no-store, must-revalidate, max-age=0"
MALFORMED = r"String should match pattern '^[^@\s]+@[^@\s.]+(\.[^@\s.]+)*$'"


def test_signing_in_shows_whose_session_it_is(scene: Emulator) -> None:
    anyone = scene.client()
    said = {"email": "ADA@lab.test ", "password": "ada-password"}
    answer = anyone.post("/api/auth/login", json=said)
    assert (answer.status_code, answer.json()) == (200, ADAS)
    assert [answer.headers[name] for name in ("cache-control", "expires", "pragma")] == [
        NO_STORE,
        "0",
        "no-cache",
    ]
    session = anyone.get("/api/auth/session")
    assert (session.status_code, session.json()) == (200, ADAS)
    assert session.headers["cache-control"] == NO_STORE


@pytest.mark.parametrize(
    ("email", "password"), [("ada@lab.test", "wrong"), ("nobody@lab.test", "ada-password")]
)
def test_a_wrong_password_and_an_unknown_account_are_the_same(
    scene: Emulator, email: str, password: str
) -> None:
    answer = scene.client().post("/api/auth/login", json={"email": email, "password": password})
    expected = {"error": problem("invalid_credentials", "Invalid login credentials")}
    assert (answer.status_code, answer.json()) == (401, expected)
    assert "set-cookie" not in answer.headers
    assert "www-authenticate" not in answer.headers


def test_signing_up_makes_an_account_a_workspace_and_a_session(scene: Emulator) -> None:
    anyone = scene.client()
    said = {"email": "New@Lab.test", "password": "secret", "name": "New"}
    answer = anyone.post("/api/auth/signup", json=said)
    user = {"id": A_UUID, "email": "new@lab.test", "name": "New", "email_verified": True}
    expected = {"user": user, "expires_at": EXPIRES_AT}
    assert (answer.status_code, answer.json()) == (201, expected)
    [workspace] = anyone.get("/api/cloud/workspaces").json()["items"]
    assert workspace == {
        "id": A_UUID,
        "name": "My workspace",
        "slug": "my-workspace",
        "role": "owner",
        "plan": "free",
        "subscription_status": None,
        "period": PERIOD,
        "usage": usage(FREE, members=1),
        "created_at": "2026-01-01T00:00:00Z",
    }
    profile = anyone.get("/api/cloud/me").json()
    assert (profile["id"], profile["name"]) == (answer.json()["user"]["id"], "New")
    stored = decoded(anyone.cookies[NAME])
    assert stored["user"]["user_metadata"]["name"] == "New"


def test_signing_up_twice_is_a_conflict(scene: Emulator) -> None:
    said = {"email": "ada@lab.test", "password": "password"}
    answer = scene.client().post("/api/auth/signup", json=said)
    expected = {"error": problem("conflict", "User already registered")}
    assert (answer.status_code, answer.json()) == (409, expected)


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({"password": "secret"}, [("email", "Field required")]),
        ({"email": "a@b"}, [("password", "Field required")]),
        ({"email": "nonsense", "password": "secret"}, [("email", MALFORMED)]),
        ({"email": "a b@c.de", "password": "secret"}, [("email", MALFORMED)]),
        (
            {"email": "a@b", "password": ""},
            [("password", "String should have at least 1 character")],
        ),
        (
            {"email": "a@b", "password": "x" * 73},
            [("password", "String should have at most 72 characters")],
        ),
        (
            {"email": "a@b", "password": "secret", "role": "admin"},
            [("role", "Extra inputs are not permitted")],
        ),
        ({}, [("email", "Field required"), ("password", "Field required")]),
    ],
)
@pytest.mark.parametrize("path", ["/api/auth/login", "/api/auth/signup"])
def test_what_signs_in_or_up_must_be_as_documented(
    scene: Emulator, path: str, body: dict[str, str], places: list[tuple[str, str]]
) -> None:
    answer = scene.client().post(path, json=body)
    assert (answer.status_code, answer.json()) == (422, {"error": invalid(*places)})


def test_a_weak_password_is_refused_with_its_path(scene: Emulator) -> None:
    said = {"email": "new@lab.test", "password": "short"}
    answer = scene.client().post("/api/auth/signup", json=said)
    message = "Password should be at least 6 characters."
    expected = {"error": invalid(("password", message), message=message)}
    assert (answer.status_code, answer.json()) == (422, expected)


def test_signing_out_ends_every_session_of_the_user(scene: Emulator) -> None:
    here, there, by_token = browser(scene, "ada"), browser(scene, "ada"), caller(scene, "ada")
    bo = browser(scene, "bo")
    answer = here.post("/api/auth/logout")
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert NAME not in here.cookies
    for client in (here, there):
        gone = client.get("/api/auth/session")
        assert (gone.status_code, gone.json()) == (401, LOGIN_REQUIRED)
    assert by_token.get("/api/me").status_code == 401
    assert bo.get("/api/auth/session").status_code == 200


def test_signing_out_without_a_session_is_done_already(scene: Emulator) -> None:
    anyone = scene.client()
    before = str(scene.world.state.digest)
    answer = anyone.post("/api/auth/logout", content=b"not even JSON")
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert answer.headers.get_list("set-cookie") == []
    assert str(scene.world.state.digest) == before


@pytest.mark.parametrize("email", ["ada@lab.test", "nobody@lab.test"])
def test_asking_for_a_reset_answers_the_same_whoever_asks(scene: Emulator, email: str) -> None:
    answer = scene.client().post("/api/auth/reset-password", json={"email": email})
    assert (answer.status_code, answer.json()) == (200, {"ok": True})


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, ("email", "Field required")),
        ({"email": "x"}, ("email", MALFORMED)),
        ({"email": "a@b", "x": 1}, ("x", "Extra inputs are not permitted")),
    ],
)
def test_asking_for_a_reset_needs_an_address(
    scene: Emulator, body: dict[str, Any], place: tuple[str, str]
) -> None:
    answer = scene.client().post("/api/auth/reset-password", json=body)
    assert (answer.status_code, answer.json()) == (422, {"error": invalid(place)})


def test_without_a_session_there_is_none_to_show(scene: Emulator) -> None:
    answer = scene.client().get("/api/auth/session")
    assert (answer.status_code, answer.json()) == (401, LOGIN_REQUIRED)


@pytest.mark.parametrize("path", ["login", "signup", "reset-password"])
def test_a_body_that_is_no_json_object_is_refused(scene: Emulator, path: str) -> None:
    anyone = scene.client()
    cut = anyone.post(
        f"/api/auth/{path}", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert (cut.status_code, cut.json()["error"]["code"]) == (422, "validation_error")
    form = anyone.post(f"/api/auth/{path}", data={"email": "ada@lab.test"})
    assert (form.status_code, form.json()["error"]["code"]) == (422, "validation_error")
    big = anyone.post(f"/api/auth/{path}", content=b" " * (10 * 2**20 + 1))
    message = golden("all", "payload_too_large", "body-above-ten-mib")
    assert (big.status_code, big.json()) == (413, {"error": problem("payload_too_large", message)})


def test_the_profile_of_a_session_is_the_same_on_both_sides(scene: Emulator) -> None:
    ada = browser(scene, "ada")
    ada.patch("/api/cloud/me", json={"name": "Ada L."})
    assert ada.get("/api/auth/session").json()["user"]["name"] == "Ada L."
    assert caller(scene, "ada").get("/api/me").json() == ada.get("/api/cloud/me").json()
