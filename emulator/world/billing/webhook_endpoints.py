"""Webhook endpoints and the deliveries that wait for them."""

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


"""The endpoint that is the control plane's own `/api/billing/webhook`."""


ALL_KINDS = "*"


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


def take_internal(world: World) -> Delivery | None:
    """Take the next delivery to the control plane itself off the queue; None while they are held
    or where there is none.
    """
    delivery = world.oldest(Delivery, "endpoint", INTERNAL)
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
