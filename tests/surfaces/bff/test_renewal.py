"""In wall mode a token expires; the dashboard renews it on the way, as @supabase/ssr would."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.checked_client import Emulator, LawfulClient
from tests.support.gotrue import ADA, NOBODY, admin, claims_of, done, is_live, project, visitor
from tests.surfaces.bff.test_profile_views import COOKIE, LOGIN_REQUIRED, stored

REFRESH = "/auth/v1/token?grant_type=refresh_token"


def later(tmp_path: Path, seconds: int) -> tuple[Emulator, LawfulClient]:
    """Return a project in wall mode and a browser that signed in so many seconds ago."""
    emulator = project(tmp_path, is_wall_clock=True)
    client = emulator.signed_in()
    pass_by(emulator, seconds)
    return emulator, client


def pass_by(emulator: Emulator, seconds: int) -> None:
    """Move the clock ahead of the machine's."""
    answer = emulator.client().post("/_emulator/clock/advance", json={"seconds": seconds})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("seconds", "is_renewed"),
    [(0, False), (3480, False), (3520, True), (3600, True), (10**8, True)],
)
@pytest.mark.parametrize("path", ["/api/auth/session", "/api/cloud/me", "/api/cloud/runs"])
def test_a_token_with_little_time_left_is_renewed(
    tmp_path: Path, path: str, seconds: int, is_renewed: bool
) -> None:
    emulator, client = later(tmp_path, seconds)
    before = stored(client)
    answer = client.get(path)
    assert answer.status_code == 200
    after = stored(client)
    assert ("set-cookie" in answer.headers) == is_renewed
    assert (after != before) == is_renewed
    if is_renewed:
        assert after["user"] == before["user"]
        assert after["refresh_token"] != before["refresh_token"]
        session_ids = [claims_of(one["access_token"])["session_id"] for one in (before, after)]
        assert session_ids[0] == session_ids[1]
        assert is_live(emulator, after["access_token"])
        assert answer.headers["cache-control"].startswith("private, no-cache, no-store")
        again = client.get(path)
        assert (again.status_code, "set-cookie" in again.headers) == (200, False)


def test_the_session_says_when_the_renewed_token_expires(tmp_path: Path) -> None:
    _, client = later(tmp_path, 3600)
    answer = client.get("/api/auth/session")
    assert answer.json()["expires_at"] == stored(client)["expires_at"]


def test_a_write_renews_too(tmp_path: Path) -> None:
    _, client = later(tmp_path, 3600)
    answer = client.post("/api/cloud/projects", json={"name": "New"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (201, True)
    assert client.get("/api/cloud/projects").json()["items"][0]["name"] == "New"


def test_what_is_refused_renews_nothing(tmp_path: Path) -> None:
    emulator, client = later(tmp_path, 3600)
    before = stored(client)
    answer = client.get(f"/api/cloud/runs?workspace_id={NOBODY}")
    assert (answer.status_code, "set-cookie" in answer.headers) == (404, False)
    # The token in the cookie has not been used up.
    answer = visitor(emulator).post(REFRESH, json={"refresh_token": before["refresh_token"]})
    assert answer.status_code == 200


def test_a_look_renews_nothing(tmp_path: Path) -> None:
    emulator, client = later(tmp_path, 3600)
    before = stored(client)["refresh_token"]
    client.head("/api/cloud/me")
    answer = visitor(emulator).post(REFRESH, json={"refresh_token": before})
    assert answer.status_code == 200


def test_two_tabs_with_the_same_cookie_end_with_the_same_session(tmp_path: Path) -> None:
    emulator, first = later(tmp_path, 3600)
    second = emulator.client()
    second.cookies.set(COOKIE, first.cookies[COOKIE], domain="localhost.local", path="/")
    for client in (first, second):
        assert client.get("/api/cloud/me").status_code == 200
    assert stored(first)["refresh_token"] == stored(second)["refresh_token"]


def test_a_session_whose_time_is_up_is_not_renewed(tmp_path: Path) -> None:
    emulator = project(tmp_path, "session_timebox: PT1H", is_wall_clock=True)
    client = emulator.signed_in()
    pass_by(emulator, 3600)
    answer = client.get("/api/cloud/me")
    assert (answer.status_code, answer.json()) == (401, LOGIN_REQUIRED)


@pytest.mark.parametrize("how", ["signed out", "banned", "deleted"])
def test_a_session_that_has_ended_is_not_renewed(tmp_path: Path, how: str) -> None:
    emulator, client = later(tmp_path, 3600)
    if how == "signed out":
        emulator.client().post("/_emulator/sessions/expire")
    elif how == "banned":
        admin(emulator).put(f"/auth/v1/admin/users/{ADA}", json={"ban_duration": "1h"})
    else:
        admin(emulator).delete(f"/auth/v1/admin/users/{ADA}")
    for path in ("/api/auth/session", "/api/cloud/me"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()) == (401, LOGIN_REQUIRED)


def test_a_cookie_that_is_two_renewals_old_revokes_the_family(tmp_path: Path) -> None:
    emulator, client = later(tmp_path, 3600)
    token = stored(client)["refresh_token"]
    for _ in range(2):
        token = done(visitor(emulator).post(REFRESH, json={"refresh_token": token}))[
            "refresh_token"
        ]
    answer = client.get("/api/cloud/me")
    message = "Invalid Refresh Token: Already Used"
    expected = {"error": {"code": "login_required", "message": message}}
    assert (answer.status_code, answer.json()) == (401, expected)
    newest = visitor(emulator).post(REFRESH, json={"refresh_token": token})
    assert newest.headers["x-sb-error-code"] == "refresh_token_already_used"


def test_signing_out_with_an_expired_token_ends_the_session(tmp_path: Path) -> None:
    emulator, client = later(tmp_path, 3600)
    refresh_token = stored(client)["refresh_token"]
    answer = client.post("/api/auth/logout")
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert COOKIE not in client.cookies
    answer = visitor(emulator).post(REFRESH, json={"refresh_token": refresh_token})
    assert answer.status_code == 400


def test_the_virtual_clock_renews_nothing(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    client = emulator.signed_in()
    pass_by(emulator, 10**8)
    answer = client.get("/api/auth/session")
    assert (answer.status_code, "set-cookie" in answer.headers) == (200, False)
