"""Brings events to webhook endpoints and keeps a log of every attempt, beside the state.

The state holds what waits; what was handed over is here, by world, with the exact bytes. Attempts
fall on the machine's time and on other programs, so no digest may depend on them.

Whatever goes wrong with an attempt is a failed attempt. An endpoint that does not answer in time is
not sent anything more until the failed delivery is retried, on the world's clock.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from emulator.registry.registry import machine_now
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
"""From one failed attempt to the next, on the world's clock. Real: a sandbox is tried three times
over a few hours (Stripe)."""

LOG_MAX = 5_000
"""How many deliveries a world's log holds; the oldest leave it first."""

USER_AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
CONTENT_TYPE = "application/json; charset=utf-8"

_GOOD = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One time that an event was sent: when by the world's clock, and what came of it."""

    at: Instant
    signature: str
    status: int | None
    error: str | None


@dataclass(slots=True, kw_only=True, eq=False)
class OutboundDelivery:
    """A delivery that was handed over: what is sent where, and every attempt."""

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
    """One world's deliveries: all that were handed over, and those of them that are not done."""

    now: Instant = 0
    log: deque[OutboundDelivery] = field(default_factory=lambda: deque(maxlen=LOG_MAX))
    unfinished: list[OutboundDelivery] = field(default_factory=list)
    silent_until: dict[str, Instant] = field(default_factory=dict)
    """When the next delivery is due to an endpoint whose last answer did not come in time."""


