"""Answers that are given again from memory: what a surface would answer, and no longer than so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from emulator.remembered import ANSWERS_MAX, CONTENT_MAX, Remembered
from emulator.routes import route_table
from emulator.transport import Answer
from emulator.wire.exchange import Exchange
from emulator.world.clock import advance
from emulator.world.world import World
from tests.lawful import Emulator

ASKED = [
    row.path
    for row in route_table()
    if row.method == "GET" and row.surface in ("bff", "upstream") and "{" not in row.path
]
GOOD = Answer(status=200, headers=[(b"content-type", b"application/json")], content=b"{}")


def scope(path: str = "/api/me", *, query: str = "", key: str = "one") -> dict[str, Any]:
    headers = [(b"authorization", key.encode())]
    return {"path": path, "query_string": query.encode(), "headers": headers}


def asking(emulator: Emulator, world: World | None = None) -> Exchange:
    world = world or emulator.world
    return Exchange(world=world, settings=emulator.settings, before=world.state)


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
    memory = Remembered()
    memory.keep(asking(demo), scope(), GOOD)
    assert memory.find(asking(demo), scope()) == GOOD
    assert memory.find(asking(demo), scope("/api/runs")) is None
    assert memory.find(asking(demo), scope(query="limit=1")) is None
    assert memory.find(asking(demo), scope(key="another")) is None
    fork = World("fork", demo.world.state)
    assert memory.find(asking(demo, fork), scope()) is None
    before = demo.world.state
    advance(demo.world, by=1)
    assert memory.find(asking(demo), scope()) is None
    demo.world.state = before
    assert memory.find(asking(demo), scope()) == GOOD


def test_what_is_done_to_an_answer_is_not_done_to_memory(demo: Emulator) -> None:
    memory = Remembered()
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
def test_refusals_and_large_answers_are_not_kept(demo: Emulator, answer: Answer) -> None:
    memory = Remembered()
    memory.keep(asking(demo), scope(), answer)
    assert memory.find(asking(demo), scope()) is None


def test_a_get_that_wrote_is_not_kept(demo: Emulator) -> None:
    memory = Remembered()
    exchange = asking(demo)
    advance(demo.world, by=1)
    memory.keep(exchange, scope(), GOOD)
    assert memory.find(exchange, scope()) is None


def test_the_least_recently_asked_goes_first(demo: Emulator) -> None:
    memory = Remembered()
    memory.keep(asking(demo), scope("/oldest"), GOOD)
    memory.keep(asking(demo), scope("/second"), GOOD)
    for place in range(ANSWERS_MAX - 2):
        memory.keep(asking(demo), scope(f"/{place}"), GOOD)
    assert memory.find(asking(demo), scope("/oldest")) == GOOD
    memory.keep(asking(demo), scope("/one-more"), GOOD)
    assert memory.find(asking(demo), scope("/oldest")) == GOOD
    assert memory.find(asking(demo), scope("/second")) is None


def test_a_purge_empties_the_memory_of_its_world_alone(demo: Emulator) -> None:
    memory, other = Remembered(), World("other", demo.world.state)
    for world in (demo.world, other):
        memory.keep(asking(demo, world), scope(), GOOD)
    memory.forget(demo.world)
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
