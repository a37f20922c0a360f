"""Webhook endpoints, and the deliveries queued for them."""

from __future__ import annotations

from emulator.world.billing.stripe_ids import new_stripe_id
from emulator.world.core.refusals import Conflict, NotFound
from emulator.world.core.world import World
from emulator.world.records.billing import (
    BillingSettings,
    Delivery,
    Event,
    WebhookEndpoint,
)

INTERNAL = "own"
"""The id of the internal endpoint, the control plane's `/api/billing/webhook`."""

ALL_KINDS = "*"


def settings_of(world: World) -> BillingSettings:
    """Return the options of billing and webhook delivery in a world."""
    return world.get(BillingSettings, "billing") or BillingSettings()


def endpoints(world: World) -> list[WebhookEndpoint]:
    """Return the external endpoints in the order they were added."""
    return world.all(WebhookEndpoint, "all", ())


def endpoint_named(world: World, endpoint_id: str) -> WebhookEndpoint:
    """Return an external endpoint. Raises NotFound."""
    endpoint = world.get(WebhookEndpoint, endpoint_id)
    if endpoint is None:
        raise NotFound("webhook endpoint", endpoint_id)
    return endpoint


def add_endpoint(
    world: World, *, url: str, secret: str | None = None, kinds: tuple[str, ...] = (ALL_KINDS,)
) -> WebhookEndpoint:
    """Add an endpoint, which later events of those kinds are delivered to.

    Without a secret, deliveries are signed with the server's. Raises Conflict if the URL has an
    endpoint already.
    """
    if any(endpoint.url == url for endpoint in endpoints(world)):
        raise Conflict(f"{url} has a webhook endpoint already; remove it first.")
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
    """Remove an endpoint and the deliveries queued for it."""
    for delivery in world.all(Delivery, "endpoint", endpoint.id):
        world.remove(delivery)
    world.remove(endpoint)


def queue(world: World, event: Event, endpoint_id: str, *, due: int) -> Delivery:
    """Queue a delivery of an event to an endpoint; queuing an event again delivers it again."""
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


def take_internal(world: World) -> Delivery | None:
    """Take the next delivery to the internal endpoint off the queue, or return None if the queue is
    empty or held.
    """
    if len(world.table(Delivery)) == 0:
        return None
    delivery = world.oldest(Delivery, "endpoint", INTERNAL)
    if delivery is None or settings_of(world).is_held:
        return None
    world.remove(delivery)
    return delivery


def take_due(world: World) -> list[Delivery]:
    """Take every due delivery to external endpoints off the queue, in the order to send them."""
    taken: list[Delivery] = []
    if len(world.table(Delivery)) == 0:
        return taken
    for endpoint in endpoints(world):
        while next_up := world.oldest(Delivery, "endpoint", endpoint.id):
            if next_up.due > world.now:
                break
            world.remove(next_up)
            taken.append(next_up)
    taken.sort(key=lambda delivery: (delivery.due, delivery.ordinal))
    if settings_of(world).is_shuffled:
        taken.sort(key=lambda delivery: world.derive("shuffle", delivery.ordinal))
    return taken
