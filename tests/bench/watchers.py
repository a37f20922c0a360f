"""Watchers: requests that wait with `?wait=`, and their cost to other requests of the world.

In process: sockets would hide it behind their own cost.
"""

from __future__ import annotations

import asyncio
from statistics import median
from time import perf_counter

from starlette.types import ASGIApp, Message

from emulator.app import build_app
from emulator.registry.registry import WorldRegistry
from emulator.settings import Settings
from emulator.wire.http.asgi import GIVEN_UP, http_scope
from tests.bench.figures import Figure
from tests.bench.table import show

ENTRIES = 1_000
WATCHERS = 4
REQUESTS = 500


def measure(*, rounds: int) -> list[Figure]:
    """Print and return the share of requests a second that is left with four watchers."""
    seen = [asyncio.run(_round()) for _ in range(rounds)]
    alone, watched, abandoned = zip(*seen, strict=True)
    rows = [["no watcher", f"{median(alone):,.0f}", "1", ""]]
    figures = []
    for name, rates in ((f"{WATCHERS} watchers", watched), ("the same, given up", abandoned)):
        shares = [rate / free for rate, free in zip(rates, alone, strict=True)]
        figure = Figure(part="watchers", row=name, unit="of no watcher", values=shares)
        figures.append(figure)
        rows.append([name, f"{median(rates):,.0f}", *figure.cells])
    head = ["", "requests/s", "share (min–max)", "wanted"]
    show(f"Requests beside `?wait=` on a world of {ENTRIES:,} entries", head, rows)
    return figures


async def _round() -> tuple[float, float, float]:
    registry = WorldRegistry(Settings(), "demo")
    app = build_app(registry)
    await _rate(app, ENTRIES)
    alone = await _rate(app, REQUESTS)
    given_up = asyncio.Event()
    query = b"path=/nobody&wait=60"
    watching = [
        asyncio.ensure_future(_call(app, "/_emulator/requests", query, given_up))
        for _ in range(WATCHERS)
    ]
    await asyncio.sleep(0)
    watched = await _rate(app, REQUESTS)
    given_up.set()
    await asyncio.gather(*watching)
    return alone, watched, await _rate(app, REQUESTS)


async def _rate(app: ASGIApp, count: int) -> float:
    start = perf_counter()
    for _ in range(count):
        await _call(app, "/healthz")
        # Lets the watchers run, as the sockets of a server do.
        for _ in range(3):
            await asyncio.sleep(0)
    return count / (perf_counter() - start)


async def _call(
    app: ASGIApp, path: str, query: bytes = b"", given_up: asyncio.Event | None = None
) -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_: Message) -> None:
        """Discard the response."""

    headers = [(b"host", b"localhost")]
    scope = http_scope("GET", path, query=query, headers=headers) | {GIVEN_UP: given_up}
    await app(scope, receive, send)
