"""Waiting: responses that wait for their world to change, or for webhooks to be delivered."""

from __future__ import annotations

import asyncio
import contextlib

from emulator.pipeline.request import ResolvedRequest
from emulator.pipeline.surface_call import refusal_response
from emulator.pipeline.transaction import Served, Transaction
from emulator.registry.change_feed import ChangeFeed
from emulator.registry.registry import WorldRegistry
from emulator.webhooks.dispatcher import WebhookDispatcher
from emulator.wire.http.asgi import raw_response, until_given_up
from emulator.wire.http.context import Outcome
from emulator.world.core.refusals import NotFound

PAUSE_FACTOR = 40
"""How much longer than it takes to serve a waiting request again, it pauses before the next time.

Measured: a filter of a journal of 1,000 entries takes as long as a hundred requests, and without a
pause each of these would cause it to run again."""


class Waiting:
    """Serves requests, and serves them again for as long as their outcome waits for something."""

    def __init__(
        self,
        transaction: Transaction,
        registry: WorldRegistry,
        *,
        feed: ChangeFeed,
        webhooks: WebhookDispatcher,
    ) -> None:
        self._transaction = transaction
        self._registry = registry
        self._feed = feed
        self._webhooks = webhooks
        self._draining: set[asyncio.Future[None]] = set()
        """Drains under way, since the event loop itself holds no reference to them."""

    async def respond(self, resolved: ResolvedRequest) -> Served:
        """Return what a request is answered once nothing is to be waited for."""
        served = self._transaction.run(resolved)
        is_head = resolved.request.is_head
        if served.outcome.wait_until_changed > 0 and not is_head:
            served = await self._until_changed(resolved, served)
        outcome = served.outcome
        if outcome.drain_webhooks:
            await self.drain(resolved)
            if outcome.respond_after_drain is not None and not is_head:
                response = raw_response(outcome.respond_after_drain())
                return Served(response=response, outcome=outcome)
        return served

    async def drain(self, resolved: ResolvedRequest, *, seconds: float | None = None) -> None:
        """Wait until nothing is pending for a world's webhooks. Deliveries continue if the client
        goes away.
        """
        world = resolved.live.world
        if not self._webhooks.is_sending(world):
            return
        draining = asyncio.ensure_future(self._webhooks.drain(world, seconds=seconds))
        self._draining.add(draining)
        draining.add_done_callback(self._draining.discard)
        await until_given_up(resolved.request.given_up, asyncio.shield(draining))

    async def _until_changed(self, resolved: ResolvedRequest, served: Served) -> Served:
        """Serve a request again whenever its world has changed, until it waits no longer, time is
        up, the world was deleted, or the client has gone.

        The first change is seen at once, those soon after it together.
        """
        live, given_up = resolved.live, resolved.request.given_up
        loop, pause_seconds = asyncio.get_running_loop(), 0.0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(served.outcome.wait_until_changed):
                while served.outcome.wait_until_changed > 0:
                    changed = self._feed.next_change(live.world.name)
                    if not await until_given_up(given_up, _after(pause_seconds, changed)):
                        break
                    if not self._registry.is_current(live):
                        return self._of_deleted_world(resolved)
                    start = loop.time()
                    served = self._transaction.run(resolved)
                    pause_seconds = PAUSE_FACTOR * (loop.time() - start)
        return served

    def _of_deleted_world(self, resolved: ResolvedRequest) -> Served:
        context = resolved.context(self._registry.settings)
        gone = NotFound("world", resolved.live.world.name)
        response = refusal_response(resolved.request, context, gone)
        return Served(response=response, outcome=Outcome())


async def _after(pause_seconds: float, changed: asyncio.Event) -> None:
    await asyncio.sleep(pause_seconds)
    await changed.wait()
