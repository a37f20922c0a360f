"""Requests a second over sockets, beside a raw ASGI app on the same uvicorn.

A share is requests a second, the server on a core of its own and the client on another, over the
raw app's in the same round.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.bench import raw
from tests.bench.calls import (
    KEYED,
    RUN,
    SEED,
    Call,
    answer_to,
    cookie_of,
    port_of,
    post,
    sign_in,
    user_of,
)
from tests.bench.figures import Figure
from tests.bench.load import Load, rate_of
from tests.bench.processes import cores, on_core, processor_seconds
from tests.bench.table import show
from tests.support.server import Running, start

PART = "requests"
GETS, MIXED_RUNS = 10, 100
"""In the mixed row: gets after every create, and the runs that they read in turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Requests a second, and microseconds of the server's processor time for a request."""

    per_second: float
    server: float
    client_busy: float


@dataclass(slots=True)
class Row:
    """The rounds of a row, the emulator's each with the raw app's that followed it."""

    name: str
    pairs: list[tuple[Round, Round]] = field(default_factory=list)

    @property
    def figure(self) -> Figure:
        """The share of the raw app."""
        shares = [ours.per_second / raws.per_second for ours, raws in self.pairs]
        return Figure(part=PART, row=self.name, unit="of raw", values=shares)

    @property
    def cells(self) -> list[str]:
        """A line of the table."""
        ours, raws = zip(*self.pairs, strict=True)
        share, wanted = self.figure.cells
        rates = [f"{median(each.per_second for each in side):,.0f}" for side in (ours, raws)]
        times = [f"{median(each.server for each in side):.0f}" for side in (ours, raws)]
        by_time = median(raws.server / ours.server for ours, raws in self.pairs)
        return [self.name, *rates, share, wanted, *times, f"{by_time:.2f}"]


def measure(*, processes: int, rounds: int, seconds: float) -> list[Figure]:
    """Print and return the shares of a raw app, each round of which lasts some seconds."""
    rows: dict[str, Row] = {}
    with ExitStack() as stack:
        emulators = [stack.enter_context(emulator()) for _ in range(processes)]
        scripts = scripts_of(emulators[0])
        answers = answers_of(emulators[0], scripts.values())
        yardsticks = [stack.enter_context(raw_app(answers)) for _ in range(processes)]
        for _ in range(rounds):
            for ours, raws in zip(emulators, yardsticks, strict=True):
                # Every round begins with the same state.
                for name, calls in scripts_of(ours).items():
                    row = rows.setdefault(name, Row(name))
                    row.pairs.append(
                        (round_of(ours, calls, seconds), round_of(raws, calls, seconds))
                    )
    head = ["", "a second", "raw", "share (min–max)", "wanted", "server µs", "raw", "share"]
    title = f"Requests, medians of {rounds} rounds on {processes} processes of each"
    show(title, head, [row.cells for row in rows.values()])
    _show_conditions(list(rows.values()))
    return [row.figure for row in rows.values()]


def _show_conditions(rows: Sequence[Row]) -> None:
    pinned = "on cores of their own" if cores()[0] is not None else "wherever the system puts them"
    busy = max(each.client_busy for row in rows for pair in row.pairs for each in pair)
    print(f"  Server and client {pinned}; server µs: its processor time for a request,")
    print("  whose share feels neighbors on the machine less than that of the rates.")
    print(f"  The client was busy for at most {busy:.0%} of a round.", flush=True)


@contextmanager
def emulator() -> Iterator[Running]:
    """Start an emulator on the servers' core, and stop it at the end."""
    with on_core(cores()[0]):
        server = start("--seed", str(SEED))
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def raw_app(answers: Mapping[str, tuple[int, str]]) -> Iterator[Running]:
    """Start a raw app with these answers on the servers' core, and stop it at the end."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "answers.json")
        file.write_text(json.dumps(answers), "utf-8")
        with on_core(cores()[0]):
            server = raw.start(file)
    try:
        yield server
    finally:
        server.stop()


def scripts_of(server: Running) -> Mapping[str, Sequence[Call]]:
    """Reset a server and return the calls of each row, in turn.

    They are the same for every process, which mints the same ids and tokens.
    """
    answer_to(server, post("/_emulator/reset", {}))
    runs = Call(method="GET", path="/api/runs?limit=50", headers=KEYED)
    of_browser = {"cookie": cookie_of(server)}
    create = post("/api/runs", RUN, headers=KEYED, status=201)
    listed = answer_to(server, Call(method="GET", path="/api/runs?limit=100", headers=KEYED))[1]
    gets = [
        Call(method="GET", path=f"/api/runs/{run['id']}", headers=KEYED)
        for run in json.loads(listed)["items"][:MIXED_RUNS]
    ]
    return {
        "get a run": [gets[25]],
        "list 50": [runs],
        "me through the BFF": [Call(method="GET", path="/api/cloud/me", headers=of_browser)],
        "list 50 through the BFF": [
            Call(method="GET", path="/api/cloud/runs?limit=50", headers=of_browser)
        ],
        "GoTrue: user": [user_of(server)],
        "GoTrue: sign in": [sign_in(server)],
        "create a run": [create],
        "create through the BFF": [post("/api/cloud/runs", RUN, headers=of_browser, status=201)],
        "mixed: a create to ten gets": [
            call
            for first in range(0, MIXED_RUNS, GETS)
            for call in (create, *gets[first : first + GETS])
        ],
    }


def answers_of(server: Running, scripts: Iterable[Sequence[Call]]) -> Mapping[str, tuple[int, str]]:
    """Return the answers of a raw app: what the emulator answers, byte for byte."""
    return {
        f"{call.method} {call.path.partition('?')[0]}": (
            call.status,
            answer_to(server, call)[1].decode(),
        )
        for calls in scripts
        for call in calls
    }


def round_of(server: Running, calls: Sequence[Call], seconds: float) -> Round:
    """Send a server calls in turn for some seconds."""
    before = processor_seconds(server.process.pid)
    requests = [(call.wire, call.status) for call in calls]
    rate = rate_of(Load(port=port_of(server), requests=requests, seconds=seconds))
    busy = processor_seconds(server.process.pid) - before
    return Round(
        per_second=rate.per_second,
        server=busy / rate.sent * 1e6,
        client_busy=rate.client_busy,
    )
