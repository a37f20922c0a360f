"""Soak: mixed requests over 100 worlds with their journals, whose memory must stay flat.

Every world goes through a cycle of reads, creates, uploads, sign-ins and refusals, and is then
reset, which ends its runs, sessions and journal. Resets are spread, so that the worlds are at
different places of the cycle. Every tenth world is only read: its journal fills and discards.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import cycle, islice
from time import perf_counter

from tests.bench.calls import (
    KEYED,
    LOGIN,
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
from tests.bench.figures import Figure, show_figures
from tests.bench.growth import Sample, growth_mib, more_descriptors, take_sample
from tests.bench.load import CONNECTIONS, Connection, Step, begin, end, step, turn
from tests.bench.processes import cores, on_core
from tests.bench.sync import upload_of
from tests.bench.table import show
from tests.support.server import Running, start

REQUESTS = 1_000_000
WORLDS = 100
SAMPLES = 20
BLOCKS, READS, REFUSALS = 40, 16, 2
"""Blocks in the cycle of a world, and reads and refusals in a block, which has two writes more.
A tenth of a million requests takes every world through its cycle once, and fills the journals of
those that are only read.
"""

FULL = {"authorization": "Bearer wbx_bench_full_000000_live"}


def measure(*, requests: int) -> list[Figure]:
    """Print the server's memory and descriptors as requests go by, and return their growth."""
    server_core, client_core = cores()
    with on_core(server_core):
        server = start("--seed", str(SEED))
    try:
        with on_core(client_core):
            samples, statuses, rate = soak(server, requests)
    finally:
        server.stop()
    rows = [
        [f"{sample.requests:,}", f"{sample.mib:.1f}", str(sample.descriptors)] for sample in samples
    ]
    show(f"Soak of {WORLDS} worlds", ["requests", "MiB (RSS)", "descriptors"], rows)
    counted = ", ".join(f"{status} {count:,}" for status, count in sorted(statuses.items()))
    print(f"  {rate:,.0f} requests a second; {counted}")
    if requests < REQUESTS:
        print(
            f"  Fewer than {REQUESTS:,} requests: the first tenth is too short to fill all worlds."
        )
    figures = [
        Figure(part="soak", row=row, unit=unit, values=[value])
        for row, unit, value in (
            ("memory after the first tenth", "MiB more", growth_mib(samples)),
            ("descriptors after the first tenth", "more", more_descriptors(samples)),
            ("requests a second", "1/s", rate),
        )
    ]
    is_flat = not any(figure.falls_short for figure in figures)
    show_figures("Flat after the first tenth" if is_flat else "NOT flat", figures, head="")
    return figures


def soak(server: Running, requests: int) -> tuple[Sequence[Sample], Counter[int], float]:
    """Soak a server; return samples, answers by status, and requests a second.

    Raises LoadError where an answer has another status than it should.
    """
    statuses: Counter[int] = Counter()
    worlds = [_steps(_script(server, number), number, statuses) for number in range(WORLDS)]
    lanes = [_alternating(worlds[place::CONNECTIONS]) for place in range(CONNECTIONS)]
    samples = []
    began = perf_counter()
    for leg in range(1, SAMPLES + 1):
        # A world stays on its lane, which opens another connection for each leg.
        connected = [(Connection(port_of(server)), steps) for steps in lanes]
        begin(connected)
        while statuses.total() < requests * leg // SAMPLES:
            turn(connected)
        samples.append(take_sample(server.process.pid, statuses.total()))
        end(connected)
    return samples, statuses, requests / (perf_counter() - began)


def _steps(script: Sequence[Call], number: int, statuses: Counter[int]) -> Iterator[Step]:
    """Yield the steps of a world for ever, from its own place in the cycle, and count them."""
    steps = [(call.status, step(call.wire, call.status)) for call in script]
    for status, following in islice(cycle(steps), len(steps) * number // WORLDS, None):
        statuses[status] += 1
        yield following


def _alternating(worlds: Sequence[Iterator[Step]]) -> Iterator[Step]:
    """Yield a step of each world in turn."""
    for steps in cycle(worlds):
        yield next(steps)


def _script(server: Running, number: int) -> Sequence[Call]:
    """Make a world and return the calls of its cycle.

    They end with a reset and the sign-ins that the world begins with, which mint the same tokens.
    """
    name = f"soak-{number}"
    world = {"x-emulator-world": name}
    answer_to(server, post("/_emulator/worlds", {"name": name}, status=201))
    of_browser = {**world, "cookie": cookie_of(server, world)}
    user = user_of(server, world)
    reads = cycle([user, *_reads(server, world, of_browser)])
    refusals = cycle(_refusals(world))
    login = sign_in(server, world)
    is_only_read = number % 10 == 0
    calls: list[Call] = []
    for block in range(BLOCKS):
        calls += islice(reads, READS)
        calls += islice(refusals, REFUSALS)
        if not is_only_read:
            upload = upload_of(3, prefix=f"soak-{block}")
            calls += [
                post("/api/runs", RUN, headers={**world, **KEYED}, status=201)
                if block % 2
                else post("/api/cloud/runs", RUN, headers=of_browser, status=201),
                login if block % 8 == 0 else replace(upload, headers=world),
            ]
    if not is_only_read:
        reset = post(f"/_emulator/worlds/{name}/reset", {})
        calls += [reset, post("/api/auth/login", LOGIN, headers=world), login]
    return calls


def _reads(
    server: Running, world: Mapping[str, str], of_browser: Mapping[str, str]
) -> Sequence[Call]:
    keyed = {**world, **KEYED}
    listed = Call(method="GET", path="/api/runs?limit=10", headers=keyed)
    runs = [run["id"] for run in json.loads(answer_to(server, listed)[1])["items"]]
    by_key = ("/api/me", "/api/runs?limit=10", *(f"/api/runs/{run}" for run in runs))
    by_browser = ("/api/auth/session", "/api/cloud/me", "/api/cloud/runs?limit=10")
    return [
        *(Call(method="GET", path=path, headers=keyed) for path in by_key),
        *(Call(method="GET", path=path, headers=of_browser) for path in by_browser),
    ]


def _refusals(world: Mapping[str, str]) -> Sequence[Call]:
    """Return calls without a credential, for what does not exist, invalid, and at a cap."""
    keyed = {**world, **KEYED}
    nothing = "/api/runs/00000000-0000-4000-8000-000000000000"
    return [
        Call(method="GET", path="/api/runs", headers=world, status=401),
        Call(method="GET", path=nothing, headers=keyed, status=404),
        post("/api/runs", {"name": 1}, headers=keyed, status=422),
        post("/api/runs", RUN, headers={**world, **FULL}, status=402),
    ]
