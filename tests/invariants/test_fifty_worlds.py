"""The gate: fifty worlds at once on one server see what one world sees alone, to the byte."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx2

from tests.support.scenario import Script
from tests.support.server import Running

WORLDS = 50
STEPS_MIN = 100


def play(origin: str, world: str, start: threading.Barrier | None = None) -> list[str]:
    """Play the script in a world, which is made first, and return its transcript."""
    with httpx2.Client(timeout=120, trust_env=False) as client:
        if world != "default":
            made = client.post(f"{origin}/_emulator/worlds", json={"name": world})
            assert made.status_code == 201, made.text
        keys = client.get(f"{origin}/_emulator/worlds/{world}").json()
    with closing(Script(origin, world, keys)) as script:
        if start is not None:
            start.wait()
        for _ in script.steps():
            pass
        return script.lines


def assert_same(transcript: list[str], alone: list[str], *, who: str) -> None:
    """Name the first step that went otherwise than alone."""
    for step, (seen, expected) in enumerate(zip(transcript, alone, strict=False)):
        assert seen == expected, f"{who}, step {step}"
    assert len(transcript) == len(alone), who


def test_fifty_worlds_at_once_answer_as_one_alone(launch: Callable[..., Running]) -> None:
    alone = play(launch("--seed", "demo").url, "default")
    assert len(alone) >= STEPS_MIN
    shared = launch("--seed", "demo").url
    fresh = httpx2.get(f"{shared}/_emulator/state", trust_env=False).json()
    start = threading.Barrier(WORLDS)
    with ThreadPoolExecutor(WORLDS) as pool:
        plays = [pool.submit(play, shared, f"w-{place}", start) for place in range(WORLDS)]
        together = [one.result() for one in plays]
    for place, transcript in enumerate(together):
        assert_same(transcript, alone, who=f"world {place}")
    assert httpx2.get(f"{shared}/_emulator/state", trust_env=False).json() == fresh


def test_two_worlds_in_step_answer_as_one_alone(launch: Callable[..., Running]) -> None:
    alone = play(launch("--seed", "demo").url, "default")
    shared = launch("--seed", "demo").url
    scripts = []
    for world in ("left", "right"):
        made = httpx2.post(f"{shared}/_emulator/worlds", json={"name": world}, trust_env=False)
        scripts.append(Script(shared, world, made.json()))
    for _ in zip(*(script.steps() for script in scripts), strict=True):
        pass
    for script in scripts:
        script.close()
        assert_same(script.lines, alone, who=script.world)
