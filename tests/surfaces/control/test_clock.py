"""The clock: it moves when told to, never backwards, and says what happened on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from emulator.world.core.jobs import schedule
from emulator.world.identity.sessions import TIMEBOX
from tests.support.checked_client import Emulator
from tests.support.fixture_seed import A_UUID
from tests.support.gotrue import (
    ADA,
    BO,
    EPOCH,
    bearing,
    claims_of,
    done,
    error,
    log_in,
    project,
    refusal,
    visitor,
)
from tests.support.messages import golden

AT_REST = {"now": EPOCH, "mode": "virtual", "epoch": EPOCH}


def move(emulator: Emulator, how: str, said: dict[str, Any]) -> Any:
    """Return the answer to a move of the clock."""
    return emulator.client().post(f"/_emulator/clock/{how}", json=said)


def invalid(path: str, message: str, said: str | None = None) -> dict[str, Any]:
    """Return a `validation_error`."""
    details = {"path": path, "errors": [{"path": path, "message": message}]}
    return {"error": {"code": "validation_error", "message": said or message, "details": details}}


def test_the_clock_stands_still(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    answer = emulator.client().get("/_emulator/clock")
    assert (answer.status_code, answer.json()) == (200, AT_REST)
    log_in(emulator)
    assert emulator.client().get("/_emulator/clock").json() == AT_REST


@pytest.mark.parametrize(
    ("said", "now"),
    [
        ({"seconds": 0}, EPOCH),
        ({"seconds": 90}, "2026-01-01T00:01:30Z"),
        ({"seconds": 0.25}, "2026-01-01T00:00:00.250000Z"),
        ({"duration": "P30D"}, "2026-01-31T00:00:00Z"),
        ({"duration": "PT1H30M"}, "2026-01-01T01:30:00Z"),
    ],
)
def test_the_clock_is_advanced(tmp_path: Path, said: dict[str, Any], now: str) -> None:
    emulator = project(tmp_path)
    answer = move(emulator, "advance", said)
    expected = {**AT_REST, "now": now}
    assert (answer.status_code, answer.json()) == (200, {**expected, "happened": []})
    assert emulator.client().get("/_emulator/clock").json() == expected


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z"),
        ("2026-03-01T12:00:00+02:00", "2026-03-01T10:00:00Z"),
        (EPOCH, EPOCH),
    ],
)
def test_the_clock_is_set(tmp_path: Path, now: str, shown: str) -> None:
    answer = move(project(tmp_path), "set", {"now": now})
    assert (answer.status_code, answer.json()) == (200, {**AT_REST, "now": shown, "happened": []})


BACKWARDS = golden("control", "clock", "set-backwards")
ONE_OF_TWO = golden("control", "clock", "seconds-and-duration")


@pytest.mark.parametrize(
    ("how", "said", "expected"),
    [
        ("set", {"now": "2025-12-31T23:59:59Z"}, invalid("now", BACKWARDS)),
        (
            "set",
            {"now": "9999-01-01T00:00:00Z"},
            invalid("now", golden("control", "clock", "beyond-its-end")),
        ),
        (
            "set",
            {"now": "2026-03-01T12:00:00"},
            invalid(
                "now",
                golden("all", "validation_error", "no-time"),
                "now: " + golden("all", "validation_error", "no-time"),
            ),
        ),
        ("set", {}, invalid("now", "Field required", "now: Field required")),
        (
            "advance",
            {"seconds": -1},
            invalid(
                "seconds",
                "Input should be greater than or equal to 0",
                "seconds: Input should be greater than or equal to 0",
            ),
        ),
        (
            "advance",
            {"duration": "-P1D"},
            invalid("seconds", golden("control", "clock", "advanced-backwards")),
        ),
        ("advance", {}, invalid("", ONE_OF_TWO)),
        ("advance", {"seconds": 1, "duration": "P1D"}, invalid("", ONE_OF_TWO)),
        (
            "advance",
            {"duration": "P999999D"},
            invalid("now", golden("control", "clock", "beyond-its-end")),
        ),
    ],
)
def test_the_clock_does_not_move_where_it_may_not(
    tmp_path: Path, how: str, said: dict[str, Any], expected: dict[str, Any]
) -> None:
    emulator = project(tmp_path)
    if said.get("duration") == "P999999D":
        move(emulator, "set", {"now": "8000-01-01T00:00:00Z"})
    answer = move(emulator, how, said)
    assert (answer.status_code, answer.json()) == (422, expected)


def test_what_falls_due_happens_in_order(tmp_path: Path) -> None:
    emulator = project(tmp_path, "session_timebox: P3D")
    ada, bo = emulator.signed_in(0), emulator.signed_in(1)
    bo.post("/api/cloud/me", json={"action": "delete"})
    ada.post("/api/cloud/me", json={"action": "export"})
    bo.post("/api/cloud/me", json={"action": "export"})
    answer = move(emulator, "advance", {"duration": "P31D"}).json()
    happened = [(one["at"], one["what"]) for one in answer.pop("happened")]
    assert happened == [
        ("2026-01-01T00:01:00Z", "finish export"),
        ("2026-01-01T00:01:00Z", "finish export"),
        ("2026-01-04T00:00:00Z", "end session"),
        ("2026-01-04T00:00:00Z", "end session"),
        ("2026-01-05T00:00:00Z", "forget session"),
        ("2026-01-05T00:00:00Z", "forget session"),
        ("2026-01-08T00:01:00Z", "expire export"),
        ("2026-01-08T00:01:00Z", "expire export"),
        ("2026-01-31T00:00:00Z", "purge user"),
    ]
    assert answer == {**AT_REST, "now": "2026-02-01T00:00:00Z"}


def test_what_happened_says_to_what(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    emulator.signed_in(1).post("/api/cloud/me", json={"action": "delete"})
    emulator.signed_in(0).post("/api/cloud/me", json={"action": "export"})
    first = move(emulator, "advance", {"seconds": 60}).json()["happened"]
    assert first == [{"at": "2026-01-01T00:01:00Z", "what": "finish export", "target_id": A_UUID}]
    second = move(emulator, "set", {"now": "2026-01-31T00:00:00Z"}).json()["happened"]
    assert second == [
        {"at": "2026-01-08T00:01:00Z", "what": "expire export", "target_id": first[0]["target_id"]},
        {"at": "2026-01-31T00:00:00Z", "what": "purge user", "target_id": BO},
    ]
    assert move(emulator, "advance", {"duration": "P365D"}).json()["happened"] == []


def test_one_long_way_and_many_short_ones_end_alike(tmp_path: Path) -> None:
    states = []
    for steps in (1, 31):
        emulator = project(tmp_path, "session_timebox: P3D")
        ada = emulator.signed_in(0)
        ada.post("/api/cloud/me", json={"action": "export"})
        ada.post("/api/cloud/me", json={"action": "delete"})
        for _ in range(steps):
            move(emulator, "advance", {"seconds": 31 * 86_400 / steps})
        states.append(emulator.client().get("/_emulator/state").json())
    assert states[0] == states[1]


# Ending sessions now


def test_one_session_is_ended_now(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    mine, other = log_in(emulator), log_in(emulator)
    said = {"session_id": claims_of(mine["access_token"])["session_id"]}
    answer = emulator.client().post("/_emulator/sessions/expire", json=said)
    assert (answer.status_code, answer.json()) == (200, {"ended": 1})
    gone = refusal(403, "session_not_found", "Session from session_id claim in JWT does not exist")
    assert error(bearing(emulator, mine["access_token"]).get("/auth/v1/user")) == gone
    assert bearing(emulator, other["access_token"]).get("/auth/v1/user").status_code == 200
    again = emulator.client().post("/_emulator/sessions/expire", json=said)
    message = golden("all", "not_found", "no-session-here", session=said["session_id"])
    expected = {"error": {"code": "not_found", "message": message}}
    assert (again.status_code, again.json()) == (404, expected)


@pytest.mark.parametrize(
    ("said", "ended", "left"),
    [({"email": "ADA@lab.test"}, 2, [False, False, True]), ({}, 3, [False, False, False])],
)
def test_the_sessions_of_a_user_or_all_are_ended_now(
    tmp_path: Path, said: dict[str, str], ended: int, left: list[bool]
) -> None:
    emulator = project(tmp_path)
    sessions = [log_in(emulator), log_in(emulator), log_in(emulator, "bo")]
    answer = emulator.client().post("/_emulator/sessions/expire", json=said)
    assert (answer.status_code, answer.json()) == (200, {"ended": ended})
    clients = [bearing(emulator, one["access_token"]) for one in sessions]
    assert [client.get("/auth/v1/user").status_code == 200 for client in clients] == left


def test_a_session_that_is_ended_now_is_ended_on_the_dashboard(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    browser = emulator.signed_in()
    emulator.client().post("/_emulator/sessions/expire")
    for path in ("/api/auth/session", "/api/cloud/me"):
        answer = browser.get(path)
        expected = {
            "error": {
                "code": "login_required",
                "message": golden("all", "login_required", "no-session"),
            }
        }
        assert (answer.status_code, answer.json()) == (401, expected)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"email": "nobody@lab.test"}, 404),
        ({"email": "x"}, 422),
        ({"session_id": "x", "email": "ada@lab.test"}, 422),
        ({"all": True}, 422),
    ],
)
def test_an_end_that_is_off_ends_nothing(tmp_path: Path, said: dict[str, Any], status: int) -> None:
    emulator = project(tmp_path)
    session = log_in(emulator)
    assert emulator.client().post("/_emulator/sessions/expire", json=said).status_code == status
    assert bearing(emulator, session["access_token"]).get("/auth/v1/user").status_code == 200


# Wall mode


def test_in_wall_mode_the_clock_is_the_machines(tmp_path: Path) -> None:
    emulator = project(tmp_path, is_wall_clock=True)
    first = emulator.client().get("/_emulator/clock").json()
    second = emulator.client().get("/_emulator/clock").json()
    assert first["mode"] == "wall"
    assert first["epoch"] == second["epoch"] <= first["now"] < second["now"]


def test_in_wall_mode_a_token_lives_for_an_hour(tmp_path: Path) -> None:
    emulator = project(tmp_path, is_wall_clock=True)
    session = log_in(emulator)
    token = session["access_token"]
    claims = claims_of(token)
    assert session["expires_in"] == 3600
    assert session["expires_at"] == claims["exp"] == claims["iat"] + 3600
    client = emulator.client()
    client.headers["Authorization"] = f"Bearer {token}"
    move(emulator, "advance", {"seconds": 3000})
    assert bearing(emulator, token).get("/auth/v1/user").status_code == 200
    assert client.get("/api/me").status_code == 200
    move(emulator, "advance", {"seconds": 600})
    expired = "invalid JWT: unable to parse or verify signature"
    for method, path in (("GET", "user"), ("PUT", "user"), ("POST", "logout")):
        answer = bearing(emulator, token).request(method, f"/auth/v1/{path}")
        assert error(answer) == refusal(403, "bad_jwt", expired)
    answer = client.get("/api/me")
    assert answer.status_code == 401
    assert answer.json()["detail"]["code"] == "login_required"
    renewed = visitor(emulator).post(
        "/auth/v1/token?grant_type=refresh_token",
        json={"refresh_token": session["refresh_token"]},
    )
    assert renewed.status_code == 200
    fresh = done(renewed)["access_token"]
    assert bearing(emulator, fresh).get("/auth/v1/user").status_code == 200


def test_in_wall_mode_a_seed_that_pins_its_epoch_has_lived_since(tmp_path: Path) -> None:
    seed = f"""
epoch: 2020-01-01T00:00:00Z
users:
  - {{id: {ADA}, email: ada@lab.test, password: ada-password}}
workspaces:
  - {{slug: lab, name: Lab, members: [{{user: ada@lab.test, role: owner}}]}}
"""
    emulator = Emulator.of(seed, tmp_path, is_wall_clock=True)
    clock = emulator.client().get("/_emulator/clock").json()
    assert clock["epoch"] == "2020-01-01T00:00:00Z"
    assert clock["now"] > "2025"
    account = log_in(emulator)["user"]
    assert account["created_at"] == "2020-01-01T00:00:00Z"
    assert account["last_sign_in_at"] > "2025"


def test_in_wall_mode_what_falls_due_happens_with_the_next_request(tmp_path: Path) -> None:
    emulator = project(tmp_path, is_wall_clock=True)
    token = log_in(emulator)["access_token"]
    world = emulator.world
    schedule(world, TIMEBOX, claims_of(token)["session_id"], due=world.now)
    answer = bearing(emulator, token).get("/auth/v1/user")
    assert answer.headers["x-sb-error-code"] == "session_not_found"
