"""`python -m tests.bench.peers`: the emulator beside other servers, as shares of the raw app.

Rates are by the load generator of the bench; a start is from the process to the first 200 of the
API, as a multiple of the raw app's. Everything is interleaved, with the raw app in every round.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from tests.bench import raw
from tests.bench.calls import KEYED, RUN, SEED, Call, answer_to, post
from tests.bench.figures import Figure
from tests.bench.peers.servers import CREATE, GET, LIST, RUNS, Calls, Peer, launch, peers
from tests.bench.processes import cores, on_core
from tests.bench.report import add_options, report
from tests.bench.requests import answers_of, emulator, round_of
from tests.bench.table import show
from tests.support.server import Running, start

RAW, OURS = "raw ASGI on uvicorn", "worldflux-emulator"
START = "start"
ROWS = (START, GET, LIST, CREATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A server to measure: how it starts, the first call it answers, its calls once it runs."""

    start: Callable[[], Running]
    first: Call
    calls: Callable[[Running], Calls]


def main() -> None:
    """Measure the emulator and every peer that is installed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.peers", description=__doc__)
    add_options(parser)
    options = parser.parse_args()
    rounds, seconds = (1, 0.25) if options.quick else (3, 0.5)
    report(options, lambda: measure(processes=3, rounds=rounds, seconds=seconds))


def measure(*, processes: int, rounds: int, seconds: float) -> list[Figure]:
    """Print and return starts and shares of each server."""
    taken: dict[str, dict[str, list[float]]] = {}
    with TemporaryDirectory() as folder:
        candidates, absent = _candidates(Path(folder))
        for _ in range(processes):
            _measure_once(candidates, taken, rounds=rounds, seconds=seconds)
    figures = {
        name: [
            Figure(part="peers", row=name, column=row, unit="of raw", values=values[row])
            for row in ROWS
        ]
        for name, values in taken.items()
    }
    rows = [[name, *(figure.cell for figure in shares)] for name, shares in figures.items()]
    title = f"Of raw, medians (min–max) of {processes} processes of each, {rounds} rounds on each"
    show(title, ["", *ROWS], rows)
    for name, reason in absent.items():
        print(f"  {name} is not there: {reason}", flush=True)
    return [figure for shares in figures.values() for figure in shares]


def _measure_once(
    candidates: Mapping[str, Candidate],
    taken: dict[str, dict[str, list[float]]],
    *,
    rounds: int,
    seconds: float,
) -> None:
    """Start every server, and add its shares to what was taken so far."""
    with ExitStack() as stack:
        servers, starts = {}, {}
        for name, candidate in candidates.items():
            servers[name], starts[name] = _started(candidate)
            stack.callback(servers[name].stop)
        scripts = {name: candidates[name].calls(server) for name, server in servers.items()}
        for name in candidates:
            times = taken.setdefault(name, {row: [] for row in ROWS})
            times[START].append(starts[name] / starts[RAW])
        for row in (GET, LIST, CREATE):
            for place in range(rounds + 1):
                rates = {
                    name: round_of(server, scripts[name][row], seconds).per_second
                    for name, server in servers.items()
                }
                # The first round is what compilers of Node and Java warm up in.
                for name, rate in rates.items() if place else ():
                    taken[name][row].append(rate / rates[RAW])


def _started(candidate: Candidate) -> tuple[Running, float]:
    with on_core(cores()[0]):
        began = perf_counter()
        server = candidate.start()
    answer_to(server, candidate.first)
    return server, perf_counter() - began


def _candidates(folder: Path) -> tuple[Mapping[str, Candidate], Mapping[str, str]]:
    """Return the servers by name, the raw app first, and why others are absent."""
    listed = Call(method="GET", path="/api/runs?limit=100", headers=KEYED)
    with emulator() as server:
        items = json.loads(answer_to(server, listed)[1])["items"]
        calls = {
            GET: [Call(method="GET", path=f"/api/runs/{items[25]['id']}", headers=KEYED)],
            LIST: [Call(method="GET", path="/api/runs?limit=50", headers=KEYED)],
            CREATE: [post("/api/runs", RUN, headers=KEYED, status=201)],
        }
        answers = answers_of(server, calls.values())
    file = folder / "answers.json"
    file.write_text(json.dumps(answers), "utf-8")
    runs = [{**items[place % len(items)], "id": f"run-{place}"} for place in range(RUNS)]
    found = peers(runs, folder)
    ours = {RAW: partial(raw.start, file), OURS: partial(start, "--seed", str(SEED))}
    candidates = {
        name: Candidate(start=begin, first=calls[LIST][0], calls=lambda _: calls)
        for name, begin in ours.items()
    }
    for name, peer in found.items():
        if isinstance(peer, Peer):
            candidates[name] = Candidate(
                start=partial(launch, peer), first=peer.first, calls=peer.calls
            )
    return candidates, {name: why for name, why in found.items() if isinstance(why, str)}


if __name__ == "__main__":
    main()
