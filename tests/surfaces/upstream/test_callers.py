"""Who may call the upstream, and in which order a call is judged."""

from __future__ import annotations

import pytest

from emulator.wire.gotrue.tokens import anon_key
from tests.support.checked_client import Emulator
from tests.support.fixture_seed import (
    AWAY_SECRET,
    BRIEF_SECRET,
    REVOKED_SECRET,
    SECRET,
    browser,
    caller,
    problem,
    with_secret,
)
from tests.support.messages import golden

NO_CALLER = {
    "detail": problem(
        "invalid_credentials",
        golden("upstream", "invalid_credentials", "no-credential"),
    )
}
BAD_KEY = {
    "detail": problem(
        "invalid_credentials",
        golden("upstream", "invalid_credentials", "unknown-key"),
    )
}
LOGIN_REQUIRED = {
    "detail": problem("login_required", golden("all", "login_required", "no-session"))
}


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer not-a-token", "Bearer a.b.c", "wbx_x"],
    ids=repr,
)
def test_without_a_credential_of_a_known_kind_nothing_is_shown(
    scene: Emulator, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = scene.client().get("/api/me", headers=headers)
    assert (answer.status_code, answer.json()) == (401, NO_CALLER)
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("secret", ["wbx_", "wbx_unknown", REVOKED_SECRET, SECRET + "x"])
def test_a_key_that_is_not_good_is_refused(scene: Emulator, secret: str) -> None:
    answer = with_secret(scene, secret).get("/api/me")
    assert (answer.status_code, answer.json()) == (401, BAD_KEY)


def test_a_key_is_good_until_the_clock_passes_its_expiry(scene: Emulator) -> None:
    brief = with_secret(scene, BRIEF_SECRET)
    assert brief.get("/api/me").status_code == 200
    scene.client().post("/_emulator/clock/advance", json={"duration": "P1D"})
    answer = brief.get("/api/me")
    assert (answer.status_code, answer.json()) == (401, BAD_KEY)
    assert with_secret(scene, SECRET).get("/api/me").status_code == 200


def test_the_scheme_is_read_whatever_its_case(scene: Emulator) -> None:
    answer = scene.client().get("/api/me", headers={"Authorization": f"bEARER  {SECRET} "})
    assert answer.json()["email"] == "ada@lab.test"


def test_a_session_that_has_ended_must_log_in_again(scene: Emulator) -> None:
    ada = caller(scene, "ada")
    assert ada.get("/api/me").json()["email"] == "ada@lab.test"
    ada.post("/auth/v1/logout")
    answer = ada.get("/api/me")
    assert (answer.status_code, answer.json()) == (401, LOGIN_REQUIRED)


def test_the_anon_key_is_no_callers(scene: Emulator) -> None:
    token = anon_key(scene.world, scene.settings)
    answer = scene.client().get("/api/me", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()) == (401, NO_CALLER)


def test_a_session_cookie_is_not_read(scene: Emulator) -> None:
    answer = browser(scene, "ada").get("/api/me")
    assert (answer.status_code, answer.json()) == (401, NO_CALLER)


def test_the_method_is_judged_before_the_caller(scene: Emulator) -> None:
    answer = scene.client().put("/api/runs", content=b"{")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")


def test_the_caller_is_judged_before_the_body(scene: Emulator) -> None:
    bad = {"content": b"{", "headers": {"Content-Type": "text/plain"}}
    client = scene.client()
    assert client.post("/api/runs", **bad).json() == NO_CALLER  # type: ignore[arg-type]
    assert client.post("/api/runs", content=b"x" * (10 * 2**20 + 1)).json() == NO_CALLER
    assert client.get("/api/runs?limit=x&cursor=%00").json() == NO_CALLER


@pytest.mark.parametrize(("secret", "slug"), [(SECRET, "lab"), (AWAY_SECRET, "away")])
def test_a_key_reaches_its_one_workspace(scene: Emulator, secret: str, slug: str) -> None:
    listed = with_secret(scene, secret).get("/api/workspaces").json()
    assert [one["slug"] for one in listed["items"]] == [slug]
    assert listed["next_cursor"] is None
