"""Response cache: what a surface would answer, and for no longer than it would answer so."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass, replace
from weakref import ref

import orjson
import pytest

from emulator.journal.journal import Entry
from emulator.pipeline.response_cache import (
    BYTES_MAX,
    CONTENT_MAX,
    RELEVANT_HEADERS,
    RESPONSES_MAX,
    Key,
)
from emulator.wire.http.asgi import CACHE_KEY, RawResponse, call_app, http_scope
from emulator.world import lifecycle
from emulator.world.core.world import World
from emulator.world.records.runs import Run
from tests.support.checked_client import Emulator

RESPONSE = RawResponse(status=200, headers=[(b"content-length", b"2")], content=b"{}")
HOST = (b"host", b"localhost")


@dataclass
class Reader:
    """Reads as the server's connections do: from the cache, else from the app."""

    emulator: Emulator

    def headers(self, headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
        """Return the headers of a request: a host, and the first key of the seed."""
        key = self.emulator.worlds.planted.keys[0][1]
        sent = {"authorization": f"Bearer {key}", **headers}
        return [HOST, *((name.encode(), value.encode()) for name, value in sent.items())]

    def key(self, target: str = "/api/me", headers: dict[str, str] | None = None) -> Key:
        """Return the key of a GET."""
        sent = self.headers(headers or {})
        return self.emulator.app.cache.key_of(target.encode(), port=None, headers=sent)

    def cached(self, target: str = "/api/me", **headers: str) -> bytes | None:
        """Return what the cache repeats."""
        key, sent = self.key(target, headers), self.headers(headers)
        return self.emulator.app.cache.repeat(key, client="127.0.0.1", headers=sent)

    def read(self, target: str = "/api/me", **headers: str) -> RawResponse:
        """Call the app, which may store its response."""
        path, _, query = target.partition("?")
        scope = http_scope("GET", path, query=query.encode(), headers=self.headers(headers))
        scope[CACHE_KEY] = self.key(target, headers)
        return call_app(self.emulator.app, scope, b"")

    def put(self, target: str, response: RawResponse, entry: Entry) -> None:
        """Store a response."""
        live = self.emulator.worlds.known("default")
        self.emulator.app.cache.put(self.key(target), live, response, entry)


@pytest.fixture
def reader(demo: Emulator) -> Reader:
    """Return a reader of the seed `demo`."""
    return Reader(demo)


@pytest.fixture
def entry(reader: Reader) -> Entry:
    """Return the journal's entry of a GET that wrote nothing."""
    assert reader.read("/healthz").status == 200
    [entry] = reader.emulator.worlds.known("default").journal
    return entry


def test_a_repeated_response_is_what_the_app_answered(reader: Reader) -> None:
    first = reader.read()
    lines = [b"%b: %b\r\n" % header for header in first.headers]
    assert reader.cached() == b"".join([*lines, b"\r\n", first.content])


def test_a_repeated_request_is_in_the_journal_as_its_own(reader: Reader) -> None:
    reader.read()
    reader.cached(traceparent="00-01-02-00")
    first, second = reader.emulator.worlds.known("default").journal
    assert second == first._replace(
        id=2,
        machine_at=second.machine_at,
        client="127.0.0.1",
        raw_request_headers=(*first.raw_request_headers, (b"traceparent", b"00-01-02-00")),
        size_bytes=second.size_bytes,
    )
    assert second.size_bytes == first.size_bytes + len("traceparent00-01-02-00") + 128


def test_a_repeated_request_counts_for_coverage(reader: Reader) -> None:
    reader.read()
    reader.cached()
    report = orjson.loads(reader.read("/_emulator/coverage").content)
    assert [each for each in report["operations"]["covered"] if each["count"] == 2]


def test_a_response_is_repeated_for_its_state_alone(reader: Reader) -> None:
    reader.read()
    world = reader.emulator.world
    before = world.state
    lifecycle.move(world, to=world.now + 1)
    assert reader.cached() is None
    world.state = before
    assert reader.cached() is not None


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer other"},
        {"x-workspace-id": "other"},
        {"x-emulator-world": "other"},
        {"cookie": "emulator_world=other"},
        {"apikey": "other"},
        {"prefer": "code=503"},
        {"sec-fetch-site": "cross-site"},
        {"x-supabase-api-version": "2024-01-01"},
    ],
)
def test_another_header_that_matters_is_another_request(
    reader: Reader, headers: dict[str, str]
) -> None:
    reader.read()
    assert reader.cached(**headers) is None


@pytest.mark.parametrize("target", ["/api/runs", "/api/me?limit=1", "/api/me/", "/_w/other/api/me"])
def test_another_target_is_another_request(reader: Reader, target: str) -> None:
    reader.read()
    assert reader.cached(target) is None


@pytest.mark.parametrize(
    "header",
    ["content-length", "transfer-encoding", "origin", "x-forwarded-for", "x-forwarded-proto"],
)
def test_a_request_with_a_body_an_origin_or_a_proxy_is_not_cached(
    reader: Reader, header: str
) -> None:
    headers = {header: "http://localhost" if header == "origin" else "0"}
    reader.read(**headers)
    assert reader.cached(**headers) is None


