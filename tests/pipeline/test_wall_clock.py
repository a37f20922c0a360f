"""Wall mode: the clock follows the machine's, and tokens are judged by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from tests.support.checked_client import ORIGIN, Emulator
from tests.support.fixture_seed import SEED, problem, stage
from tests.support.messages import golden

LOGIN_REQUIRED = problem("login_required", golden("all", "login_required", "no-session"))


def anyone(emulator: Emulator) -> TestClient:
    """Return a client without the laws: here even a GET moves the clock."""
    return TestClient(emulator.app, base_url=ORIGIN)


def clock(emulator: Emulator) -> Any:
    """Return what control says of the clock."""
    return anyone(emulator).get("/_emulator/clock").json()


def moment(text: str) -> datetime:
    """Return a time that an answer showed."""
    return datetime.fromisoformat(text)


def test_the_world_begins_now_unless_the_seed_pins_its_epoch(tmp_path: Path) -> None:
    before = datetime.now(UTC)
    shown = clock(stage(tmp_path, is_wall_clock=True))
    after = datetime.now(UTC)
    assert shown["mode"] == "wall"
    assert before <= moment(shown["epoch"]) <= moment(shown["now"]) <= after
    pinned = Emulator.of("epoch: 2026-02-03T00:00:00Z" + SEED, tmp_path, is_wall_clock=True)
    shown = clock(pinned)
    assert shown["epoch"] == "2026-02-03T00:00:00Z"
    assert moment(shown["now"]) >= before


def test_the_clock_goes_on_by_itself_and_may_be_put_ahead(tmp_path: Path) -> None:
    scene = stage(tmp_path, is_wall_clock=True)
    first, second = clock(scene), clock(scene)
    assert moment(first["now"]) <= moment(second["now"])
    moved = anyone(scene).post("/_emulator/clock/advance", json={"seconds": 3600}).json()
    assert moment(moved["now"]) - moment(second["now"]) >= timedelta(hours=1)
    assert moment(clock(scene)["now"]) >= moment(moved["now"])


def test_a_token_is_good_for_an_hour(tmp_path: Path) -> None:
    scene = stage(tmp_path, is_wall_clock=True)
    client = anyone(scene)
    said = {"email": "ada@lab.test", "password": "ada-password"}
    session = client.post("/auth/v1/token?grant_type=password", json=said).json()
    assert session["expires_in"] == 3600
    client.post("/api/auth/login", json=said)
    client.headers["Authorization"] = f"Bearer {session['access_token']}"
    paths = ("/api/me", "/auth/v1/user", "/api/auth/session", "/api/cloud/me")
    assert [client.get(path).status_code for path in paths] == [200] * 4
    client.post("/_emulator/clock/advance", json={"seconds": 3601})
    upstream, supabase, session_check, bff = (client.get(path) for path in paths)
    assert (upstream.status_code, upstream.json()) == (401, {"detail": LOGIN_REQUIRED})
    assert (supabase.status_code, supabase.json()["error_code"]) == (403, "bad_jwt")
    # The cookie's session is renewed on the way, as @supabase/ssr would.
    assert (session_check.status_code, bff.status_code) == (200, 200)
    assert [one.split("=")[0] for one in session_check.headers.get_list("set-cookie")] == [
        "sb-localhost-auth-token"
    ]
    assert "set-cookie" not in bff.headers
    said = {"refresh_token": session["refresh_token"]}
    fresh = client.post("/auth/v1/token?grant_type=refresh_token", json=said).json()
    client.headers["Authorization"] = f"Bearer {fresh['access_token']}"
    assert client.get("/api/me").status_code == 200


def test_reset_begins_now_again(tmp_path: Path) -> None:
    scene = stage(tmp_path, is_wall_clock=True)
    before = clock(scene)
    anyone(scene).post("/_emulator/clock/advance", json={"duration": "P1D"})
    anyone(scene).post("/_emulator/reset")
    after = clock(scene)
    assert moment(before["epoch"]) <= moment(after["epoch"]) <= moment(after["now"])
    assert moment(after["now"]) - moment(before["now"]) < timedelta(days=1)