class WebhookDispatcher:
    """What is on its way to endpoints, by world."""

    def __init__(self, settings: Settings, *, tells_others: bool = True) -> None:
        """Deliver to others, or only take off the queue what is for them."""
        self._settings = settings
        self._tells_others = tells_others
        self._desks: dict[str, EndpointQueues] = {}
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}

    def log(self, world: World) -> list[OutboundDelivery]:
        """Return what was handed over in a world, oldest first."""
        return list(self._desk(world.name).log)

    def unfinished(
        self, world: World, status: Literal["pending", "waiting"]
    ) -> list[OutboundDelivery]:
        """Return what is still on its way in a world, or what waits for the clock to be retried."""
        return [one for one in self._desk(world.name).unfinished if one.status == status]

    def _desk(self, name: str) -> EndpointQueues:
        return self._desks.setdefault(name, EndpointQueues())

    def forget(self, world_name: str) -> None:
        """Drop a world's log and what is on its way, as its state is put back or it is no more."""
        for key in [key for key in self._tasks if key[0] == world_name]:
            self._tasks.pop(key).cancel()
        self._desks.pop(world_name, None)

    def forget_past(self, world: World) -> None:
        """Drop what was sent before a user was purged; what is still on its way says no more than
        the state does now, and goes if its event did.
        """
        desk = self._desk(world.name)
        for sending in list(desk.unfinished):
            event = world.get(Event, sending.event_id)
            if event is None:
                desk.unfinished.remove(sending)
            else:
                sending.body = event_body(world, self._settings, event)
        desk.log = deque(desk.unfinished, maxlen=LOG_MAX)

    # The control plane's own endpoint

    def packed_for_own(self, world: World, delivery: Delivery) -> tuple[OutboundDelivery, str]:
        """Return a delivery to the control plane itself, and the signature to send it with."""
        sending = self._packed(
            world,
            delivery,
            url=f"{self._settings.public_url}/api/billing/webhook",
            secret=self._settings.webhook_secret,
        )
        self._desk(world.name).log.append(sending)
        return sending, _signature(sending)

    def note(self, world: World, sending: OutboundDelivery, signature: str, *, status: int) -> None:
        """Note how the control plane itself answered; it is not tried again."""
        sending.attempts.append(
            Attempt(at=world.now, signature=signature, status=status, error=None)
        )
        sending.status = "delivered" if status in _GOOD else "failed"

    # The endpoints of others

    def collect(self, world: World) -> None:
        """Take what is due off the state's queue; what failed before is due again with the clock.

        Called at the end of each transaction, so that the state is settled when it is answered.
        """
        desk = self._desk(world.name)
        taken = webhook_endpoints.take_due(world)
        has_changed = bool(taken) or world.now > desk.now
        desk.now = world.now
        for delivery in taken:
            if not self._tells_others:
                continue
            endpoint = webhook_endpoints.endpoint_named(world, delivery.endpoint_id)
            secret = signing_secret(endpoint, self._settings)
            sending = self._packed(world, delivery, url=endpoint.url, secret=secret)
            desk.log.append(sending)
            desk.unfinished.append(sending)
        if has_changed:
            _reschedule(desk)

    def drop_endpoint(self, world: World, endpoint_id: str) -> None:
        """Give up what is on its way to an endpoint that was removed, or waits to be retried."""
        task = self._tasks.pop((world.name, endpoint_id), None)
        if task is not None:
            task.cancel()
        desk = self._desk(world.name)
        for sending in [one for one in desk.unfinished if one.endpoint_id == endpoint_id]:
            sending.status = "failed"
            desk.unfinished.remove(sending)

    async def settled(self, world: World, *, seconds: float | None = None) -> None:
        """Send what is pending, each endpoint's in order, and return once nothing is on its way,
        or after so many seconds, by default those of the settings; sending goes on then.
        """
        wait = self._settings.webhook_wait_seconds if seconds is None else seconds
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                # The desk is looked for each time: another is there once the world was put back.
                while endpoints := self._awaited(world.name):
                    tasks = [self._task(world.name, endpoint_id) for endpoint_id in endpoints]
                    # Unlike `gather`, it does not cancel them when time is up.
                    await asyncio.wait(tasks)

    def is_sending(self, world: World) -> bool:
        """Tell whether anything is pending."""
        return bool(self._awaited(world.name))

    def _awaited(self, name: str) -> dict[str, None]:
        """Return the endpoints to which something is to be sent now."""
        desk = self._desks.get(name)
        unfinished = desk.unfinished if desk is not None else []
        return {one.endpoint_id: None for one in unfinished if one.status == "pending"}

    def _packed(
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
        """Return the task that serves an endpoint; one of a loop that has ended is replaced."""
        loop = asyncio.get_running_loop()
        task = self._tasks.get((name, endpoint_id))
        if task is None or task.done() or task.get_loop() is not loop:
            task = loop.create_task(self._serve(name, endpoint_id))
            self._tasks[name, endpoint_id] = task
        return task

    async def _serve(self, name: str, endpoint_id: str) -> None:
        desk = self._desk(name)
        while (sending := _next(desk, endpoint_id)) is not None:
            await self._attempt(sending, desk)
            if sending.status in ("delivered", "failed") and sending in desk.unfinished:
                desk.unfinished.remove(sending)

    async def _attempt(self, sending: OutboundDelivery, desk: EndpointQueues) -> None:
        """Send once; after a failure the next attempt is due by the world's clock.

        However late it comes to pass, and wherever the clock has moved meanwhile, an attempt is of
        the moment it was due, and those due first come first: the same calls give the same log.
        """
        at = sending.due
        signature = ""
        status: int | None = None
        error: Exception | None = None
        try:
            signature = _signature(sending)
            status = await self._sent(sending, signature)
        except Exception as failure:  # whatever a URL causes: no delivery may stop a world
            error = failure
        text = None if error is None else str(error) or type(error).__name__
        sending.attempts.append(Attempt(at=at, signature=signature, status=status, error=text))
        tries = len(sending.attempts)
        # After the last attempt, this is when what waits behind it is sent.
        again_at = at + RETRY_SECONDS[min(tries, len(RETRY_SECONDS)) - 1] * SECOND
        if status in _GOOD:
            sending.status = "delivered"
        elif tries > len(RETRY_SECONDS):
            sending.status = "failed"
        else:
            sending.due = again_at
            sending.status = "pending" if again_at <= desk.now else "waiting"
        if isinstance(error, PostTimeoutError):
            desk.silent_until[sending.endpoint_id] = again_at
            _reschedule(desk)
        else:
            desk.silent_until.pop(sending.endpoint_id, None)

    async def _sent(self, sending: OutboundDelivery, signature: str) -> int:
        """Send and return the status of the answer. Raises PostError and whatever a URL causes."""
        host = urlsplit(sending.url).hostname or ""
        if not self._settings.allows_remote_webhooks and not is_loopback_host(host):
            raise PostError(f"{host} is not loopback; start with --allow-remote-webhooks")
        headers = {"Content-Type": CONTENT_TYPE, "User-Agent": USER_AGENT, HEADER: signature}
        seconds = self._settings.webhook_timeout_seconds
        return await post(sending.url, sending.body, headers, timeout_seconds=seconds)


def signing_secret(endpoint: WebhookEndpoint, settings: Settings) -> str:
    """Return what signs the events for an endpoint: its own secret, or the server's.

    Assumed: an endpoint of `--webhook` has the server's even if a seed or an export gives it one,
    because the consumer that runs there knows one secret, as with `stripe listen --forward-to`.
    """
    if endpoint.url in settings.webhooks:
        return settings.webhook_secret
    return endpoint.secret or settings.webhook_secret


def _reschedule(desk: EndpointQueues) -> None:
    """Tell apart what can be sent now and what waits for the clock."""
    for sending in desk.unfinished:
        if sending.status in ("pending", "waiting"):
            sending.due = max(sending.due, desk.silent_until.get(sending.endpoint_id, 0))
            sending.status = "pending" if sending.due <= desk.now else "waiting"


def _next(desk: EndpointQueues, endpoint_id: str) -> OutboundDelivery | None:
    pending = (
        one for one in desk.unfinished if one.endpoint_id == endpoint_id and one.status == "pending"
    )
    return min(pending, key=lambda one: one.due, default=None)


def _signature(sending: OutboundDelivery) -> str:
    """Sign by the machine's time, as consumers compare it with theirs (clients.md 3.2)."""
    return sign(sending.body, sending.secret, at_seconds=machine_now() // SECOND)
