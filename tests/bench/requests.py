"""Over sockets: requests a second of the emulator beside a raw ASGI app on the same uvicorn."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from tests.bench import raw
from tests.bench.calls import KEYED, RUN, SEED, Call, answer_to, cookie_of, port_of
from tests.bench.load import Load, rate_of
from tests.bench.processes import processor_seconds
from tests.bench.table import show
from tests.support.server import Running, start

ROUND_SECONDS = 0.5
BATCH = 5000

WANTED = {"get a run": "0.24", "list 50": "0.26", "create a run": "0.27"}
"""Shares of the raw app on one core: what a tuned FastAPI reaches (DESIGN section 7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round: requests a second, and microseconds of processor for one request."""

    per_second: float
    server: float
    client: float

    @property
    def one_core(self) -> float:
        """What a request takes of the one core that server and client would share."""
        return self.server + self.client


def measure(*, processes: int, rounds: int) -> None:
    """Print requests a second, and the seconds of a big upload."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        emulators = [stack.enter_context(_running("--seed", str(SEED))) for _ in range(processes)]
        for server in emulators:
            calls = _calls(server)
        answers = Path(folder, "answers.json")
        answers.write_text(json.dumps(_answers(emulators[0], calls)), "utf-8")
        yardsticks = [stack.enter_context(_raw(answers)) for _ in range(processes)]
        _requests(calls, emulators, yardsticks, rounds=rounds)
        _upload(emulators[0], rounds=rounds)


@contextmanager
def _running(*arguments: str) -> Iterator[Running]:
    server = start(*arguments)
    yield server
    server.stop()


@contextmanager
def _raw(answers: Path) -> Iterator[Running]:
    server = raw.start(answers)
    yield server
    server.stop()


def _calls(server: Running) -> Mapping[str, Call]:
    """Return the calls by name: the same for every process, as they mint the same ids."""
    runs = Call(method="GET", path="/api/runs?limit=50", headers=KEYED)
    one = json.loads(answer_to(server, runs)[1])["items"][25]["id"]
    return {
        "get a run": Call(method="GET", path=f"/api/runs/{one}", headers=KEYED),
        "list 50": runs,
        "create a run": Call(
            method="POST", path="/api/runs", headers=KEYED, body=json.dumps(RUN).encode()
        ),
        "list 50 through the BFF": Call(
            method="GET", path="/api/cloud/runs?limit=50", headers={"cookie": cookie_of(server)}
        ),
    }


def _answers(server: Running, calls: Mapping[str, Call]) -> dict[str, str]:
    """Return what the raw app shall answer: what the emulator does, byte for byte."""
    return {
        f"{call.method} {call.path.partition('?')[0]}": answer_to(server, call)[1].decode()
        for call in calls.values()
    }


def _requests(
    calls: Mapping[str, Call], emulators: list[Running], yardsticks: list[Running], *, rounds: int
) -> None:
    taken: dict[str, list[tuple[Round, Round]]] = {name: [] for name in calls}
    for _ in range(rounds):
        for ours, raws in zip(emulators, yardsticks, strict=True):
            for name, call in calls.items():
                taken[name].append((_round(ours, call), _round(raws, call)))
    rows = [[name, *_cells(pairs), WANTED.get(name, "")] for name, pairs in taken.items()]
    title = f"Requests, medians of {rounds} rounds on {len(emulators)} processes of each"
    head = ["", "a second", "raw", "share", "server µs", "raw", "share of one core", "wanted"]
    show(title, head, rows)
    print("  One core: processor time of server and client together; it hardly feels neighbours.")


def _round(server: Running, call: Call) -> Round:
    before = processor_seconds(server.process.pid)
    rate = rate_of(Load(port=port_of(server), request=call.wire, seconds=ROUND_SECONDS))
    seconds = processor_seconds(server.process.pid) - before
    return Round(
        per_second=rate.per_second,
        server=seconds / rate.sent * 1e6,
        client=rate.client_microseconds,
    )


def _cells(pairs: list[tuple[Round, Round]]) -> list[str]:
    return [
        f"{median(ours.per_second for ours, _ in pairs):,.0f}",
        f"{median(raws.per_second for _, raws in pairs):,.0f}",
        f"{median(ours.per_second / raws.per_second for ours, raws in pairs):.2f}",
        f"{median(ours.server for ours, _ in pairs):.0f}",
        f"{median(raws.server for _, raws in pairs):.0f}",
        f"{median(raws.one_core / ours.one_core for ours, raws in pairs):.2f}",
    ]


def _upload(server: Running, *, rounds: int) -> None:
    """Print how long cli-sync takes for many runs in one call, new and known."""
    runs = [
        {**RUN, "client_run_id": f"bench-{place}", "started_at": f"-PT{place + 1}M"}
        for place in range(BATCH)
    ]
    sync = Call(method="POST", path="/api/e2e/cli-sync", body=json.dumps({"runs": runs}).encode())
    reset = Call(method="POST", path="/_emulator/reset", body=b"{}")
    taken: dict[str, list[tuple[float, float]]] = {"new": [], "known": []}
    for _ in range(rounds):
        answer_to(server, reset)
        for name, times in taken.items():
            busy, began = processor_seconds(server.process.pid), perf_counter()
            _, body = answer_to(server, sync)
            elapsed = perf_counter() - began
            times.append((elapsed, processor_seconds(server.process.pid) - busy))
            assert json.loads(body)["created" if name == "new" else "unchanged"] == BATCH
    rows = []
    for name, times in taken.items():
        seconds, processor = (median(one) for one in zip(*times, strict=True))
        size = f"{BATCH:,} {name} runs ({len(sync.body) / 2**20:.1f} MiB)"
        rows.append([size, f"{seconds:.2f}", f"{processor:.2f}"])
    show("cli-sync in one call, s", ["", "median", "of processor"], rows)
