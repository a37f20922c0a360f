"""Start of a process to the first 200 of its API, beside the raw app and the interpreter alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from tests.bench import raw
from tests.bench.calls import Call, answer_to
from tests.bench.figures import Figure
from tests.bench.table import show
from tests.support.server import Running, serving, start

SEEDS = ("empty", "demo", "crowded")
PYTHON, RAW = "python -c pass", "raw ASGI on uvicorn"

Start = Callable[[], Running]
Taken = tuple[float, float]
"""Milliseconds until the first 200, and of processor time until the process has ended."""


def measure(*, rounds: int) -> list[Figure]:
    """Print and return how long interleaved starts take, as multiples of the raw app."""
    taken: dict[str, list[Taken]] = {PYTHON: []}
    with TemporaryDirectory() as folder:
        launches = _launches(Path(folder, "answers.json"))
        for name, (launch, first) in launches.items():
            _milliseconds(launch, first)  # the first start may have to compile modules
            taken[name] = []
        for _ in range(rounds):
            taken[PYTHON].append(_milliseconds_of_python())
            for name, (launch, first) in launches.items():
                taken[name].append(_milliseconds(launch, first))
    show_starts(f"Start to the first 200 of GET /api/runs, {rounds} rounds", taken)
    print("  The seed empty has no API key: its first 200 is GET /healthz.", flush=True)
    return multiples("start", taken)


def show_starts(title: str, taken: Mapping[str, list[Taken]]) -> None:
    """Print starts as milliseconds and as multiples of the raw app."""
    wall, busy = (
        {name: median(both[place] for both in times) for name, times in taken.items()}
        for place in (0, 1)
    )
    figures = {figure.row: figure for figure in multiples("start", taken)}
    rows = [
        [name, f"{wall[name]:.0f}", *figures[name].cells, f"{busy[name]:.0f}", _of_raw(busy, name)]
        for name in taken
    ]
    head = ["", "ms", "of raw (min–max)", "wanted", "processor ms", "of raw"]
    show(title, head, rows)


def multiples(part: str, taken: Mapping[str, list[Taken]]) -> list[Figure]:
    """Return starts as multiples of the raw app's start in the same round."""
    return [
        Figure(
            part=part,
            row=name,
            unit="of raw",
            values=[ms / raw_ms for (ms, _), (raw_ms, _) in zip(times, taken[RAW], strict=True)],
        )
        for name, times in taken.items()
    ]


def _of_raw(milliseconds: Mapping[str, float], name: str) -> str:
    return f"{milliseconds[name] / milliseconds[RAW]:.1f}"


def _launches(answers: Path) -> Mapping[str, tuple[Start, Call]]:
    """Return how to start each server, and the call whose 200 ends the start."""
    firsts = {}
    with ExitStack() as stack:
        for seed in SEEDS:
            server = stack.enter_context(serving("--seed", seed))
            firsts[seed] = _first_call(server)
            if seed == "demo":
                page = answer_to(server, firsts[seed])[1].decode()
    answers.write_text(json.dumps({"GET /api/runs": (200, page)}), "utf-8")
    ours = {f"emulator, seed {seed}": (_starter(seed), firsts[seed]) for seed in SEEDS}
    return {RAW: (lambda: raw.start(answers), firsts["demo"]), **ours}


def _first_call(server: Running) -> Call:
    keys = server.ready["api_keys"]
    if not keys:
        return Call(method="GET", path="/healthz")
    keyed = {"authorization": f"Bearer {keys[0]['secret']}"}
    return Call(method="GET", path="/api/runs", headers=keyed)


def _starter(seed: str) -> Start:
    return lambda: start("--seed", seed)


def _milliseconds(launch: Start, first: Call) -> Taken:
    busy, began = processor_seconds_of_ended(), perf_counter()
    server = launch()
    answer_to(server, first)
    taken = perf_counter() - began
    server.stop()
    return taken * 1000, (processor_seconds_of_ended() - busy) * 1000


def _milliseconds_of_python() -> Taken:
    busy, began = processor_seconds_of_ended(), perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return (perf_counter() - began) * 1000, (processor_seconds_of_ended() - busy) * 1000


def processor_seconds_of_ended() -> float:
    """Return the processor time of all processes that this one has started and that have ended."""
    spent = os.times()
    return spent.children_user + spent.children_system
