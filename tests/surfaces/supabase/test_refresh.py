"""Refreshing a session, and how it ends: by signing out, by its timebox, never by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

from emulator.world.records.identity import Session
from emulator.world.records.system import AuditEntry
from tests.support.checked_client import Emulator
from tests.support.fixture_seed import A_UUID
from tests.support.gotrue import (
    advance,
    bearing,
    done,
    error,
    log_in,
    project,
    refusal,
    signed_in,
    visitor,
)

REFRESH = "/auth/v1/token?grant_type=refresh_token"
NOT_FOUND = refusal(
    400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found"
)

EXPIRED = refusal(400, "session_expired", "Invalid Refresh Token: Session Expired")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, refusal(400, "validation_failed", "refresh_token required")),
        ({"refresh_token": ""}, refusal(400, "validation_failed", "refresh_token required")),
        (
            {"refresh_token": "x" * 11},
            refusal(400, "validation_failed", "Refresh token is not valid"),
        ),
        ({"refresh_token": "x" * 12}, NOT_FOUND),
        (
            {"refresh_token": 7},
            refusal(400, "bad_json", "Could not parse request body as JSON"),
        ),
    ],
)
def test_a_refresh_that_is_off_is_refused(
    tmp_path: Path, said: dict[str, Any], expected: object
) -> None:
    assert error(visitor(project(tmp_path)).post(REFRESH, json=said)) == expected


def refresh(emulator: Emulator, token: str) -> httpx2.Response:
    """Return the answer to a refresh."""
    return visitor(emulator).post(REFRESH, json={"refresh_token": token})


def test_a_refresh_rotates_the_token_and_keeps_the_session(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    first = log_in(emulator)
    answer = refresh(emulator, first["refresh_token"])
    second = done(answer)
    assert (answer.status_code, second) == (
        200,
        {**first, "refresh_token": second["refresh_token"]},
    )
    assert second["refresh_token"] != first["refresh_token"]
    # Of one second, two tokens of a session are the same: there is no `jti`.
    assert second["access_token"] == first["access_token"]


def test_the_parent_of_the_active_token_yields_the_active_one(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    first = log_in(emulator)
    second = done(refresh(emulator, first["refresh_token"]))
    for _ in range(2):
        assert done(refresh(emulator, first["refresh_token"])) == second
    third = done(refresh(emulator, second["refresh_token"]))
    assert third["refresh_token"] not in (first["refresh_token"], second["refresh_token"])


def test_an_older_token_revokes_the_family(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    tokens = [log_in(emulator)["refresh_token"]]
    for _ in range(2):
        tokens.append(done(refresh(emulator, tokens[-1]))["refresh_token"])
    other = log_in(emulator)
    used = refusal(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used")
    assert error(refresh(emulator, tokens[0])) == used
    for token in tokens:
        assert error(refresh(emulator, token)) == used
    assert refresh(emulator, other["refresh_token"]).status_code == 200


def test_a_token_of_an_ended_session_is_not_found(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    session = log_in(emulator)
    bearing(emulator, session["access_token"]).post("/auth/v1/logout")
    assert error(refresh(emulator, session["refresh_token"])) == NOT_FOUND


@pytest.mark.parametrize(
    ("scope", "left"),
    [
        ("?scope=local", [False, True, True]),
        ("?scope=others", [True, False, True]),
        ("?scope=global", [False, False, True]),
        ("?scope=", [False, False, True]),
        ("", [False, False, True]),
    ],
)
def test_signing_out_ends_what_its_scope_says(tmp_path: Path, scope: str, left: list[bool]) -> None:
    emulator = project(tmp_path)
    sessions = [log_in(emulator), log_in(emulator), log_in(emulator, "bo")]
    clients = [bearing(emulator, one["access_token"]) for one in sessions]
    answer = clients[0].post(f"/auth/v1/logout{scope}")
    assert (answer.status_code, answer.content) == (204, b"")
    lives = [client.get("/auth/v1/user").status_code == 200 for client in clients]
    refreshed = [refresh(emulator, one["refresh_token"]).status_code == 200 for one in sessions]
    assert (lives, refreshed) == (left, left)


def test_an_unknown_scope_is_refused(tmp_path: Path) -> None:
    answer = signed_in(project(tmp_path)).post("/auth/v1/logout?scope=all")
    expected = refusal(400, "validation_failed", 'Unsupported logout scope "all"')
    assert error(answer) == expected


def test_a_year_ends_no_session(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    session = log_in(emulator)
    advance(emulator, 366 * 86_400)
    assert bearing(emulator, session["access_token"]).get("/auth/v1/user").status_code == 200
    assert refresh(emulator, session["refresh_token"]).status_code == 200


def test_a_timebox_ends_a_session(tmp_path: Path) -> None:
    emulator = project(tmp_path, "session_timebox: PT1H")
    session = log_in(emulator)
    client = bearing(emulator, session["access_token"])
    advance(emulator, 3599)
    refreshed = done(refresh(emulator, session["refresh_token"]))
    # A refresh does not lengthen it.
    happened = advance(emulator, 1)
    assert happened == [{"at": "2026-01-01T01:00:00Z", "what": "end session", "target_id": A_UUID}]
    gone = refusal(403, "session_not_found", "Session from session_id claim in JWT does not exist")
    assert error(client.get("/auth/v1/user")) == gone
    for token in (session["refresh_token"], refreshed["refresh_token"]):
        assert error(refresh(emulator, token)) == EXPIRED


def test_a_session_whose_time_was_up_is_forgotten_after_a_day(tmp_path: Path) -> None:
    emulator = project(tmp_path, "session_timebox: PT1H")
    token = log_in(emulator)["refresh_token"]
    advance(emulator, 3600 + 86_399)
    assert error(refresh(emulator, token)) == EXPIRED
    assert [one["what"] for one in advance(emulator, 1)] == ["forget session"]
    assert error(refresh(emulator, token)) == NOT_FOUND


def test_a_session_whose_time_was_up_is_ended_no_more_but_signed_out_with_the_others(
    tmp_path: Path,
) -> None:
    emulator = project(tmp_path, "session_timebox: PT1H")
    first = log_in(emulator)
    ended = emulator.world.newest(Session, "all", (), limit=1)[0].id
    advance(emulator, 3600)
    expire = emulator.client().post("/_emulator/sessions/expire", json={"session_id": ended})
    assert expire.status_code == 404
    second = log_in(emulator)
    assert error(refresh(emulator, first["refresh_token"])) == EXPIRED
    bearing(emulator, second["access_token"]).post("/auth/v1/logout")
    for one in (first, second):
        assert error(refresh(emulator, one["refresh_token"])) == NOT_FOUND
    assert advance(emulator, 2 * 86_400) == []
    log = emulator.world.table(AuditEntry).rows()
    assert [one.action for one in log].count("session.ended") == 2
