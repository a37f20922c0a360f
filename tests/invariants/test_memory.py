"""A thousand rounds of seed, change and reset: memory flat, and the state that of a fresh start."""

from __future__ import annotations

import gc
import tracemalloc
from contextlib import closing
from pathlib import Path

from tests.support.asgi_caller import Quick
from tests.support.checked_client import Emulator

ROUNDS = 1000
GROWTH_BYTES_MAX = 2**20
LOGIN = {"email": "mara@example.com", "password": "demo-password"}


def play(emulator: Emulator, quick: Quick, place: int, second: str) -> None:
    """Make a world, change it in every way, reset and drop it; change and reset the default one."""
    statuses = [
        quick.call("POST", "/_emulator/worlds", {"name": "w"}),
        quick.call("POST", "/_w/w/api/auth/login", LOGIN),
        quick.call("POST", "/_w/w/api/e2e/cli-sync", {"client_run_id": str(place)}),
        quick.call("POST", "/_w/w/_emulator/snapshots", {"name": "s"}),
        quick.call("POST", "/_w/w/_emulator/reset", {"seed": second} if place % 10 == 9 else {}),
        quick.call("DELETE", "/_emulator/worlds/w"),
        quick.call("POST", "/api/e2e/cli-sync", {"client_run_id": str(place)}),
    ]
    assert statuses == [201, 200, 201, 201, 200, 204, 201]
    changed = emulator.digests()
    assert quick.call("POST", "/_emulator/reset") == 200
    assert emulator.digests() != changed


def held() -> int:
    """Return the bytes that are held."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def test_a_thousand_rounds_leave_memory_flat_and_the_state_fresh(tmp_path: Path) -> None:
    emulator = Emulator("demo")
    fresh = emulator.digests()
    second = tmp_path / "second.yaml"
    second.write_text("users: [{email: one@example.com, password: one-password}]\n", "utf-8")
    with closing(Quick(emulator.app)) as quick:
        for place in range(50):
            play(emulator, quick, place, str(second))
        tracemalloc.start()
        play(emulator, quick, 0, str(second))
        before = held()
        for place in range(ROUNDS):
            play(emulator, quick, place, str(second))
            assert emulator.digests() == fresh
        grown = held() - before
        tracemalloc.stop()
    assert grown < GROWTH_BYTES_MAX
    assert emulator.digests() == Emulator("demo").digests()
