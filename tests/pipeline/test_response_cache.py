"""Answers that are given again from memory: what a surface would answer, and no longer than so."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import replace
from weakref import ref

import pytest

from emulator.app import operation_catalog
from emulator.contract.catalog import OperationCatalog
from emulator.pipeline.request import HeadReader
from emulator.pipeline.response_cache import BYTES_MAX, CONTENT_MAX, RESPONSES_MAX, ResponseCache
from emulator.wire.http.asgi import RawResponse, http_scope
from emulator.wire.http.incoming_request import IncomingRequest
from emulator.world import lifecycle
from emulator.world.core.world import World
from emulator.world.records.runs import Run
from tests.support.checked_client import Emulator

ASKED = [
    each.path
    for each in operation_catalog()
    if each.method == "GET" and each.surface in ("bff", "upstream") and "{" not in each.path
]
GOOD = RawResponse(status=200, headers=[(b"content-type", b"application/json")], content=b"{}")


class Cache:
    """A cache, the requests put to it and the world that they are for."""

    def __init__(self, emulator: Emulator) -> None:
        self.cache = ResponseCache()
        self.world = emulator.world
        self._read_head = HeadReader(emulator.app.surfaces, OperationCatalog(()), emulator.settings)

    def _request(self, path: str, query: str, key: str) -> IncomingRequest:
        headers = [(b"authorization", key.encode())]
        return self._read_head(http_scope("GET", path, query=query.encode(), headers=headers))

    def put(
        self,
        response: RawResponse,
        path: str = "/api/me",
        *,
        key: str = "one",
        world: World | None = None,
    ) -> None:
        request = self._request(path, "", key)
        self.cache.put(request, world or self.world, response, actor=None)

    def get(
        self,
        path: str = "/api/me",
        *,
        query: str = "",
        key: str = "one",
        world: World | None = None,
    ) -> RawResponse | None:
        cached = self.cache.get(self._request(path, query, key), world or self.world)
        return None if cached is None else cached[0]


@pytest.mark.parametrize("path", ASKED)
def test_memory_answers_what_the_surface_would(demo: Emulator, path: str) -> None:
    client = demo.signed_in() if path.startswith(("/api/cloud", "/api/auth")) else demo.keyed()
    first = client.get(path)
    for headers in ({}, {"X-Asked": "anew"}):
        other = client.get(path, headers=headers)
        seen = (other.status_code, other.headers, other.content)
        assert seen == (first.status_code, first.headers, first.content)


def test_what_is_remembered_is_in_the_journal_with_its_actor(demo: Emulator) -> None:
    client = demo.keyed()
    for _ in range(2):
        assert client.get("/api/me").status_code == 200
    entries = client.get("/_emulator/requests?path=/api/me").json()["items"]
    assert len(entries) == 2
    assert entries[0]["actor"] == entries[1]["actor"] is not None


def test_a_response_holds_for_its_state_world_caller_and_request(demo: Emulator) -> None:
    cache = Cache(demo)
    cache.put(GOOD)
    assert cache.get() == GOOD
    assert cache.get("/api/runs") is None
    assert cache.get(query="limit=1") is None
    assert cache.get(key="another") is None
    assert cache.get(world=World("fork", demo.world.state)) is None
    before = demo.world.state
    lifecycle.move(demo.world, to=demo.world.now + 1)
    assert cache.get() is None
    demo.world.state = before
    assert cache.get() == GOOD


def test_a_change_of_a_response_does_not_change_the_cache(demo: Emulator) -> None:
    cache = Cache(demo)
    response = replace(GOOD, headers=list(GOOD.headers))
    cache.put(response)
    response.headers.append((b"x-emulator-world", b"default"))
    found = cache.get()
    assert found == GOOD
    found.headers.clear()
    assert cache.get() == GOOD


@pytest.mark.parametrize(
    "response",
    [replace(GOOD, status=404), replace(GOOD, content=b" " * (CONTENT_MAX + 1))],
)
def test_errors_and_large_responses_are_not_cached(demo: Emulator, response: RawResponse) -> None:
    cache = Cache(demo)
    cache.put(response)
    assert cache.get() is None


def test_a_get_that_wrote_is_not_cached(demo: Emulator) -> None:
    client = demo.client()
    email, _ = demo.worlds.planted.logins[0]
    assert client.post("/auth/v1/recover", json={"email": email}).status_code == 200
    [sent] = client.get(f"/_emulator/mail?to={email}&limit=1").json()["items"]
    first = client.get(sent["link"], follow_redirects=False)
    assert first.status_code == 303
    second = client.get(sent["link"], follow_redirects=False)
    assert second.headers["location"] != first.headers["location"]


def test_the_least_recently_used_is_evicted_first(demo: Emulator) -> None:
    cache = Cache(demo)
    cache.put(GOOD, "/oldest")
    cache.put(GOOD, "/second")
    for place in range(RESPONSES_MAX - 2):
        cache.put(GOOD, f"/{place}")
    assert cache.get("/oldest") == GOOD
    cache.put(GOOD, "/one-more")
    assert cache.get("/oldest") == GOOD
    assert cache.get("/second") is None


def test_the_bound_is_in_bytes_that_are_held(demo: Emulator) -> None:
    cache = Cache(demo)
    large = replace(GOOD, content=b" " * CONTENT_MAX)
    for place in range(BYTES_MAX // CONTENT_MAX + 1):
        cache.put(large, f"/{place}")
    assert BYTES_MAX - 2 * CONTENT_MAX < cache.cache.size_bytes <= BYTES_MAX
    assert cache.get("/0") is None
    header = "k" * BYTES_MAX
    cache.put(GOOD, key=header)
    assert (cache.cache.size_bytes, cache.get(key=header)) == (0, None)


def test_a_request_has_one_response_in_the_cache(demo: Emulator) -> None:
    cache = Cache(demo)
    sizes = set()
    for _ in range(3):
        cache.put(GOOD)
        sizes.add(cache.cache.size_bytes)
        lifecycle.move(demo.world, to=demo.world.now + 1)
    assert len(sizes) == 1


@pytest.mark.parametrize("event", ["restart", "erasure"])
def test_a_restart_or_an_erasure_evicts_its_world_alone(demo: Emulator, event: str) -> None:
    cache, other = Cache(demo), World("other", demo.world.state)
    for world in (demo.world, other):
        cache.put(GOOD, world=world)
    if event == "restart":
        cache.cache.world_restarted(demo.world.name)
    else:
        cache.cache.user_erased(demo.world)
    assert cache.get() is None
    assert cache.get(world=other) == GOOD


class Listener:
    """Records what the registry reports."""

    def __init__(self) -> None:
        self.erased: list[str] = []

    def world_restarted(self, world_name: str) -> None:
        pass

    def user_erased(self, world: World) -> None:
        self.erased.append(world.name)


def test_the_erasure_of_a_user_is_reported(demo: Emulator) -> None:
    listener = Listener()
    demo.worlds.add_listeners(listener)
    jonas = demo.signed_in(1)
    assert jonas.get("/api/cloud/me").json()["email"] == "jonas@example.com"
    jonas.post("/api/cloud/me", json={"action": "delete"})
    jonas.post("/_emulator/clock/advance", json={"duration": "P31D"})
    assert listener.erased == ["default"]


ENDINGS: dict[str, Callable[[Emulator], object]] = {
    "dropped": lambda here: here.client().delete("/_emulator/worlds/one"),
    "reset": lambda here: here.client().post("/_w/one/_emulator/reset"),
    "restored": lambda here: here.client().post("/_w/one/_emulator/snapshots/kept/restore"),
    "rewound": lambda here: here.client().post("/_w/one/_emulator/requests/1/rewind"),
    "imported": lambda here: here.client().post(
        "/_emulator/import", content=here.client().get("/_emulator/export").content
    ),
}


@pytest.mark.parametrize("end", ENDINGS.values(), ids=ENDINGS)
def test_no_cache_holds_a_state_that_is_gone(
    demo: Emulator, end: Callable[[Emulator], object]
) -> None:
    client = demo.client()
    client.post("/_emulator/worlds", json={"name": "one"})
    client.post("/_w/one/_emulator/snapshots", json={"name": "kept"})
    one = demo.worlds.get("one").world
    synced = client.post("/_w/one/api/e2e/cli-sync", json={"client_run_id": "synced"})
    run_id = synced.json()["items"][0]["id"]
    key = {"Authorization": f"Bearer {demo.worlds.planted.keys[0][1]}~one"}
    for _ in range(2):
        assert client.get(f"/api/runs/{run_id}", headers=key).status_code == 200
    state, run = ref(one.state), ref(one.expect(Run, run_id))
    del one
    # The journal is not a cache: what it kept goes with it, or stays where it is to be seen.
    if end is ENDINGS["restored"]:
        demo.worlds.get("one").journal.clear()
    end(demo)
    gc.collect()
    assert (state(), run()) == (None, None)


def test_a_superseded_record_is_let_go_while_its_world_lives(demo: Emulator) -> None:
    client = demo.client()
    body = {"client_run_id": "again", "status": "running", "name": "x"}
    created = client.post("/api/e2e/cli-sync", json=body).json()["items"][0]
    record = ref(demo.world.expect(Run, created["id"]))
    body["name"] = "y"
    assert client.post("/api/e2e/cli-sync", json=body).json()["updated"] == 1
    client.delete("/_emulator/requests")
    gc.collect()
    assert record() is None
