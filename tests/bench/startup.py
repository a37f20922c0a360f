"""From the start of a process to the first 200 it answers, and what the interpreter alone takes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from tests.bench import raw
from tests.bench.calls import Call, answer_to
from tests.bench.table import show
from tests.running import Running, start

SEEDS = ("empty", "demo", "crowded")
HEALTH = Call(method="GET", path="/healthz")


def measure(*, rounds: int) -> None:
    """Print the medians of interleaved starts."""
    with TemporaryDirectory() as folder:
        answers = Path(folder, "answers.json")
        answers.write_text(json.dumps({"GET /healthz": "{}"}), "utf-8")
        starts: dict[str, Callable[[], float]] = {
            "python -c pass": _seconds_of_nothing,
            "raw ASGI on uvicorn": lambda: _seconds(lambda: raw.start(answers)),
        }
        for seed in SEEDS:
            starts[f"emulator, seed {seed}"] = _starter(seed)
        taken: dict[str, list[float]] = {name: [] for name in starts}
        for _ in range(rounds):
            for name, seconds in starts.items():
                taken[name].append(seconds() * 1000)
    yardstick = median(taken["raw ASGI on uvicorn"])
    rows = [
        [name, f"{median(times):.0f}", f"{median(times) / yardstick:.1f}x"]
        for name, times in taken.items()
    ]
    show(f"Start to first 200, ms, medians of {rounds}", ["", "ms", "of raw"], rows)


def _starter(seed: str) -> Callable[[], float]:
    return lambda: _seconds(lambda: start("--seed", seed))


def _seconds(launch: Callable[[], Running]) -> float:
    began = perf_counter()
    server = launch()
    answer_to(server, HEALTH)
    seconds = perf_counter() - began
    server.stop()
    return seconds


def _seconds_of_nothing() -> float:
    began = perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return perf_counter() - began
