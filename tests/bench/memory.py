"""What runs take in memory: as a state, and in a server that was sent them."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys

from tests.bench.calls import RUN, SEED, Call, answer_to
from tests.bench.crowd import crowd
from tests.bench.processes import resident_mib
from tests.bench.table import show
from tests.support.server import start

SIZE = 100_000
STEP = 10_000
"""Runs in the unit that is printed, and the most that one call of cli-sync takes."""


def measure() -> None:
    """Print the memory that 10,000 runs take."""
    rows = [
        [f"a state ({SIZE:,} runs by World.extend)", f"{_of_state():.1f}"],
        [f"a server ({SIZE // 2:,} runs by cli-sync)", f"{_of_server():.1f}"],
    ]
    show("Memory per 10,000 runs, MiB (RSS)", ["", "MiB"], rows)


def _of_state() -> float:
    """Measure in a fresh process, since one that has held more gives nothing back."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.memory"], stdout=subprocess.PIPE, text=True, check=True
    )
    return float(done.stdout)


def _of_server() -> float:
    calls = SIZE // 2 // STEP
    server = start("--seed", str(SEED))
    try:
        before = resident_mib(server.process.pid)
        for call in range(calls):
            runs = [
                {**RUN, "client_run_id": f"bench-{call}-{place}", "started_at": f"-PT{place + 1}M"}
                for place in range(STEP)
            ]
            body = json.dumps({"runs": runs}).encode()
            answer_to(server, Call(method="POST", path="/api/e2e/cli-sync", body=body))
        return (resident_mib(server.process.pid) - before) / calls
    finally:
        server.stop()


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
