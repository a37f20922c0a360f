"""Making, forking, resetting, keeping, putting back and dropping worlds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from emulator.registry.registry import CROWD, WORLDS_MAX, WorldRegistry
from emulator.registry.snapshots import SNAPSHOTS_MAX
from emulator.settings import Settings
from emulator.surfaces.control.faults import FAULTS_MAX
from emulator.surfaces.control.webhooks import ENDPOINTS_MAX
from emulator.world.core.refusals import Conflict
from emulator.world.core.times import SECOND
from tests.support.checked_client import Emulator, LawfulClient
from tests.support.messages import golden

WORLD = "X-Emulator-World"


def sync(client: LawfulClient, name: str, world: str = "default") -> None:
    """Bring in a run, which changes the world."""
    answer = client.post("/api/e2e/cli-sync", json={"client_run_id": name}, headers={WORLD: world})
    assert answer.status_code == 201, answer.text


def digest(client: LawfulClient, world: str = "default") -> str:
    return str(client.get("/_emulator/state", headers={WORLD: world}).json()["digest"])


def test_a_world_is_shown_with_all_that_reaches_it(demo: Emulator) -> None:
    client = demo.client()
    made = client.post("/_emulator/worlds", json={"name": "w1"}).json()
    default = client.get("/_emulator/worlds/default").json()
    assert {**made, "anon_key": "", "service_role_key": ""} == {
        "name": "w1",
        "url": "http://localhost:8787/_w/w1",
        "port": None,
        "seed": "demo",
        "logins": [
            {"email": "mara@example.com", "password": "demo-password"},
            {"email": "jonas@example.com", "password": "demo-password"},
        ],
        "api_keys": [
            {"workspace": key["workspace"], "secret": f"{key['secret']}~w1"}
            for key in default["api_keys"]
        ],
        "anon_key": "",
        "service_role_key": "",
        "clock": "2026-01-01T00:00:00Z",
        "digest": default["digest"],
        "requests": 0,
    }
    assert client.get("/_emulator/worlds").json() == {"items": [default, made]}


def test_a_name_of_two_kinds_is_refused_until_its_kind_is_said(demo: Emulator) -> None:
    client = demo.client()
    client.get("/healthz", headers={WORLD: "empty"})
    answer = client.post("/_emulator/worlds", json={"name": "x", "from": "empty"})
    assert answer.json()["error"]["message"] == (
        golden("control", "validation_error", "world-and-seed")
    )
    for source, seed in (("world:empty", "demo"), ("seed:empty", "empty")):
        made = client.post("/_emulator/worlds", json={"name": f"of-{seed}", "from": source})
        assert (made.status_code, made.json()["seed"]) == (201, seed)
        assert digest(client, f"of-{seed}") == digest(Emulator(seed).client())
    for kind in ("world", "snapshot"):
        gone = client.post("/_emulator/worlds", json={"name": "x", "from": f"{kind}:nope"})
        assert (gone.status_code, gone.json()["error"]["code"]) == (404, "not_found")


def test_a_snapshot_of_one_world_is_not_taken_over_by_another(demo: Emulator) -> None:
    client = demo.client()
    for world in ("left", "right"):
        client.post("/_emulator/worlds", json={"name": world})
    keep = {"name": "kept"}
    assert client.post("/_emulator/snapshots", json=keep, headers={WORLD: "left"}).is_success
    before = client.get("/_emulator/snapshots").json()
    sync(client, "more", world="right")
    refused = client.post("/_emulator/snapshots", json=keep, headers={WORLD: "right"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")
    assert client.get("/_emulator/snapshots").json() == before
    sync(client, "more", world="left")
    assert client.post("/_emulator/snapshots", json=keep, headers={WORLD: "left"}).is_success
    client.delete("/_emulator/worlds/left")
    assert client.post("/_emulator/snapshots", json=keep, headers={WORLD: "right"}).is_success


def test_a_world_may_begin_as_a_seed_a_snapshot_or_another_world(demo: Emulator) -> None:
    client = demo.client()
    sync(client, "one")
    client.post("/_emulator/snapshots", json={"name": "after-one"})
    sync(client, "two")
    for name, source in (("a", "quota-edge"), ("b", "after-one"), ("c", "default"), ("d", None)):
        answer = client.post("/_emulator/worlds", json={"name": name, "from": source})
        assert answer.status_code == 201
    kept = client.get("/_emulator/snapshots").json()["items"][0]
    assert digest(client, "a") == digest(Emulator("quota-edge").client())
    assert digest(client, "b") == kept["digest"]
    assert digest(client, "c") == digest(client)
    assert digest(client, "d") == digest(Emulator("demo").client())


def test_an_unknown_source_makes_no_world(demo: Emulator) -> None:
    answer = demo.client().post("/_emulator/worlds", json={"name": "w1", "from": "no-such-seed"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_error")
    assert [one.world.name for one in demo.worlds.all()] == ["default"]


def test_a_fork_and_its_parent_do_not_feel_each_other(demo: Emulator) -> None:
    client = demo.client()
    sync(client, "before")
    at_fork = digest(client)
    assert client.post("/_emulator/worlds/default/fork", json={"name": "fork"}).status_code == 201
    sync(client, "in the fork", "fork")
    assert digest(client) == at_fork
    in_fork = digest(client, "fork")
    sync(client, "in the parent")
    assert digest(client, "fork") == in_fork


def test_a_forks_next_ids_are_those_of_its_parent(demo: Emulator) -> None:
    client = demo.client()
    client.post("/_emulator/worlds/default/fork", json={"name": "fork"})
    bodies = []
    for world in ("default", "fork"):
        client.post(f"/_w/{world}/api/auth/login", json=demo_login(demo))
        project = client.post(f"/_w/{world}/api/cloud/projects", json={"name": "Same"})
        bodies.append(project.json())
    assert bodies[0] == bodies[1]


def demo_login(demo: Emulator) -> dict[str, str]:
    email, password = demo.worlds.planted.logins[0]
    return {"email": email, "password": password}


def test_a_reset_goes_back_to_what_the_world_began_as(demo: Emulator) -> None:
    client = demo.client()
    client.post("/_emulator/worlds", json={"name": "edge", "from": "quota-edge"})
    sync(client, "one")
    client.post("/_emulator/worlds/default/fork", json={"name": "fork"})
    began = {name: digest(client, name) for name in ("edge", "fork")}
    for name in ("edge", "fork"):
        client.post("/_emulator/clock/advance", json={"seconds": 1}, headers={WORLD: name})
        assert digest(client, name) != began[name]
        assert client.post(f"/_emulator/worlds/{name}/reset").json()["digest"] == began[name]


def test_a_reset_drops_journal_and_faults_and_begins_their_ids_anew(demo: Emulator) -> None:
    client = demo.client()
    fault = {"match": {"path": "/healthz"}, "then": {"status": 503}}
    for _ in range(2):
        armed = client.post("/_emulator/faults", json=fault).json()
        assert (armed["id"], armed["hits"]) == ("fault-1", 0)
        assert client.get("/healthz").status_code == 503
        assert [one["id"] for one in client.get("/_emulator/requests").json()["items"]] == [1]
        assert client.post("/_emulator/reset").status_code == 200
        assert client.get("/_emulator/faults").json() == {"items": []}
        assert client.get("/_emulator/requests").json() == {"items": [], "count": 0}


def test_another_seed_of_the_default_world_is_what_new_worlds_begin_as(demo: Emulator) -> None:
    client = demo.client()
    sync(client, "old", "old")
    old = digest(client, "old")
    assert client.post("/_emulator/reset", json={"seed": "empty"}).json()["seed"] == "empty"
    client.get("/healthz", headers={WORLD: "new"})
    assert digest(client, "new") == digest(Emulator("empty").client())
    assert digest(client, "old") == old


def test_a_seed_that_cannot_be_read_changes_nothing(demo: Emulator, tmp_path: Path) -> None:
    client = demo.client()
    sync(client, "one")
    before = digest(client)
    bad = tmp_path / "bad.yaml"
    bad.write_text("users: [{email: nobody}]\n", "utf-8")
    answer = client.post("/_emulator/reset", json={"seed": str(bad)})
    assert answer.status_code == 422
    assert "line 1" in answer.json()["error"]["message"]
    assert digest(client) == before
    assert client.get("/_emulator/requests").json()["count"] == 1


def test_a_snapshot_is_put_back_as_often_as_wanted(demo: Emulator) -> None:
    client = demo.client()
    sync(client, "kept")
    kept = client.post("/_emulator/snapshots", json={"name": "s"}).json()
    for name in ("x", "y"):
        sync(client, name)
        answer = client.post("/_emulator/snapshots/s/restore")
        assert answer.json() == {"world": "default", "digest": kept["digest"]}
        assert digest(client) == kept["digest"]
    assert client.delete("/_emulator/snapshots/s").status_code == 204
    assert client.post("/_emulator/snapshots/s/restore").status_code == 404


def test_a_snapshot_of_one_world_may_be_put_into_another(demo: Emulator) -> None:
    client = demo.client()
    sync(client, "one", "w1")
    client.post("/_emulator/snapshots", json={"name": "s"}, headers={WORLD: "w1"})
    client.post("/_emulator/snapshots/s/restore", headers={WORLD: "w2"})
    assert digest(client, "w2") == digest(client, "w1") != digest(client)


def test_the_default_world_is_never_dropped_and_a_name_is_taken_once(demo: Emulator) -> None:
    client = demo.client()
    assert client.delete("/_emulator/worlds/default").status_code == 409
    assert client.post("/_emulator/worlds", json={"name": "w1"}).status_code == 201
    assert client.post("/_emulator/worlds", json={"name": "w1"}).status_code == 409
    assert client.post("/_emulator/worlds", json={"name": "Bad Name"}).status_code == 422


def test_there_is_no_port_to_give_in_process(demo: Emulator) -> None:
    answer = demo.client().post("/_emulator/worlds", json={"name": "w1", "port": 0})
    assert answer.status_code == 409
    assert demo.client().get("/_emulator/worlds/w1").status_code == 404


def test_above_ten_thousand_worlds_the_next_is_refused(demo: Emulator) -> None:
    for place in range(WORLDS_MAX - 1):
        demo.worlds.get_or_create(f"w{place}")
    answer = demo.client().get("/api/cloud/me", headers={WORLD: "one-more"})
    assert (answer.status_code, answer.json()) == (
        409,
        {
            "error": {
                "code": "conflict",
                "message": golden("control", "conflict", "too-many-worlds"),
            }
        },
    )
    demo.client().delete("/_emulator/worlds/w0")
    assert demo.client().get("/healthz", headers={WORLD: "one-more"}).status_code == 200


def test_only_idle_worlds_make_room() -> None:
    now = [0]
    settings = Settings(idle_world_seconds=60)
    worlds = WorldRegistry(settings, "empty", now=lambda: now[0])
    for place in range(CROWD - 1):
        worlds.get_or_create(f"w{place}")
    now[0] = 61 * SECOND
    worlds.get_or_create("w7")
    assert len(worlds.all()) == CROWD
    worlds.get_or_create("fresh")
    assert [one.world.name for one in worlds.all()] == ["default", "w7", "fresh"]


def test_a_crowd_of_busy_worlds_makes_room_as_soon_as_one_is_idle() -> None:
    now = [0]
    worlds = WorldRegistry(Settings(idle_world_seconds=60), "empty", now=lambda: now[0])
    for place in range(CROWD):
        worlds.get_or_create(f"w{place}")
    now[0] = 50 * SECOND
    worlds.get_or_create("busy")
    now[0] = 61 * SECOND
    worlds.get_or_create("fresh")
    assert [one.world.name for one in worlds.all()] == ["default", "busy", "fresh"]


def test_looking_at_the_list_keeps_no_world_from_being_idle() -> None:
    now = [0]
    worlds = WorldRegistry(Settings(idle_world_seconds=60), "empty", now=lambda: now[0])
    worlds.get_or_create("idle")
    now[0] = 61 * SECOND
    assert [one.last_used for one in worlds.all() if one.world.name == "idle"] == [0]


def test_without_an_idle_time_no_world_is_dropped() -> None:
    worlds = WorldRegistry(Settings(), "empty")
    for place in range(WORLDS_MAX - 1):
        worlds.get_or_create(f"w{place}")
    with pytest.raises(Conflict):
        worlds.get_or_create("one-more")


def test_time_passes_in_one_world_alone(demo: Emulator) -> None:
    client = demo.client()
    client.post("/_emulator/clock/advance", json={"duration": "P1D"}, headers={WORLD: "w1"})

    def now(world: str) -> Any:
        return client.get("/_emulator/clock", headers={WORLD: world}).json()["now"]

    assert (now("w1"), now("default")) == ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z")


def test_there_are_no_more_snapshots_than_the_limit(demo: Emulator) -> None:
    client = demo.client()
    for place in range(SNAPSHOTS_MAX):
        demo.worlds.take_snapshot(f"s-{place}", world="default")
    refused = client.post("/_emulator/snapshots", json={"name": "one-more"})
    assert (refused.status_code, refused.json()) == (
        409,
        {
            "error": {
                "code": "conflict",
                "message": golden("control", "conflict", "too-many-snapshots"),
            }
        },
    )
    assert client.post("/_emulator/snapshots", json={"name": "s-0"}).status_code == 201
    assert client.delete("/_emulator/snapshots/s-1").status_code == 204
    assert client.post("/_emulator/snapshots", json={"name": "one-more"}).status_code == 201


def test_a_world_has_no_more_faults_and_endpoints_than_the_limit(demo: Emulator) -> None:
    client = demo.client()

    def arm(prefix: str = "") -> Any:
        fault = {"match": {"operation": "get_me"}, "then": {"status": 500}}
        return client.post(f"{prefix}/_emulator/faults", json=fault)

    def listen(place: int, prefix: str = "") -> Any:
        url = f"http://localhost:1/{place}"
        return client.post(f"{prefix}/_emulator/webhooks", json={"url": url})

    assert {arm().status_code for _ in range(FAULTS_MAX)} == {201}
    assert {listen(place).status_code for place in range(ENDPOINTS_MAX)} == {201}
    refused = [arm(), listen(ENDPOINTS_MAX)]
    assert [one.json()["error"] for one in refused] == [
        {
            "code": "conflict",
            "message": golden("control", "conflict", "too-many-faults"),
        },
        {
            "code": "conflict",
            "message": golden("control", "conflict", "too-many-endpoints"),
        },
    ]
    assert (arm("/_w/other").status_code, listen(0, "/_w/other").status_code) == (201, 201)
    client.delete("/_emulator/faults")
    assert arm().status_code == 201
