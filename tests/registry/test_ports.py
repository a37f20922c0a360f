"""A port of its own for a world, on the running server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from tests.support.messages import golden
from tests.support.server import Running

pytestmark = pytest.mark.usefixtures("this_tree")

Launch = Callable[..., Running]


@pytest.fixture
def web() -> Iterator[httpx2.Client]:
    """One client a test: making one takes longer than what it asks."""
    with httpx2.Client(trust_env=False) as client:
        yield client


@pytest.fixture
def running(shared_server: Running, web: httpx2.Client) -> Running:
    """A server with no world but the default one."""
    for one in web.get(f"{shared_server.url}/_emulator/worlds").json()["items"][1:]:
        web.delete(f"{shared_server.url}/_emulator/worlds/{one['name']}").raise_for_status()
    return shared_server


def made(web: httpx2.Client, running: Running, name: str, port: int = 0) -> dict[str, Any]:
    """Make a world with a port of its own and return what the server says of it."""
    answer = web.post(f"{running.url}/_emulator/worlds", json={"name": name, "port": port})
    assert answer.status_code == 201, answer.text
    world: dict[str, Any] = answer.json()
    return world


def test_a_port_of_its_own_reaches_that_world_alone_on_every_loopback_name(
    running: Running, web: httpx2.Client
) -> None:
    ports = {name: made(web, running, name)["port"] for name in ("one", "two")}
    for name, port in ports.items():
        for host in ("127.0.0.1", "localhost"):
            answer = web.get(f"http://{host}:{port}/_emulator/state")
            assert answer.headers["x-emulator-world"] == name
    assert web.get(f"{running.url}/_emulator/state").headers["x-emulator-world"] == "default"


def test_what_is_written_through_a_port_stays_in_its_world(
    running: Running, web: httpx2.Client
) -> None:
    url = made(web, running, "one")["url"]
    run = {"client_run_id": "r", "status": "failed"}
    assert web.post(f"{url}/api/e2e/cli-sync", json=run).status_code == 201
    digests = {web.get(f"{base}/_emulator/state").json()["digest"] for base in (url, running.url)}
    assert len(digests) == 2


def test_a_port_in_use_is_refused_and_leaves_no_world(running: Running, web: httpx2.Client) -> None:
    port = made(web, running, "one")["port"]
    answer = web.post(f"{running.url}/_emulator/worlds", json={"name": "two", "port": port})
    message = golden("control", "ports", "port-in-use", port=port)
    assert answer.status_code == 409
    assert answer.json() == {"error": {"code": "conflict", "message": message}}
    names = [one["name"] for one in web.get(f"{running.url}/_emulator/worlds").json()["items"]]
    assert names == ["default", "one"]


def seconds_to_end(running: Running) -> float:
    """Return how long a server with a port more takes to end while clients hold on to both."""
    with (
        httpx2.Client(base_url=running.url) as one,
        httpx2.Client(base_url=made(one, running, "one")["url"]) as other,
    ):
        assert [client.get("/healthz").status_code for client in (one, other)] == [200, 200]
        began = time.monotonic()
        assert running.stop() == 0
        return time.monotonic() - began


def test_it_still_ends_within_a_second_while_clients_hold_on(launch: Launch) -> None:
    # Three times at most: on a busy machine one slow end says nothing.
    assert any(seconds_to_end(launch("--seed", "demo")) < 1 for _ in range(3))


def test_fifty_worlds_have_a_port_each(running: Running, web: httpx2.Client) -> None:
    worlds = [made(web, running, f"w{place}") for place in range(50)]
    assert len({world["port"] for world in worlds}) == 50
    for world in worlds:
        answer = web.get(f"{world['url']}/_emulator/state")
        assert answer.headers["x-emulator-world"] == world["name"]


def test_the_port_of_a_deleted_world_is_closed_and_can_be_had_again(
    running: Running, web: httpx2.Client
) -> None:
    world = made(web, running, "one")
    assert web.delete(f"{running.url}/_emulator/worlds/one").status_code == 204
    for host in ("127.0.0.1", "localhost"):
        with pytest.raises(httpx2.ConnectError):
            web.get(f"http://{host}:{world['port']}/_emulator/state")
    again = made(web, running, "two", world["port"])
    answer = web.get(f"{again['url']}/_emulator/state")
    assert answer.headers["x-emulator-world"] == "two"
