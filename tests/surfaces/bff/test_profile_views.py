"""The dashboard and Supabase Auth are two faces of one store of accounts and sessions."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import pytest

from tests.support.checked_client import Emulator, LawfulClient
from tests.support.fixture_seed import A_UUID
from tests.support.gotrue import (
    ADA,
    ADAS,
    CONFIRMS,
    admin,
    bearing,
    done,
    error,
    follow,
    fragment_of,
    log_in,
    mails,
    newest_mail,
    project,
    refusal,
    visitor,
)
from tests.support.messages import golden

COOKIE = "sb-localhost-auth-token"
LOGIN_REQUIRED = {
    "error": {"code": "login_required", "message": golden("all", "login_required", "no-session")}
}
GONE = refusal(403, "session_not_found", "Session from session_id claim in JWT does not exist")
UNCONFIRMED = "  - {email: eve@lab.test, password: eve-password, is_confirmed: false}"
NEW = {"email": "new@lab.test", "password": "new-password", "name": "New"}


def stored(client: LawfulClient) -> dict[str, Any]:
    """Return the session that the cookie holds."""
    text = client.cookies[COOKIE].removeprefix("base64-")
    session: dict[str, Any] = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return session


def with_session(emulator: Emulator, session: dict[str, Any]) -> LawfulClient:
    """Return a browser to which @supabase/ssr gave a session."""
    client = emulator.client()
    client.cookies.set(COOKIE, json.dumps(session).replace(",", "%2C").replace('"', "%22"))
    return client


def test_who_signs_in_on_the_dashboard_is_signed_in_to_supabase(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    session = stored(emulator.signed_in())
    answer = bearing(emulator, session["access_token"]).get("/auth/v1/user")
    assert (answer.status_code, done(answer)) == (200, ADAS)
    assert session["user"] == ADAS


def test_who_signs_in_to_supabase_is_signed_in_on_the_dashboard(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    answer = with_session(emulator, log_in(emulator)).get("/api/auth/session")
    user = {"id": ADA, "email": "ada@lab.test", "name": "Ada", "email_verified": True}
    assert (answer.status_code, answer.json()["user"]) == (200, user)


def test_signing_out_on_the_dashboard_signs_out_of_supabase(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    other = log_in(emulator)
    client = emulator.signed_in()
    mine = stored(client)
    assert client.post("/api/auth/logout").json() == {"ok": True}
    for session in (mine, other):
        assert error(bearing(emulator, session["access_token"]).get("/auth/v1/user")) == GONE


def test_signing_out_of_supabase_signs_out_on_the_dashboard(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    client = emulator.signed_in()
    bearing(emulator, stored(client)["access_token"]).post("/auth/v1/logout")
    for path in ("/api/auth/session", "/api/cloud/me"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()) == (401, LOGIN_REQUIRED)


def test_a_password_that_was_changed_on_one_face_is_that_of_the_other(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    dashboard = emulator.signed_in()
    token = log_in(emulator)["access_token"]
    bearing(emulator, token).put("/auth/v1/user", json={"password": "next-password"})
    assert dashboard.get("/api/auth/session").status_code == 401
    old = {"email": "ada@lab.test", "password": "ada-password"}
    answer = emulator.client().post("/api/auth/login", json=old)
    expected = {"code": "invalid_credentials", "message": "Invalid login credentials"}
    assert (answer.status_code, answer.json()) == (401, {"error": expected})
    new = {**old, "password": "next-password"}
    assert emulator.client().post("/api/auth/login", json=new).status_code == 200


def test_a_sign_up_on_the_dashboard_waits_for_its_mail(tmp_path: Path) -> None:
    emulator = project(tmp_path, CONFIRMS)
    client = emulator.client()
    answer = client.post("/api/auth/signup", json=NEW)
    user = {"id": A_UUID, "email": "new@lab.test", "name": "New", "email_verified": False}
    assert (answer.status_code, answer.json()) == (201, {"user": user, "expires_at": None})
    assert "set-cookie" not in answer.headers
    assert client.get("/api/auth/session").json() == LOGIN_REQUIRED
    login = {"email": NEW["email"], "password": NEW["password"]}
    refused = client.post("/api/auth/login", json=login)
    expected = {"error": {"code": "forbidden", "message": "Email not confirmed"}}
    assert (refused.status_code, refused.json()) == (403, expected)
    follow(emulator, newest_mail(emulator, "new@lab.test")["link"])
    session = client.post("/api/auth/login", json=login)
    confirmed = {**answer.json()["user"], "email_verified": True}
    assert (session.status_code, session.json()["user"]) == (200, confirmed)


@pytest.mark.parametrize(
    ("email", "count"), [("ada@lab.test", 0), ("eve@lab.test", 1), ("new@lab.test", 1)]
)
def test_a_sign_up_does_not_tell_whether_an_address_is_taken(
    tmp_path: Path, email: str, count: int
) -> None:
    emulator = project(tmp_path, CONFIRMS, UNCONFIRMED)
    answer = emulator.client().post("/api/auth/signup", json={**NEW, "email": email})
    user = {"id": A_UUID, "email": email, "name": "New", "email_verified": False}
    assert (answer.status_code, answer.json()) == (201, {"user": user, "expires_at": None})
    assert answer.json()["user"]["id"] != ADA
    assert [mail["kind"] for mail in mails(emulator)] == ["confirmation"] * count


def test_the_dashboard_takes_no_sign_up_where_there_are_none(tmp_path: Path) -> None:
    answer = project(tmp_path, "disable_signup: true").client().post("/api/auth/signup", json=NEW)
    message = "Signups not allowed for this instance"
    expected = {"error": {"code": "forbidden", "message": message}}
    assert (answer.status_code, answer.json()) == (403, expected)


def test_a_weak_password_is_refused_by_path(tmp_path: Path) -> None:
    emulator = project(tmp_path, "password_min_length: 10")
    answer = emulator.client().post("/api/auth/signup", json={**NEW, "password": "123456789"})
    message = "Password should be at least 10 characters."
    details = {"path": "password", "errors": [{"path": "password", "message": message}]}
    expected = {"code": "validation_error", "message": message, "details": details}
    assert (answer.status_code, answer.json()) == (422, {"error": expected})


def test_asking_for_a_reset_is_answered_alike_and_mails_whoever_is_known(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    answers = [
        emulator.client().post("/api/auth/reset-password", json={"email": email})
        for email in ("Ada@lab.test", "nobody@lab.test")
    ]
    seen = [
        (one.status_code, one.content, sorted({**one.headers, "x-emulator-state": ""}))
        for one in answers
    ]
    assert seen[0] == seen[1]
    assert seen[0][:2] == (200, b'{"ok":true}')
    [mail] = mails(emulator)
    assert (mail["to"], mail["kind"]) == ("ada@lab.test", "reset")
    landed = fragment_of(follow(emulator, mail["link"]))
    assert landed["type"] == "recovery"
    answer = bearing(emulator, landed["access_token"]).put(
        "/auth/v1/user", json={"password": "next-password"}
    )
    assert answer.status_code == 200
    login = {"email": "ada@lab.test", "password": "next-password"}
    assert emulator.client().post("/api/auth/login", json=login).status_code == 200


def test_a_banned_user_cannot_sign_in_on_the_dashboard(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    admin(emulator).put(f"/auth/v1/admin/users/{ADA}", json={"ban_duration": "1h"})
    said = {"email": "ada@lab.test", "password": "ada-password"}
    answer = emulator.client().post("/api/auth/login", json=said)
    expected = {"error": {"code": "forbidden", "message": "User is banned"}}
    assert (answer.status_code, answer.json()) == (403, expected)


def test_who_was_deleted_is_signed_out_on_the_dashboard(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    client = emulator.signed_in()
    admin(emulator).delete(f"/auth/v1/admin/users/{ADA}")
    answer = client.get("/api/cloud/me")
    assert (answer.status_code, answer.json()) == (401, LOGIN_REQUIRED)


def test_a_sign_up_on_supabase_is_an_account_of_the_dashboard(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    said = {"email": "new@lab.test", "password": "new-password", "data": {"full_name": "New"}}
    visitor(emulator).post("/auth/v1/signup", json=said)
    login = {"email": "new@lab.test", "password": "new-password"}
    user = emulator.client().post("/api/auth/login", json=login).json()["user"]
    assert user == {"id": A_UUID, "email": "new@lab.test", "name": "New", "email_verified": True}
