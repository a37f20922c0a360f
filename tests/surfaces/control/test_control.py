"""Control: health, state, reset, the clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from emulator import __version__
from emulator.world.records.tables import TABLES
from tests.support.checked_client import Emulator
from tests.support.fixture_seed import SECRET as KEY
from tests.support.fixture_seed import caller, invalid, problem, with_secret
from tests.support.messages import golden

CLOCK = {"now": "2026-01-01T00:00:00Z", "mode": "virtual", "epoch": "2026-01-01T00:00:00Z"}
RUN = {"name": "n", "adapter_id": "a", "task": "eval"}
COUNTS = {
    "clock": 1,
    "origin": 1,
    "ordinals": 8,
    "users": 4,
    "sessions": 0,
    "refresh_tokens": 0,
    "workspaces": 2,
    "members": 4,
    "projects": 3,
    "runs": 4,
    "api_keys": 4,
    "shares": 3,
}


def test_health_says_which_process_this_is_and_on_which_seed(scene: Emulator) -> None:
    answer = scene.client().get("/_emulator/health")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "status": "ok",
            "version": __version__,
            "instance": "local",
            "seed": "scene",
            "clock": CLOCK,
        },
    )


def test_state_counts_the_records_of_every_table(scene: Emulator) -> None:
    anyone = scene.client()
    answer = anyone.get("/_emulator/state")
    tables = answer.json()["tables"]
    assert list(tables) == [spec.name for spec in TABLES]
    assert {name: tables[name] for name in COUNTS} == COUNTS
    assert answer.json() == {"digest": answer.headers["x-emulator-state"], "tables": tables}
    with_secret(scene, KEY).post("/api/runs", json=RUN)
    after = anyone.get("/_emulator/state").json()["tables"]
    changed = {"runs": 5, "audit": tables["audit"] + 1, "ordinals": tables["ordinals"] + 1}
    assert after == {**tables, **changed}


@pytest.mark.parametrize(
    ("body", "now"),
    [
        ({"seconds": 0}, "2026-01-01T00:00:00Z"),
        ({"seconds": 1.5}, "2026-01-01T00:00:01.500000Z"),
        ({"seconds": 86400}, "2026-01-02T00:00:00Z"),
        ({"duration": "P30D"}, "2026-01-31T00:00:00Z"),
        ({"duration": "P1M"}, "2026-02-01T00:00:00Z"),
        ({"duration": "P1Y2M3DT4H"}, "2027-03-04T04:00:00Z"),
        ({"duration": "PT1M"}, "2026-01-01T00:01:00Z"),
        ({"duration": "PT0.000001S"}, "2026-01-01T00:00:00.000001Z"),
    ],
)
def test_the_clock_is_advanced(scene: Emulator, body: dict[str, Any], now: str) -> None:
    anyone = scene.client()
    assert anyone.get("/_emulator/clock").json() == CLOCK
    answer = anyone.post("/_emulator/clock/advance", json=body)
    moved = {**CLOCK, "now": now}
    assert (answer.status_code, answer.json()) == (200, {**moved, "happened": []})
    assert anyone.get("/_emulator/clock").json() == moved
    run = with_secret(scene, KEY).post("/api/runs", json=RUN).json()
    assert run["created_at"] == now


def test_a_month_from_the_last_of_one_leads_to_the_last_of_the_next(scene: Emulator) -> None:
    anyone = scene.client()
    for duration, now in (("P30D", "2026-01-31"), ("P1M", "2026-02-28"), ("P1M", "2026-03-28")):
        answer = anyone.post("/_emulator/clock/advance", json={"duration": duration})
        assert answer.json()["now"] == f"{now}T00:00:00Z"


ONE_OF_TWO = golden("control", "clock", "seconds-and-duration")


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ({}, "", ONE_OF_TWO),
        ({"seconds": 1, "duration": "P1D"}, "", ONE_OF_TWO),
        ({"seconds": -1}, "seconds", "Input should be greater than or equal to 0"),
        ({"seconds": 1e12}, "seconds", "Input should be less than or equal to 100000000000"),
        ({"seconds": "soon"}, "seconds", None),
        ({"duration": "a while"}, "duration", None),
        ({"duration": "P1MX"}, "duration", None),
        ({"minutes": 1}, "minutes", "Extra inputs are not permitted"),
    ],
)
def test_the_clock_is_not_advanced_by_that(
    scene: Emulator, body: dict[str, Any], path: str, message: str | None
) -> None:
    answer = scene.client().post("/_emulator/clock/advance", json=body)
    why = message or answer.json()["error"]["details"]["errors"][0]["message"]
    assert (answer.status_code, answer.json()) == (422, {"error": invalid((path, why))})


@pytest.mark.parametrize(
    ("duration", "path", "message"),
    [
        ("-P1D", "seconds", golden("control", "clock", "advanced-backwards")),
        ("-P1M", "seconds", golden("control", "clock", "advanced-backwards")),
        ("P9999Y", "now", golden("control", "clock", "beyond-its-end")),
        ("P3000000D", "now", golden("control", "clock", "beyond-its-end")),
    ],
)
def test_the_clock_goes_neither_backwards_nor_beyond_its_end(
    scene: Emulator, duration: str, path: str, message: str
) -> None:
    answer = scene.client().post("/_emulator/clock/advance", json={"duration": duration})
    expected = {"error": invalid((path, message), message=message)}
    assert (answer.status_code, answer.json()) == (422, expected)


def test_at_the_end_of_the_clock_everything_still_works(scene: Emulator) -> None:
    anyone = scene.client()
    assert (
        anyone.post("/_emulator/clock/advance", json={"duration": "P2547000D"}).status_code == 200
    )
    ada = caller(scene, "ada")
    run = ada.post("/api/runs", json=RUN)
    assert (run.status_code, run.json()["created_at"][:4]) == (201, "8999")
    share = {"run_id": run.json()["id"], "ttl_seconds": 365 * 86400}
    assert ada.post("/api/shares", json=share).json()["expires_at"][:4] == "9000"


@pytest.mark.parametrize("content", [b"", b"{}", b'{"seed": null}'])
def test_reset_puts_the_world_back_to_its_seed(scene: Emulator, content: bytes) -> None:
    anyone = scene.client()
    before = anyone.get("/_emulator/state").json()
    with_secret(scene, KEY).post("/api/runs", json=RUN)
    anyone.post("/_emulator/clock/advance", json={"seconds": 1})
    headers = {"Content-Type": "application/json"}
    answer = anyone.post("/_emulator/reset", content=content, headers=headers)
    expected = {"seed": "scene", "digest": before["digest"]}
    assert (answer.status_code, answer.json()) == (200, expected)
    assert anyone.get("/_emulator/state").json() == before


def test_reset_to_another_seed_stays(scene: Emulator, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("users: [{email: a@b.c, password: secret}]\n")
    anyone = scene.client()
    answer = anyone.post("/_emulator/reset", json={"seed": str(other)})
    assert answer.json()["seed"] == "other"
    fresh = Emulator(str(other)).world.state.digest
    assert answer.json()["digest"] == str(fresh)
    said = {"email": "a@b.c", "password": "secret"}
    assert anyone.post("/api/auth/login", json=said).status_code == 200
    assert anyone.post("/_emulator/reset").json() == answer.json()
    assert anyone.get("/_emulator/health").json()["seed"] == "other"


@pytest.mark.parametrize("text", ["users: [{email: a}]", "users: [", "\t", "workspaces: 1"])
def test_a_bad_seed_is_refused_with_its_line_and_changes_nothing(
    scene: Emulator, tmp_path: Path, text: str
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(text)
    anyone = scene.client()
    answer = anyone.post("/_emulator/reset", json={"seed": str(bad)})
    message = answer.json()["error"]["message"]
    expected = {"error": problem("validation_error", message)}
    assert (answer.status_code, answer.json()) == (422, expected)
    assert message.startswith(f"{bad}: line ")
    assert anyone.get("/_emulator/health").json()["seed"] == "scene"


def test_an_unknown_seed_is_refused_with_the_nearest_name(scene: Emulator) -> None:
    answer = scene.client().post("/_emulator/reset", json={"seed": "demmo"})
    message = golden("seed", "name", "no-seed-demmo")
    expected = {"error": problem("validation_error", message)}
    assert (answer.status_code, answer.json()) == (422, expected)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"seed": ""}, ("seed", "String should have at least 1 character")),
        ({"seed": 1}, ("seed", "Input should be a valid string")),
        ({"world": "x"}, ("world", "Extra inputs are not permitted")),
    ],
)
def test_reset_takes_a_seed_and_nothing_else(
    scene: Emulator, body: dict[str, Any], place: tuple[str, str]
) -> None:
    answer = scene.client().post("/_emulator/reset", json=body)
    assert (answer.status_code, answer.json()) == (422, {"error": invalid(place)})


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "health", "GET, HEAD"),
        ("DELETE", "state", "GET, HEAD"),
        ("GET", "reset", "POST"),
        ("PUT", "clock", "GET, HEAD"),
        ("GET", "clock/advance", "POST"),
    ],
)
def test_another_method_is_not_allowed(scene: Emulator, method: str, path: str, allow: str) -> None:
    answer = scene.client().request(method, f"/_emulator/{path}")
    message = golden(
        "all",
        "method_not_allowed",
        "other-method",
        method=method,
        path=f"/_emulator/{path}",
        allow=allow,
    )
    expected = {"error": problem("unsupported_action", message)}
    assert (answer.status_code, answer.json()) == (405, expected)
    assert answer.headers["allow"] == allow


def test_what_control_does_not_have_is_not_found(scene: Emulator) -> None:
    answer = scene.client().get("/_emulator/nothing")
    message = golden("all", "not_found", "no-route-of-control")
    assert (answer.status_code, answer.json()) == (404, {"error": problem("not_found", message)})
