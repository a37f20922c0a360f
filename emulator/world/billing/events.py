"""Events: each is a record, queued for every endpoint that listens to its kind.

A delivery that was taken leaves the state; attempts are recorded beside the state.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

from emulator.world.billing.stripe_ids import new_stripe_id
from emulator.world.billing.webhook_endpoints import (
    ALL_KINDS,
    INTERNAL,
    endpoints,
    queue,
    settings_of,
)
from emulator.world.core.times import SECOND
from emulator.world.core.world import World
from emulator.world.records.billing import (
    BillingObject,
    Event,
)

INTERNAL_KINDS = (
    "checkout.session.completed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
)
"""The kinds that the internal endpoint listens to. Assumed: it needs only events that can change a
plan."""

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


def emit(
    world: World,
    kind: EventKind,
    record: BillingObject,
    *,
    workspace_id: str,
    before: BillingObject | None = None,
) -> Event:
    """Record an event and queue it for every endpoint that listens to its kind."""
    listening = [endpoint.id for endpoint in endpoints(world) if _listens(endpoint.kinds, kind)]
    is_internal = kind in INTERNAL_KINDS
    event_id, ordinal = new_stripe_id(world, "evt")
    event = Event(
        id=event_id,
        kind=kind,
        workspace_id=workspace_id,
        record=record,
        before=before,
        endpoint_count=len(listening) + is_internal,
        created_at=world.now,
        ordinal=ordinal,
    )
    world.put(event)
    if is_internal:
        queue(world, event, INTERNAL, due=world.now)
    for endpoint_id in listening:
        _queue_external(world, event, endpoint_id)
    return event


def _listens(kinds: tuple[str, ...], kind: str) -> bool:
    return ALL_KINDS in kinds or kind in kinds


def _queue_external(world: World, event: Event, endpoint_id: str) -> None:
    settings = settings_of(world)
    if settings.drops_left:
        world.put(replace(settings, drops_left=settings.drops_left - 1))
        return
    due = world.now + settings.delay_seconds * SECOND
    queue(world, event, endpoint_id, due=due)
    if settings.duplicates_left:
        world.put(replace(settings, duplicates_left=settings.duplicates_left - 1))
        queue(world, event, endpoint_id, due=due)
