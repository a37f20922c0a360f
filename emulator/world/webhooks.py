"""Events and who hears of them: each is a record, and waits for every endpoint that wants it.

What was handed over leaves the state; attempts to deliver it are recorded beside the state.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

from emulator.world.records import (
    BillingObject,
    BillingSettings,
    Delivery,
    Event,
    WebhookEndpoint,
)
from emulator.world.refusals import Conflict, NotFound
from emulator.world.stripe_ids import new_stripe_id
from emulator.world.times import SECOND
from emulator.world.world import World

OWN = "own"
"""The endpoint that is the control plane's own `/api/billing/webhook`."""

OWN_KINDS = (
    "checkout.session.completed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
)
"""What the control plane listens to. Assumed: what changes an entitlement, and nothing else."""

ALL_KINDS = "*"

EventKind = Literal[
    "billing_portal.session.created",
    "charge.failed",
    "charge.refunded",
    "charge.succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "customer.created",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.trial_will_end",
    "customer.subscription.updated",
    "customer.updated",
    "invoice.created",
    "invoice.deleted",
    "invoice.finalized",
    "invoice.marked_uncollectible",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.payment_succeeded",
    "invoice.updated",
    "invoiceitem.created",
    "payment_intent.payment_failed",
    "payment_intent.succeeded",
    "payment_method.attached",
]

EVENT_KINDS: tuple[str, ...] = get_args(EventKind)
"""Every kind of event that the emulator emits."""


def settings_of(world: World) -> BillingSettings:
    """Return how billing and webhooks behave in this world."""
    return world.get(BillingSettings, "billing") or BillingSettings()


def endpoints(world: World) -> list[WebhookEndpoint]:
    """Return the endpoints of others, in the order in which they were added."""
    return world.all(WebhookEndpoint, "all", ())


def endpoint_named(world: World, endpoint_id: str) -> WebhookEndpoint:
    """Return an endpoint of others. Refuses NotFound."""
    endpoint = world.get(WebhookEndpoint, endpoint_id)
    if endpoint is None:
        raise NotFound("webhook endpoint", endpoint_id)
    return endpoint


def add_endpoint(
    world: World, *, url: str, secret: str | None = None, kinds: tuple[str, ...] = (ALL_KINDS,)
) -> WebhookEndpoint:
    """Have every later event of those kinds delivered to a URL. Without a secret, the server's
    signs them. Refuses Conflict if there is an endpoint for the URL already.
    """
    if any(one.url == url for one in endpoints(world)):
        raise Conflict(f"There is a webhook endpoint for {url} already; remove it first.")
    endpoint_id, ordinal = new_stripe_id(world, "we")
    endpoint = WebhookEndpoint(
        id=endpoint_id,
        url=url,
        secret=secret or "",
        kinds=kinds,
        created_at=world.now,
        ordinal=ordinal,
    )
    world.put(endpoint)
    return endpoint


def remove_endpoint(world: World, endpoint: WebhookEndpoint) -> None:
    """Deliver nothing more to an endpoint, nor what waits for it."""
    for delivery in world.all(Delivery, "endpoint", endpoint.id):
        world.remove(delivery)
    world.remove(endpoint)


def emit(
    world: World,
    kind: EventKind,
    record: BillingObject,
    *,
    workspace_id: str,
    before: BillingObject | None = None,
) -> Event:
    """Note that something happened to a record, and queue the news for whoever wants it."""
    wanting = [one.id for one in endpoints(world) if _wants(one.kinds, kind)]
    is_own = kind in OWN_KINDS
    event_id, ordinal = new_stripe_id(world, "evt")
    event = Event(
        id=event_id,
        kind=kind,
        workspace_id=workspace_id,
        record=record,
        before=before,
        endpoint_count=len(wanting) + is_own,
        created_at=world.now,
        ordinal=ordinal,
    )
    world.put(event)
    if is_own:
        queue(world, event, OWN, due=world.now)
    for endpoint_id in wanting:
        _queue_for_other(world, event, endpoint_id)
    return event


def _wants(kinds: tuple[str, ...], kind: str) -> bool:
    return ALL_KINDS in kinds or kind in kinds


def _queue_for_other(world: World, event: Event, endpoint_id: str) -> None:
    settings = settings_of(world)
    if settings.drops_left:
        world.put(replace(settings, drops_left=settings.drops_left - 1))
        return
    due = world.now + settings.delay_seconds * SECOND
    queue(world, event, endpoint_id, due=due)
    if settings.duplicates_left:
        world.put(replace(settings, duplicates_left=settings.duplicates_left - 1))
        queue(world, event, endpoint_id, due=due)


def queue(world: World, event: Event, endpoint_id: str, *, due: int) -> Delivery:
    """Have an event delivered to an endpoint at `due`, once more if it was before."""
    ordinal = world.ordinal("delivery")
    delivery = Delivery(
        id=f"dlv_{ordinal}",
        event_id=event.id,
        endpoint_id=endpoint_id,
        due=due,
        ordinal=ordinal,
    )
    world.put(delivery)
    return delivery


def take_own(world: World) -> Delivery | None:
    """Take the next delivery to the control plane itself off the queue; None while they are held
    or where there is none.
    """
    delivery = world.oldest(Delivery, "endpoint", OWN)
    if delivery is None or settings_of(world).is_held:
        return None
    world.remove(delivery)
    return delivery


def take_due(world: World) -> list[Delivery]:
    """Take every delivery to others that is due off the queue, in the order to send them in."""
    taken: list[Delivery] = []
    for endpoint in endpoints(world):
        while (one := world.oldest(Delivery, "endpoint", endpoint.id)) and one.due <= world.now:
            world.remove(one)
            taken.append(one)
    taken.sort(key=lambda one: (one.due, one.ordinal))
    if settings_of(world).is_shuffled:
        taken.sort(key=lambda one: world.derive("shuffle", one.ordinal))
    return taken
