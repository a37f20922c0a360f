"""Webhook dispatcher: delivers events to endpoints and logs every attempt, beside the state.

The state holds the events that are queued. What was taken off that queue is here, by world, with
the exact bytes. Attempts depend on the machine's time and on other programs, so no digest may
depend on them.

Every error of an attempt is a failed attempt. After a timeout an endpoint receives nothing until
the failed delivery is retried, on the world's clock.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from emulator.settings import Settings
from emulator.webhooks.http_post import PostError, PostTimeoutError, post
from emulator.wire.http.origins import is_loopback_host
from emulator.wire.stripe.events import event_body
from emulator.wire.stripe.signatures import HEADER, sign
from emulator.world.billing import webhook_endpoints
from emulator.world.core.times import SECOND
from emulator.world.core.world import World
from emulator.world.records.billing import Delivery, Event, WebhookEndpoint
from emulator.world.records.types import Instant

RETRY_SECONDS = (300, 3600, 3 * 3600)
"""From a failed attempt to the next, on the world's clock. Docs: in a sandbox Stripe retries three
times over the course of a few hours (https://docs.stripe.com/webhooks, Retry behavior)."""

LOG_MAX = 5_000
"""How many deliveries a world's log holds; the oldest are dropped first."""

USER_AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
CONTENT_TYPE = "application/json; charset=utf-8"

_GOOD = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An attempt to send an event: when, by the world's clock, and with what result."""

    at: Instant
    signature: str
    status: int | None
    error: str | None


@dataclass(slots=True, kw_only=True, eq=False)
class OutboundDelivery:
    """A delivery that was taken off the state's queue: its bytes, its URL, and every attempt."""

    id: str
    event_id: str
    kind: str
    endpoint_id: str
    url: str
    secret: str
    body: bytes
    due: Instant
    status: Literal["pending", "delivered", "waiting", "failed"] = "pending"
    attempts: list[Attempt] = field(default_factory=list)


@dataclass(slots=True)
class EndpointQueues:
    """The deliveries of a world: a log of all of them, and those that are unfinished."""

    now: Instant = 0
    log: deque[OutboundDelivery] = field(default_factory=lambda: deque(maxlen=LOG_MAX))
    unfinished: list[OutboundDelivery] = field(default_factory=list)
    silent_until: dict[str, Instant] = field(default_factory=dict)
    """When the next delivery is due to an endpoint whose last attempt timed out."""


class WebhookDispatcher:
    """The deliveries of every world, and the tasks that send them."""

    def __init__(
        self, settings: Settings, *, now: Callable[[], Instant], is_sending: bool = True
    ) -> None:
        """`now` is the time of signatures. Unless `is_sending`, deliveries to external endpoints
        are taken off the queue and not sent.
        """
        self._settings = settings
        self._now = now
        self._sends = is_sending
        self._queues: dict[str, EndpointQueues] = {}
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}

    def log(self, world: World) -> list[OutboundDelivery]:
        """Return the deliveries of a world, oldest first."""
        return list(self._of(world.name).log)

    def unfinished(
        self, world: World, status: Literal["pending", "waiting"]
    ) -> list[OutboundDelivery]:
        """Return a world's deliveries that are being sent, or that wait to be retried."""
        unfinished = self._of(world.name).unfinished
        return [outbound for outbound in unfinished if outbound.status == status]

    def _of(self, world_name: str) -> EndpointQueues:
        queues = self._queues.get(world_name)
        if queues is None:
            queues = self._queues[world_name] = EndpointQueues()
        return queues

    def world_restarted(self, world_name: str) -> None:
        """Discard the log and the deliveries of a world that was reset, restored or deleted."""
        for key in [key for key in self._tasks if key[0] == world_name]:
            self._tasks.pop(key).cancel()
        self._queues.pop(world_name, None)

    def user_erased(self, world: World) -> None:
        """Discard what was sent before the erasure of a user. Deliveries that are unfinished get
        the event's present body, and are discarded if the event was.
        """
        queues = self._of(world.name)
        for outbound in list(queues.unfinished):
            event = world.get(Event, outbound.event_id)
            if event is None:
                queues.unfinished.remove(outbound)
            else:
                outbound.body = event_body(world, self._settings, event)
        queues.log = deque(queues.unfinished, maxlen=LOG_MAX)

    # The internal endpoint

    def open_internal(self, world: World, delivery: Delivery) -> tuple[OutboundDelivery, str]:
        """Return a delivery to the internal endpoint, logged, and the signature to send it with."""
        outbound = self._outbound(
            world,
            delivery,
            url=f"{self._settings.public_url}/api/billing/webhook",
            secret=self._settings.webhook_secret,
        )
        self._of(world.name).log.append(outbound)
        return outbound, self._signature(outbound)

    def close_internal(
        self, world: World, outbound: OutboundDelivery, *, signature: str, status: int
    ) -> None:
        """Record the response of the internal endpoint; the delivery is not retried."""
        attempt = Attempt(at=world.now, signature=signature, status=status, error=None)
        outbound.attempts.append(attempt)
        outbound.status = "delivered" if status in _GOOD else "failed"

    # External endpoints

    def enqueue_due(self, world: World) -> None:
        """Take the due deliveries off the state's queue, and retry those that the clock has made
        due again.

        Called at the end of each transaction, so that the state is settled when it is answered.
        """
        queues = self._of(world.name)
        taken = webhook_endpoints.take_due(world)
        has_changed = bool(taken) or world.now > queues.now
        queues.now = world.now
        for delivery in taken:
            if not self._sends:
                continue
            endpoint = webhook_endpoints.endpoint_named(world, delivery.endpoint_id)
            secret = signing_secret(endpoint, self._settings)
            outbound = self._outbound(world, delivery, url=endpoint.url, secret=secret)
            queues.log.append(outbound)
            queues.unfinished.append(outbound)
        if has_changed:
            _reschedule(queues)

    def drop_endpoint(self, world: World, endpoint_id: str) -> None:
        """Give up the unfinished deliveries to an endpoint that was removed."""
        task = self._tasks.pop((world.name, endpoint_id), None)
        if task is not None:
            task.cancel()
        queues = self._of(world.name)
        for outbound in list(queues.unfinished):
            if outbound.endpoint_id == endpoint_id:
                outbound.status = "failed"
                queues.unfinished.remove(outbound)

    async def drain(self, world: World, *, seconds: float | None = None) -> None:
        """Send what is pending, each endpoint's in order, and return once nothing is pending, or
        after this many seconds (default: the settings'); sending then continues.
        """
        wait = self._settings.webhook_wait_seconds if seconds is None else seconds
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                # Looked up each time: a restart of the world replaces its queues.
                while endpoints := self._pending_endpoints(world.name):
                    tasks = [self._task(world.name, endpoint_id) for endpoint_id in endpoints]
                    # Unlike `gather`, it does not cancel them when time is up.
                    await asyncio.wait(tasks)

    def is_sending(self, world: World) -> bool:
        """Return whether anything is pending."""
        return bool(self._pending_endpoints(world.name))

    def _pending_endpoints(self, name: str) -> dict[str, None]:
        """Return the endpoints to which something is to be sent now, in order."""
        queues = self._queues.get(name)
        if queues is None or not queues.unfinished:
            return {}
        return {
            outbound.endpoint_id: None
            for outbound in queues.unfinished
            if outbound.status == "pending"
        }

    def _outbound(
        self, world: World, delivery: Delivery, *, url: str, secret: str
    ) -> OutboundDelivery:
        event = world.expect(Event, delivery.event_id)
        return OutboundDelivery(
            id=delivery.id,
            event_id=event.id,
            kind=event.kind,
            endpoint_id=delivery.endpoint_id,
            url=url,
            secret=secret,
            body=event_body(world, self._settings, event),
            due=world.now,
        )

    def _task(self, name: str, endpoint_id: str) -> asyncio.Task[None]:
        """Return the task that serves an endpoint; a task of a loop that has ended is replaced."""
        loop = asyncio.get_running_loop()
        task = self._tasks.get((name, endpoint_id))
        if task is None or task.done() or task.get_loop() is not loop:
            task = loop.create_task(self._serve(name, endpoint_id))
            self._tasks[name, endpoint_id] = task
        return task

    async def _serve(self, name: str, endpoint_id: str) -> None:
        queues = self._of(name)
        while (outbound := _next(queues, endpoint_id)) is not None:
            await self._attempt(outbound, queues)
            if outbound.status in ("delivered", "failed") and outbound in queues.unfinished:
                queues.unfinished.remove(outbound)

    async def _attempt(self, outbound: OutboundDelivery, queues: EndpointQueues) -> None:
        """Send once; after a failure the next attempt is due by the world's clock.

        An attempt counts as made at the moment it was due, however late it is made and wherever
        the clock has moved meanwhile: the same requests give the same log.
        """
        at = outbound.due
        signature = ""
        status: int | None = None
        error: Exception | None = None
        try:
            signature = self._signature(outbound)
            status = await self._sent(outbound, signature)
        except Exception as failure:  # whatever a URL causes: no delivery may stop a world
            error = failure
        text = None if error is None else str(error) or type(error).__name__
        outbound.attempts.append(Attempt(at=at, signature=signature, status=status, error=text))
        tries = len(outbound.attempts)
        # After the last attempt, this is when the next deliveries to the endpoint are sent.
        again_at = at + RETRY_SECONDS[min(tries, len(RETRY_SECONDS)) - 1] * SECOND
        if status in _GOOD:
            outbound.status = "delivered"
        elif tries > len(RETRY_SECONDS):
            outbound.status = "failed"
        else:
            outbound.due = again_at
            outbound.status = "pending" if again_at <= queues.now else "waiting"
        if isinstance(error, PostTimeoutError):
            queues.silent_until[outbound.endpoint_id] = again_at
            _reschedule(queues)
        else:
            queues.silent_until.pop(outbound.endpoint_id, None)

    async def _sent(self, outbound: OutboundDelivery, signature: str) -> int:
        """Return the status of the response. Raises PostError and whatever a URL causes."""
        host = urlsplit(outbound.url).hostname or ""
        if not self._settings.allows_remote_webhooks and not is_loopback_host(host):
            raise PostError(f"{host} is not loopback; start with --allow-remote-webhooks")
        headers = {"Content-Type": CONTENT_TYPE, "User-Agent": USER_AGENT, HEADER: signature}
        seconds = self._settings.webhook_timeout_seconds
        return await post(outbound.url, outbound.body, headers, timeout_seconds=seconds)

    def _signature(self, outbound: OutboundDelivery) -> str:
        """Sign by the machine's time, with which consumers compare the `t=` of a signature."""
        return sign(outbound.body, outbound.secret, at_seconds=self._now() // SECOND)


def signing_secret(endpoint: WebhookEndpoint, settings: Settings) -> str:
    """Return the secret that signs the events for an endpoint: its own, or the server's.

    Assumed: an endpoint of `--webhook` has the server's even if a seed or an export gives it one,
    because the consumer that runs there knows one secret, as with `stripe listen --forward-to`.
    """
    if endpoint.url in settings.webhooks:
        return settings.webhook_secret
    return endpoint.secret or settings.webhook_secret


def _reschedule(queues: EndpointQueues) -> None:
    """Separate what can be sent now from what waits for the clock."""
    for outbound in queues.unfinished:
        if outbound.status in ("pending", "waiting"):
            outbound.due = max(outbound.due, queues.silent_until.get(outbound.endpoint_id, 0))
            outbound.status = "pending" if outbound.due <= queues.now else "waiting"


def _next(queues: EndpointQueues, endpoint_id: str) -> OutboundDelivery | None:
    pending = (
        outbound
        for outbound in queues.unfinished
        if outbound.endpoint_id == endpoint_id and outbound.status == "pending"
    )
    return min(pending, key=lambda outbound: outbound.due, default=None)
