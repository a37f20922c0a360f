"""Over sockets: requests a second of the emulator beside a raw ASGI app on the same uvicorn."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from tests.bench import raw
from tests.bench.calls import KEYED, RUN, SEED, Call, answer_to, cookie_of, port_of
from tests.bench.load import Load, rate_of
from tests.bench.table import show
from tests.running import Running, start

ROUND_SECONDS = 0.5
BATCH = 5000

WANTED = {"get a run": "0.24", "list 50": "0.26", "create a run": "0.27"}
"""Shares of the raw app: what a tuned FastAPI reaches (DESIGN section 7)."""

BUSY = 0.9
"""Above this share of its time the load generator, and not the server, may have been the limit."""


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
    taken: dict[tuple[str, bool], list[float]] = {}
    busiest = 0.0
    for _ in range(rounds):
        for pair in zip(emulators, yardsticks, strict=True):
            for name, call in calls.items():
                for server, is_raw in zip(pair, (False, True), strict=True):
                    load = Load(port=port_of(server), request=call.wire, seconds=ROUND_SECONDS)
                    rate = rate_of(load)
                    taken.setdefault((name, is_raw), []).append(rate.per_second)
                    busiest = max(busiest, rate.busy)
    rows = []
    for name in calls:
        ours, theirs = taken[name, False], taken[name, True]
        share = median(one / other for one, other in zip(ours, theirs, strict=True))
        rates = [f"{median(ours):,.0f}", f"{median(theirs):,.0f}"]
        rows.append([name, *rates, f"{share:.2f}", WANTED.get(name, "")])
    title = f"Requests a second, medians of {rounds} rounds on {len(emulators)} processes of each"
    show(title, ["", "emulator", "raw ASGI", "share", "wanted"], rows)
    if busiest > BUSY:
        print(f"  (the load generator was busy {busiest:.0%} of a round: shares may be flattered)")


def _upload(server: Running, *, rounds: int) -> None:
    """Print how long cli-sync takes for many runs in one call, new and known."""
    runs = [
        {**RUN, "client_run_id": f"bench-{place}", "started_at": f"-PT{place + 1}M"}
        for place in range(BATCH)
    ]
    sync = Call(method="POST", path="/api/e2e/cli-sync", body=json.dumps({"runs": runs}).encode())
    reset = Call(method="POST", path="/_emulator/reset", body=b"{}")
    taken: dict[str, list[float]] = {"new": [], "known": []}
    for _ in range(rounds):
        answer_to(server, reset)
        for name, times in taken.items():
            began = perf_counter()
            _, body = answer_to(server, sync)
            times.append(perf_counter() - began)
            counts = json.loads(body)
            assert counts["created" if name == "new" else "unchanged"] == BATCH
    rows = [
        [f"{BATCH:,} {name} runs ({len(sync.body) / 2**20:.1f} MiB)", f"{median(times):.2f}"]
        for name, times in taken.items()
    ]
    show("cli-sync in one call, s", ["", "median"], rows)
