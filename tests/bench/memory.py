"""Memory that runs take: as a state, and in a server that was sent them."""

from __future__ import annotations

import gc
import os
import subprocess
import sys

from tests.bench.calls import SEED, answer_to
from tests.bench.crowd import crowd
from tests.bench.figures import Figure, show_figures
from tests.bench.processes import resident_mib
from tests.bench.sync import upload_of
from tests.support.server import serving

SIZE = 100_000
STEP = 10_000
"""Runs in the unit that is printed, and the most that one call of cli-sync takes."""


def measure(*, processes: int) -> list[Figure]:
    """Print and return the memory that 10,000 runs take."""
    measured = {
        "a state, by World.extend": [_of_state() for _ in range(processes)],
        "a server, sent runs by cli-sync": [_of_server() for _ in range(processes)],
    }
    figures = [
        Figure(part="memory", row=name, unit="MiB", values=values)
        for name, values in measured.items()
    ]
    title = f"Memory per {STEP:,} runs, MiB (RSS; a state of {SIZE:,}, a server of {SIZE // 2:,})"
    show_figures(title, figures)
    return figures


def _of_state() -> float:
    """Measure in a fresh process, since a used one has memory that it never gave back."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.memory"], stdout=subprocess.PIPE, text=True, check=True
    )
    return float(done.stdout)


def _of_server() -> float:
    calls = SIZE // 2 // STEP
    with serving("--seed", str(SEED)) as server:
        before = resident_mib(server.process.pid)
        for call in range(calls):
            answer_to(server, upload_of(STEP, prefix=f"bench-{call}"))
        return (resident_mib(server.process.pid) - before) / calls


def main() -> None:
    """Print what a state takes."""
    crowd(STEP)
    gc.collect()
    before = resident_mib(os.getpid())
    many = crowd(SIZE)
    gc.collect()
    print((resident_mib(os.getpid()) - before) * STEP / SIZE)
    del many


if __name__ == "__main__":
    main()
