"""Answers that are given again from memory: what a surface would answer, and no longer than so."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from weakref import ref

import pytest

from emulator.contract.legacy import route_table
from emulator.pipeline.response_cache import ANSWERS_MAX, BYTES_MAX, CONTENT_MAX, ResponseCache
from emulator.wire.http.asgi import RawResponse
from emulator.wire.http.context import RequestContext
from emulator.world import lifecycle
from emulator.world.core.world import World
from emulator.world.records.runs import Run
from tests.support.checked_client import Emulator

ASKED = [
    row.path
    for row in route_table()
    if row.method == "GET" and row.surface in ("bff", "upstream") and "{" not in row.path
]
GOOD = RawResponse(status=200, headers=[(b"content-type", b"application/json")], content=b"{}")


def scope(path: str = "/api/me", *, query: str = "", key: str = "one") -> dict[str, Any]:
    headers = [(b"authorization", key.encode())]
    return {"path": path, "query_string": query.encode(), "headers": headers}


def asking(emulator: Emulator, world: World | None = None) -> RequestContext:
    world = world or emulator.world
    return RequestContext(world=world, settings=emulator.settings, before=world.state)


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


def test_an_answer_holds_for_its_state_world_caller_and_question(demo: Emulator) -> None:
    memory = ResponseCache()
    memory.keep(asking(demo), scope(), GOOD)
    assert memory.find(asking(demo), scope()) == GOOD
    assert memory.find(asking(demo), scope("/api/runs")) is None
    assert memory.find(asking(demo), scope(query="limit=1")) is None
    assert memory.find(asking(demo), scope(key="another")) is None
    fork = World("fork", demo.world.state)
    assert memory.find(asking(demo, fork), scope()) is None
    before = demo.world.state
    lifecycle.move(demo.world, to=demo.world.now + 1)
    assert memory.find(asking(demo), scope()) is None
    demo.world.state = before
    assert memory.find(asking(demo), scope()) == GOOD


def test_what_is_done_to_an_answer_is_not_done_to_memory(demo: Emulator) -> None:
    memory = ResponseCache()
    answer = replace(GOOD, headers=list(GOOD.headers))
    memory.keep(asking(demo), scope(), answer)
    answer.headers.append((b"x-emulator-world", b"default"))
    found = memory.find(asking(demo), scope())
    assert found == GOOD
    found.headers.clear()
    assert memory.find(asking(demo), scope()) == GOOD


@pytest.mark.parametrize(
    "answer",
    [replace(GOOD, status=404), replace(GOOD, content=b" " * (CONTENT_MAX + 1))],
)
def test_refusals_and_large_answers_are_not_kept(demo: Emulator, answer: RawResponse) -> None:
    memory = ResponseCache()
    memory.keep(asking(demo), scope(), answer)
    assert memory.find(asking(demo), scope()) is None


def test_a_get_that_wrote_is_not_kept(demo: Emulator) -> None:
    memory = ResponseCache()
    exchange = asking(demo)
    lifecycle.move(demo.world, to=demo.world.now + 1)
    memory.keep(exchange, scope(), GOOD)
    assert memory.find(exchange, scope()) is None


def test_the_least_recently_asked_goes_first(demo: Emulator) -> None:
    memory = ResponseCache()
    memory.keep(asking(demo), scope("/oldest"), GOOD)
    memory.keep(asking(demo), scope("/second"), GOOD)
    for place in range(ANSWERS_MAX - 2):
        memory.keep(asking(demo), scope(f"/{place}"), GOOD)
    assert memory.find(asking(demo), scope("/oldest")) == GOOD
    memory.keep(asking(demo), scope("/one-more"), GOOD)
    assert memory.find(asking(demo), scope("/oldest")) == GOOD
    assert memory.find(asking(demo), scope("/second")) is None


def test_the_bound_is_in_bytes_that_are_held(demo: Emulator) -> None:
    memory = ResponseCache()
    large = replace(GOOD, content=b" " * CONTENT_MAX)
    for place in range(BYTES_MAX // CONTENT_MAX + 1):
        memory.keep(asking(demo), scope(f"/{place}"), replace(large))
    assert BYTES_MAX - 2 * CONTENT_MAX < memory.size_bytes <= BYTES_MAX
    assert memory.find(asking(demo), scope("/0")) is None
    header = "k" * BYTES_MAX
    memory.keep(asking(demo), scope(key=header), GOOD)
    assert (memory.size_bytes, memory.find(asking(demo), scope(key=header))) == (0, None)


def test_asked_again_and_again_a_question_has_one_answer(demo: Emulator) -> None:
    memory = ResponseCache()
    sizes = set()
    for _ in range(3):
        memory.keep(asking(demo), scope(), GOOD)
        sizes.add(memory.size_bytes)
        lifecycle.move(demo.world, to=demo.world.now + 1)
    assert len(sizes) == 1


def test_a_purge_empties_the_memory_of_its_world_alone(demo: Emulator) -> None:
    memory, other = ResponseCache(), World("other", demo.world.state)
    for world in (demo.world, other):
        memory.keep(asking(demo, world), scope(), GOOD)
    memory.forget(demo.world.name)
    assert memory.find(asking(demo), scope()) is None
    assert memory.find(asking(demo, other), scope()) == GOOD


def test_the_purge_of_a_user_empties_the_memory(demo: Emulator) -> None:
    emptied: list[str] = []
    demo.worlds.on_purge.append(lambda world: emptied.append(world.name))
    jonas = demo.signed_in(1)
    assert jonas.get("/api/cloud/me").json()["email"] == "jonas@example.com"
    jonas.post("/api/cloud/me", json={"action": "delete"})
    jonas.post("/_emulator/clock/advance", json={"duration": "P31D"})
    assert emptied == ["default"]


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
