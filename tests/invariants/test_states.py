"""Reset, snapshot, restore and fork, over what a random walk leaves behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from emulator.world.records.billing import CheckoutSession, Subscription
from emulator.world.records.workspaces import Reservation
from tests.support import billing_walk
from tests.support.checked_client import ORIGIN, Emulator
from tests.support.fixture_seed import stage
from tests.support.integrity import assert_whole
from tests.support.random_walk import Walk

STEPS = 120


def digest(emulator: Emulator) -> str:
    """Return the digest of the default world's state."""
    return str(emulator.world.state.digest)


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_after_any_walk_the_digest_and_the_indexes_are_those_of_the_rows(
    scene: Emulator, seed: int
) -> None:
    Walk(scene, seed).run(STEPS)
    assert_whole(scene.world)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_walk_about_money_and_room_ends_whole_and_goes_on_alike_in_a_fork(
    scene: Emulator, tmp_path: Path, seed: int
) -> None:
    Walk(scene, seed, steps=billing_walk.STEPS).run(STEPS)
    assert_whole(scene.world)
    other = stage(tmp_path)
    other.world.state = scene.world.state
    walks = [Walk(one, seed + 1, steps=billing_walk.STEPS) for one in (scene, other)]
    assert walks[0].run(STEPS) == walks[1].run(STEPS)
    assert_whole(scene.world)


def test_walks_about_money_and_room_meet_every_status(tmp_path: Path) -> None:
    met: set[str] = set()
    for seed in range(10):
        emulator = stage(tmp_path)
        walk = Walk(emulator, seed, steps=billing_walk.STEPS)
        for _ in range(STEPS):
            walk.step()
            for kind in (Subscription, Reservation, CheckoutSession):
                rows: list[Any] = emulator.world.table(kind).rows()
                met |= {f"{kind.__name__} {one.status}" for one in rows}
    assert met == {
        *("CheckoutSession open", "CheckoutSession complete", "CheckoutSession expired"),
        *("Subscription trialing", "Subscription active", "Subscription past_due"),
        "Subscription canceled",
        *("Reservation held", "Reservation committed"),
        *("Reservation reverted", "Reservation expired"),
    }


def test_reset_equals_fresh(scene: Emulator, tmp_path: Path) -> None:
    fresh = digest(scene)
    Walk(scene, 1).run(STEPS)
    assert digest(scene) != fresh
    assert scene.client().post("/_emulator/reset").json()["digest"] == fresh
    assert digest(scene) == fresh == digest(stage(tmp_path))
    assert Walk(scene, 2).run(STEPS) == Walk(stage(tmp_path), 2).run(STEPS)


def test_snapshot_then_restore_equals_itself_and_goes_on_the_same(scene: Emulator) -> None:
    Walk(scene, 1).run(STEPS)
    kept, before = scene.world.state, digest(scene)
    first = Walk(scene, 2).run(STEPS)
    assert digest(scene) != before
    scene.world.state = kept
    assert digest(scene) == before
    assert_whole(scene.world)
    assert Walk(scene, 2).run(STEPS) == first


def test_a_fork_never_feels_its_parents_writes_nor_the_parent_the_forks(
    scene: Emulator, tmp_path: Path
) -> None:
    Walk(scene, 1).run(STEPS)
    other = stage(tmp_path)
    other.world.state = scene.world.state
    shared = digest(scene)
    parents = Walk(scene, 2).run(STEPS)
    assert (digest(other), digest(scene) != shared) == (shared, True)
    assert_whole(other.world)
    left = digest(scene)
    assert Walk(other, 2).run(STEPS) == parents
    assert digest(other) == left
    Walk(other, 3).run(STEPS)
    assert digest(scene) == left
    assert_whole(scene.world)


READS = (
    *("/", "/healthz", "/openapi.json", "/docs", "/nothing"),
    *("/api/me", "/api/workspaces", "/api/projects", "/api/runs", "/api/runs?limit=1"),
    *("/api/api-keys", "/api/shares", "/api/public/shares/share-live-token", "/api/museum"),
    *("/api/cloud/me", "/api/cloud/workspaces", "/api/cloud/projects", "/api/cloud/runs"),
    *("/api/auth/session", "/api/public/r/share-live-token", "/auth/v1/user", "/auth/v1/health"),
    *("/_emulator/health", "/_emulator/state", "/_emulator/clock", "/api/e2e/cli-sync"),
)


def test_reading_anything_changes_nothing_and_shows_the_same_again(scene: Emulator) -> None:
    Walk(scene, 1).run(STEPS)
    key, cookie = scene.keyed(), scene.signed_in()
    before = scene.world.state
    for client in (key, cookie, scene.client()):
        first = [client.get(path) for path in READS]
        second = [client.get(path) for path in reversed(READS)][::-1]
        for one, other in zip(first, second, strict=True):
            assert (one.status_code, one.content) == (other.status_code, other.content)
            assert one.headers == other.headers
    assert scene.world.state is before


def test_what_is_remembered_of_a_read_is_forgotten_by_a_write(scene: Emulator) -> None:
    key = scene.keyed()
    before = key.get("/api/runs").json()["items"]
    run = key.post("/api/runs", json={"name": "n", "adapter_id": "a", "task": "eval"}).json()
    assert run in key.get("/api/runs").json()["items"]
    scene.client().post("/_emulator/reset")
    assert key.get("/api/runs").json()["items"] == before


def test_worlds_of_one_process_share_nothing_that_changes(scene: Emulator, tmp_path: Path) -> None:
    other = stage(tmp_path)
    interleaved = [Walk(scene, 7), Walk(other, 8)]
    lines: list[list[str]] = [[], []]
    for _ in range(STEPS):
        for walk, said in zip(interleaved, lines, strict=True):
            said.append(walk.step())
    for place, seed in enumerate((7, 8)):
        assert Walk(stage(tmp_path), seed).run(STEPS) == lines[place]


def test_a_plain_client_sees_what_the_lawful_one_does(scene: Emulator) -> None:
    plain = TestClient(scene.app, base_url=ORIGIN)
    lawful = scene.client()
    assert plain.get("/healthz").content == lawful.get("/healthz").content
