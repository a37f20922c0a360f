"""Interleaved rounds of calls, so that a disturbance of the machine disturbs all alike."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import TypeVar

K = TypeVar("K")

ROUNDS = 15
ROUND_SECONDS = 0.005
WARM_UP = 100
"""Calls before the first round, which fill the caches."""


def microseconds(works: Mapping[K, Callable[[], object]]) -> dict[K, list[float]]:
    """Return what a call of each work takes, a value for each of many interleaved rounds."""
    counts = {key: _calls_a_round(work) for key, work in works.items()}
    taken: dict[K, list[float]] = {key: [] for key in works}
    # As in `timeit`: the collector's pauses would fall on any of the works.
    gc.disable()
    try:
        for _ in range(ROUNDS):
            for key, work in works.items():
                taken[key].append(_seconds(work, counts[key]) / counts[key] * 1e6)
    finally:
        gc.enable()
    return taken


def _calls_a_round(work: Callable[[], object]) -> int:
    _seconds(work, WARM_UP)
    once = _seconds(work, WARM_UP) / WARM_UP
    return max(1, min(100_000, int(ROUND_SECONDS / max(once, 1e-9))))


def _seconds(work: Callable[[], object], count: int) -> float:
    began = perf_counter()
    for _ in range(count):
        work()
    return perf_counter() - began
