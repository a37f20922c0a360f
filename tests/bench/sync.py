"""Upload of many runs in one call of cli-sync: new ones, then the same again."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import replace
from time import perf_counter

from tests.bench.calls import RUN, SEED, Call, answer_to, post
from tests.bench.figures import Figure, show_figures
from tests.support.server import Running, serving

BATCH = 5_000


def measure(*, processes: int, rounds: int) -> list[Figure]:
    """Print and return the seconds that an upload takes."""
    calls = {"new runs": upload_of(BATCH), "known runs": replace(upload_of(BATCH), status=200)}
    taken: dict[str, list[float]] = {name: [] for name in calls}
    with ExitStack() as stack:
        servers = [stack.enter_context(serving("--seed", str(SEED))) for _ in range(processes)]
        for _ in range(rounds):
            for server in servers:
                answer_to(server, post("/_emulator/reset", {}))
                for name, call in calls.items():
                    taken[name].append(_seconds(server, call, name))
    figures = [
        Figure(part="sync", row=name, unit="s", values=values) for name, values in taken.items()
    ]
    mib = len(calls["new runs"].body) / 2**20
    show_figures(f"cli-sync of {BATCH:,} runs ({mib:.1f} MiB) in one call, s", figures)
    return figures


def upload_of(size: int, *, prefix: str = "bench") -> Call:
    """Return a call that uploads new runs."""
    runs = [
        {**RUN, "client_run_id": f"{prefix}-{place}", "started_at": f"-PT{place + 1}M"}
        for place in range(size)
    ]
    return post("/api/e2e/cli-sync", {"runs": runs}, status=201)


def _seconds(server: Running, call: Call, name: str) -> float:
    began = perf_counter()
    _, body = answer_to(server, call)
    seconds = perf_counter() - began
    assert json.loads(body)["created" if name == "new runs" else "unchanged"] == BATCH
    return seconds