def test_a_head_that_is_too_large_is_not_answered_from_the_cache(reader: Reader) -> None:
    reader.read()
    assert reader.cached(traceparent="0" * 65_536) is None


def test_an_armed_fault_is_applied_to_a_cached_response(reader: Reader) -> None:
    reader.read()
    client = reader.emulator.client()
    body = {"match": {"path": "/api/me"}, "then": {"status": 503}}
    fault = client.post("/_emulator/faults", json=body).json()["id"]
    assert reader.cached() is None
    assert reader.read().status == 503
    client.delete(f"/_emulator/faults/{fault}")
    assert reader.cached() is not None


def test_what_a_fault_did_is_not_cached(reader: Reader) -> None:
    then = {"latency_ms": 1, "recorded": True}
    body = {"match": {"path": "/api/me", "times": 1}, "then": then}
    reader.emulator.client().post("/_emulator/faults", json=body)
    assert reader.read().status == 200
    assert reader.cached() is None


def test_a_world_that_is_deleted_and_created_again_has_its_own_responses(reader: Reader) -> None:
    client, target = reader.emulator.client(), "/_w/other/healthz"
    reader.read(target)
    assert reader.cached(target) is not None
    client.delete("/_emulator/worlds/other")
    assert reader.cached(target) is None


def test_a_session_of_a_world_to_come_is_not_cached_for_the_default_world(reader: Reader) -> None:
    client = reader.emulator.client()
    email, password = reader.emulator.worlds.planted.logins[0]
    login = {"email": email, "password": password}
    client.post("/_w/other/api/auth/login", json=login)
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    client.delete("/_emulator/worlds/other")
    assert reader.read(cookie=cookie).status == 200
    assert reader.cached(cookie=cookie) is None


def test_in_wall_mode_nothing_is_cached() -> None:
    reader = Reader(Emulator("demo", is_wall_clock=True))
    reader.read()
    assert reader.cached() is None


def test_errors_and_large_responses_are_not_cached(reader: Reader, entry: Entry) -> None:
    reader.put("/large", replace(RESPONSE, content=b" " * (CONTENT_MAX + 1)), entry)
    reader.put("/error", replace(RESPONSE, status=404), entry)
    assert (reader.cached("/large"), reader.cached("/error")) == (None, None)


def test_a_get_that_wrote_is_not_cached(reader: Reader, entry: Entry) -> None:
    world = reader.emulator.world
    before = world.state
    lifecycle.move(world, to=world.now + 1)
    reader.put("/written", RESPONSE, entry._replace(before=before, after=world.state))
    assert reader.cached("/written") is None


def test_the_least_recently_used_is_evicted_first(reader: Reader, entry: Entry) -> None:
    for place in range(RESPONSES_MAX):
        reader.put(f"/{place}", RESPONSE, entry)
    assert reader.cached("/0") is not None
    reader.put("/last", RESPONSE, entry)
    assert reader.cached("/0") is not None
    assert reader.cached("/1") is None


def test_the_bound_is_in_bytes_that_are_held(reader: Reader, entry: Entry) -> None:
    cache, large = reader.emulator.app.cache, replace(RESPONSE, content=b" " * CONTENT_MAX)
    for place in range(BYTES_MAX // CONTENT_MAX):
        reader.put(f"/{place}", large, entry)
    assert BYTES_MAX - 4 * CONTENT_MAX < cache.size_bytes <= BYTES_MAX
    assert reader.cached("/0") is None
    reader.put("/" + "x" * BYTES_MAX, RESPONSE, entry)
    assert cache.size_bytes == 0


def test_a_request_has_one_response_in_the_cache(reader: Reader) -> None:
    sizes, world = set(), reader.emulator.world
    for _ in range(3):
        reader.read()
        sizes.add(reader.emulator.app.cache.size_bytes)
        lifecycle.move(world, to=world.now + 1)
    assert len(sizes) == 1


@pytest.mark.parametrize("event", ["restart", "erasure"])
def test_a_restart_or_an_erasure_evicts_its_world_alone(reader: Reader, event: str) -> None:
    cache, other = reader.emulator.app.cache, "/_w/other/healthz"
    reader.read(), reader.read(other)
    if event == "restart":
        cache.world_restarted("default")
    else:
        cache.user_erased(reader.emulator.world)
    assert reader.cached() is None
    assert reader.cached(other) is not None


def test_a_surface_sees_of_a_get_only_headers_that_matter(reader: Reader) -> None:
    declared = {name for each in reader.emulator.app.catalog for name in each.reads_headers}
    assert {"authorization", "cookie", "x-workspace-id"} <= declared
    assert {name.encode() for name in declared} <= RELEVANT_HEADERS
    assert b"user-agent" not in RELEVANT_HEADERS


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
    key = {"authorization": f"Bearer {demo.worlds.planted.keys[0][1]}~one"}
    reader = Reader(demo)
    assert reader.read(f"/api/runs/{run_id}", **key).status == 200
    assert reader.cached(f"/api/runs/{run_id}", **key) is not None
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
