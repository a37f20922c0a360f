"""Watchers: what requests that wait with `?wait=` cost the other requests of their world.

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
from tests.bench.table import show

ENTRIES = 1_000
WATCHERS = 4
REQUESTS = 500

WANTED = 0.85
"""The share of the requests a second without watchers that is left with four of them."""


def measure(*, rounds: int) -> None:
    """Print requests a second without watchers, with four, and with four that were given up."""
    seen = [asyncio.run(_round()) for _ in range(rounds)]
    alone, watched, abandoned = (median(column) for column in zip(*seen, strict=True))
    head = ["", "requests/s", "share", "wanted"]
    rows = [
        ["no watcher", f"{alone:,.0f}", "1", ""],
        [f"{WATCHERS} watchers", f"{watched:,.0f}", f"{watched / alone:.2f}", f"{WANTED}"],
        ["the same, given up", f"{abandoned:,.0f}", f"{abandoned / alone:.2f}", "1"],
    ]
    show(f"Requests beside `?wait=` on a world of {ENTRIES:,} entries", head, rows)


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
