"""Entitlement: the plan of a workspace follows its subscription.

It changes when the internal webhook endpoint receives an event, not before.
"""

from __future__ import annotations

from emulator.world.billing import webhook_endpoints
from emulator.world.billing.subscriptions import newest_subscription
from emulator.world.core.world import World
from emulator.world.metering.plans import FREE, set_plan
from emulator.world.records.billing import CheckoutSession, Event, ReceivedEvent, Subscription
from emulator.world.records.workspaces import Workspace

ENTITLED = ("trialing", "active", "past_due")
"""The statuses in which a workspace is on the plan of its subscription. Assumed: a workspace
keeps its plan while a payment is retried, as is common."""


def receive(world: World, *, event_id: str, subscription_id: str | None) -> bool:
    """Process an event that the webhook received, and return whether it was new.

    Assumed: the control plane looks up the subscription instead of trusting the order of events, so
    late and repeated events do no harm, and it ignores unknown subscriptions.
    """
    if world.get(ReceivedEvent, event_id) is not None:
        return False
    world.put(ReceivedEvent(id=event_id, received_at=world.now))
    subscription = None if subscription_id is None else world.get(Subscription, subscription_id)
    if subscription is not None:
        _entitle(world, subscription.workspace_id)
    return True


def _entitle(world: World, workspace_id: str) -> None:
    workspace = world.get(Workspace, workspace_id)
    if workspace is None:
        return
    subscription = newest_subscription(world, workspace_id)
    status = None if subscription is None else subscription.status
    if subscription is None or status not in ENTITLED:
        set_plan(world, workspace, plan=FREE, anchor=None, status=status)
    else:
        set_plan(
            world, workspace, plan=subscription.plan, anchor=subscription.anchor, status=status
        )


def subscription_of(event: Event) -> str | None:
    """Return the id of the subscription that an event is about, or None."""
    record = event.record
    if isinstance(record, Subscription):
        return record.id
    return record.subscription_id if isinstance(record, CheckoutSession) else None


def receive_waiting(world: World) -> None:
    """Process the events queued for the internal endpoint without requests, as planting does."""
    while (delivery := webhook_endpoints.take_internal(world)) is not None:
        event = world.expect(Event, delivery.event_id)
        receive(world, event_id=event.id, subscription_id=subscription_of(event))
