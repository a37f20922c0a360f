"""Moves of the clock on which too much falls due, over HTTP."""

from __future__ import annotations

from starlette.testclient import TestClient

from emulator.app import build_app
from emulator.registry.registry import WorldRegistry
from emulator.settings import Settings
from emulator.world.core.times import DAY, SECOND
from emulator.world.lifecycle import JOBS_MAX
from tests.support.checked_client import Emulator
from tests.support.due_jobs import add_jobs
from tests.support.fixture_seed import invalid
from tests.support.messages import golden


def test_a_move_on_which_too_much_falls_due_is_refused_and_changes_nothing(
    scene: Emulator,
) -> None:
    add_jobs(scene.world, *(place * SECOND for place in range(1, JOBS_MAX + 2)))
    anyone = scene.client()
    answer = anyone.post("/_emulator/clock/advance", json={"duration": "P1D"})
    message = golden("control", "clock", "too-much-falls-due")
    assert (answer.status_code, answer.json()) == (
        422,
        {"error": invalid(("now", message), message=message)},
    )
    moved = anyone.post("/_emulator/clock/set", json={"now": "2026-01-01T02:46:40Z"}).json()
    assert len(moved["happened"]) == JOBS_MAX
    moved = anyone.post("/_emulator/clock/set", json={"now": "2026-01-02T00:00:00Z"}).json()
    assert len(moved["happened"]) == 1


def test_in_wall_mode_a_request_moves_the_clock_part_of_the_way() -> None:
    start = 20_454 * DAY
    now = [start]
    settings = Settings(is_wall_clock=True)
    worlds = WorldRegistry(settings, "empty", now=lambda: now[0])
    client = TestClient(build_app(worlds), base_url=settings.public_url)
    add_jobs(worlds.default(), *(place * SECOND for place in range(1, 2 * JOBS_MAX + 1)))
    now[0] += DAY
    shown = [client.get("/_emulator/clock").json()["now"] for _ in range(3)]
    assert shown == ["2026-01-01T02:46:40Z", "2026-01-02T00:00:00Z", "2026-01-02T00:00:00Z"]
