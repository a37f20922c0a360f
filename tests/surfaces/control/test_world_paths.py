"""Worlds named in the paths of control: `/_emulator/worlds/{name}/…`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.checked_client import Emulator

WORLD = "X-Emulator-World"


@pytest.fixture
def emulator() -> Emulator:
    """The demo, with a second world in which a clock has moved."""
    emulator = Emulator("demo")
    emulator.client().post("/_emulator/worlds", json={"name": "one"})
    emulator.client().post("/_emulator/worlds/one/clock/advance", json={"seconds": 60})
    return emulator


def clock(emulator: Emulator, path: str, **options: Any) -> tuple[str, str]:
    """Return the world that answers a path and its time."""
    answer = emulator.client().get(path, **options)
    return answer.headers[WORLD], answer.json()["now"]


def test_a_path_in_a_world_is_that_of_the_world(emulator: Emulator) -> None:
    in_one = clock(emulator, "/_emulator/worlds/one/clock")
    assert in_one == clock(emulator, "/_emulator/clock", headers={WORLD: "one"})
    assert in_one == clock(emulator, "/_w/one/_emulator/clock")
    assert in_one[1] > clock(emulator, "/_emulator/clock")[1]


def test_the_path_decides_whatever_else_names_a_world(emulator: Emulator) -> None:
    for headers in ({WORLD: "default"}, {"Cookie": "emulator_world=two"}):
        assert clock(emulator, "/_emulator/worlds/one/clock", headers=headers)[0] == "one"
    assert clock(emulator, "/_w/two/_emulator/worlds/one/clock")[0] == "one"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_world_is_not_found_and_not_made(emulator: Emulator, method: str) -> None:
    answer = emulator.client().request(method, "/_emulator/worlds/two/mail")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    worlds = emulator.client().get("/_emulator/worlds").json()["items"]
    assert [world["name"] for world in worlds] == ["default", "one"]


def test_what_is_about_the_world_itself_keeps_its_path(emulator: Emulator) -> None:
    client = emulator.client()
    assert client.get("/_emulator/worlds/one").json()["name"] == "one"
    forked = client.post("/_emulator/worlds/one/fork", json={"name": "two"}).json()
    assert forked["clock"] == clock(emulator, "/_emulator/worlds/one/clock")[1]
    reset = client.post("/_emulator/worlds/one/reset", json={}).json()
    assert reset["clock"] == clock(emulator, "/_emulator/clock")[1]
    assert client.delete("/_emulator/worlds/one").status_code == 204


@pytest.mark.parametrize("path", ["export", "worlds", "worlds/one/mail"])
def test_what_is_about_all_worlds_has_no_path_in_one(emulator: Emulator, path: str) -> None:
    assert emulator.client().get(f"/_emulator/worlds/one/{path}").status_code == 404
