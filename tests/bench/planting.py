"""Planting of seeds in process: find, read, parse and plant, in a process that is warm.

Run as a process of its own, `python -m tests.bench.planting ROUNDS`: it prints milliseconds by
seed as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from time import perf_counter

from emulator.seeding import files
from tests.bench.figures import Figure, show_figures

SEEDS = ("demo", "quota-edge", "crowded")


def measure(*, processes: int, rounds: int) -> list[Figure]:
    """Print and return the milliseconds that seeds take."""
    taken: dict[str, list[float]] = {seed: [] for seed in SEEDS}
    for _ in range(processes):
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.planting", str(rounds)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        for seed, values in json.loads(done.stdout).items():
            taken[seed] += values
    figures = [
        Figure(part="planting", row=seed, unit="ms", values=values)
        for seed, values in taken.items()
    ]
    show_figures("Planting a seed in process, read and parsed each time, ms", figures)
    return figures


def main() -> None:
    """Plant every seed, once to warm up and then a number of times."""
    rounds = int(sys.argv[1])
    taken = {seed: [_milliseconds(seed) for _ in range(rounds + 1)][1:] for seed in SEEDS}
    print(json.dumps(taken))


def _milliseconds(seed: str) -> float:
    _forget()
    began = perf_counter()
    files.plant_file(files.load(seed))
    return (perf_counter() - began) * 1000


def _forget() -> None:
    """Empty the caches of seed files, so that every round reads and parses."""
    for value in vars(files).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()


if __name__ == "__main__":
    main()
