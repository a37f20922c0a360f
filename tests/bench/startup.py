"""From the start of a process to the first 200 it answers, and what the interpreter alone takes."""

from __future__ import annotations

import json
import os
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
from tests.support.server import Running, start

SEEDS = ("empty", "demo", "crowded")
HEALTH = Call(method="GET", path="/healthz")

Start = Callable[[], Running]


def measure(*, rounds: int) -> None:
    """Print the medians of interleaved starts."""
    with TemporaryDirectory() as folder:
        answers = Path(folder, "answers.json")
        answers.write_text(json.dumps({"GET /healthz": "{}"}), "utf-8")
        starts: dict[str, Start] = {"raw ASGI on uvicorn": lambda: raw.start(answers)}
        for seed in SEEDS:
            starts[f"emulator, seed {seed}"] = _starter(seed)
        taken: dict[str, list[tuple[float, float]]] = {"python -c pass": []}
        for name, launch in starts.items():
            _milliseconds(launch)  # the first may have to compile modules
            taken[name] = []
        for _ in range(rounds):
            taken["python -c pass"].append(_milliseconds(None))
            for name, launch in starts.items():
                taken[name].append(_milliseconds(launch))
    medians = {
        name: [median(one) for one in zip(*times, strict=True)] for name, times in taken.items()
    }
    raw_ms, raw_busy = medians["raw ASGI on uvicorn"]
    rows = [
        [name, f"{ms:.0f}", f"{ms / raw_ms:.1f}x", f"{busy:.0f}", f"{busy / raw_busy:.1f}x"]
        for name, (ms, busy) in medians.items()
    ]
    head = ["", "ms", "of raw", "processor ms", "of raw"]
    show(f"Start to first 200, medians of {rounds}", head, rows)


def _starter(seed: str) -> Start:
    return lambda: start("--seed", seed)


def _milliseconds(launch: Start | None) -> tuple[float, float]:
    """Return how long a start takes, and how much of the processor until the process has ended."""
    busy, began = _processor_seconds_of_ended(), perf_counter()
    if launch is None:
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        taken = perf_counter() - began
    else:
        server = launch()
        answer_to(server, HEALTH)
        taken = perf_counter() - began
        server.stop()
    return taken * 1000, (_processor_seconds_of_ended() - busy) * 1000


def _processor_seconds_of_ended() -> float:
    spent = os.times()
    return spent.children_user + spent.children_system
