"""Fifty uploads at once end in the state that one after another would."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.checked_client import Emulator
from tests.support.fixture_seed import SECRET, stage, with_secret
from tests.support.server import Running

COUNT = 50


def bodies() -> list[dict[str, Any]]:
    """Return fifty runs, some of one instant, some without a time."""
    runs: list[dict[str, Any]] = []
    for place in range(COUNT):
        run = {"client_run_id": f"p{place}", "adapter_id": "openpi", "task": "eval"}
        if place % 3:
            run |= {"status": "running", "started_at": f"2025-12-31T00:0{place % 7}:00Z"}
        runs.append(run)
    return runs


def shuffled(seed: int) -> list[dict[str, Any]]:
    """Return them in another order."""
    runs = bodies()
    random.Random(seed).shuffle(runs)
    return runs


def digest(emulator: Emulator) -> str:
    """Return the digest of the default world's state."""
    return str(emulator.world.state.digest)


def by_cli(emulator: Emulator, runs: list[dict[str, Any]]) -> None:
    """Upload one by one, as the CLI does."""
    key = with_secret(emulator, SECRET)
    for run in runs:
        assert key.post("/api/sync/runs", json=run).status_code == 201


def by_suite(emulator: Emulator, runs: list[dict[str, Any]]) -> None:
    """Upload one by one, as a test suite does."""
    for run in runs:
        assert emulator.client().post("/api/e2e/cli-sync", json=run).status_code == 201


def in_batches(emulator: Emulator, runs: list[dict[str, Any]]) -> None:
    """Upload in batches of seven."""
    for at in range(0, COUNT, 7):
        body = {"runs": runs[at : at + 7]}
        assert emulator.client().post("/api/e2e/cli-sync", json=body).status_code == 201


@pytest.mark.parametrize("ways", [(by_cli, by_cli), (by_suite, in_batches)])
def test_any_order_ends_in_the_same_state(
    tmp_path: Path, ways: tuple[Callable[[Emulator, list[dict[str, Any]]], None], ...]
) -> None:
    states = set()
    for seed in range(4):
        scene = stage(tmp_path)
        ways[seed % 2](scene, shuffled(seed))
        states.add(digest(scene))
    assert len(states) == 1


def test_fifty_connections_at_once_end_in_the_state_of_one_after_another(
    tmp_path: Path, launch: Callable[..., Running]
) -> None:
    scene = stage(tmp_path)
    by_cli(scene, bodies())
    url = launch("--seed", str(tmp_path / "scene.yaml")).url
    headers = {"Authorization": f"Bearer {SECRET}", "User-Agent": "testclient"}

    def upload(run: dict[str, Any]) -> int:
        return httpx2.post(f"{url}/api/sync/runs", json=run, headers=headers).status_code

    with ThreadPoolExecutor(COUNT) as pool:
        assert list(pool.map(upload, shuffled(9))) == [201] * COUNT
        assert sorted(pool.map(upload, [bodies()[0]] * COUNT)) == [200] * COUNT
    state = httpx2.get(f"{url}/_emulator/state").json()
    assert state["digest"] == digest(scene)


def test_of_the_same_upload_at_once_one_is_created(
    tmp_path: Path, launch: Callable[..., Running]
) -> None:
    stage(tmp_path)
    url = launch("--seed", str(tmp_path / "scene.yaml")).url

    def upload(run: dict[str, Any]) -> tuple[int, str]:
        answer = httpx2.post(f"{url}/api/e2e/cli-sync", json=run)
        return answer.status_code, answer.json()["items"][0]["id"]

    with ThreadPoolExecutor(COUNT) as pool:
        said = list(pool.map(upload, [{"client_run_id": "same"}] * COUNT))
    assert sorted(status for status, _ in said) == [200] * (COUNT - 1) + [201]
    assert len({run_id for _, run_id in said}) == 1
