"""Deliveries of events to webhook endpoints: their log, and waiting for them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.control.control import PREFIX, Control
from emulator.surfaces.control.replies import DeliveryView, Moment, View, delivery_view, reply
from emulator.webhooks.dispatcher import Attempt, OutboundDelivery, WebhookDispatcher
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Routes
from emulator.world.core.times import to_text
from emulator.world.core.world import World
from emulator.world.records.billing import Delivery

routes = Routes("control", prefix=PREFIX, tag="webhooks", provenance="ours")


class AttemptView(View):
    """An attempt to deliver an event."""

    at: Moment
    signature: Annotated[
        str, Field(alias="stripe-signature", description="The header Stripe-Signature as sent.")
    ]
    status: Annotated[int | None, Field(description="Null where there was no response.")]
    error: str | None


class OutboundDeliveryView(View):
    """A delivery to an endpoint, with its attempts."""

    id: str
    event_id: str
    type: Annotated[str, Field(description="The event's.")]
    endpoint: str
    url: str
    status: Literal["pending", "delivered", "waiting", "failed"]
    body: Annotated[str, Field(description="The bytes that are signed.")]
    attempts: list[AttemptView]
    next_attempt_at: Moment | None


class DeliveryList(View):
    """Deliveries, oldest first, and those that wait for the clock, for release or for a retry."""

    items: list[OutboundDeliveryView]
    waiting: list[DeliveryView]


@routes.add(
    "GET",
    "/deliveries",
    summary="List the deliveries with their attempts, oldest first, and those that wait.",
    answers={200: DeliveryList},
)
async def list_deliveries(request: Request, control: Control) -> Response:
    return reply(_deliveries(context_of(request).world, control.webhooks))


@routes.add(
    "POST",
    "/settle",
    summary="Wait until no delivery is in flight, at most 15 seconds, and list all of them.",
    answers={200: DeliveryList},
)
async def settle(request: Request, control: Control) -> Response:
    context = context_of(request)
    context.outcome.drain_webhooks = True
    context.outcome.respond_after_drain = lambda: reply(
        _deliveries(context.world, control.webhooks)
    )
    return reply(_deliveries(context.world, control.webhooks))


def _deliveries(world: World, webhooks: WebhookDispatcher) -> DeliveryList:
    retried, queued = webhooks.unfinished(world, "waiting"), world.all(Delivery, "all", ())
    return DeliveryList(
        items=[_view(delivery) for delivery in webhooks.log(world)],
        waiting=[*map(delivery_view, retried), *map(delivery_view, queued)],
    )


def _view(delivery: OutboundDelivery) -> OutboundDeliveryView:
    return OutboundDeliveryView(
        id=delivery.id,
        event_id=delivery.event_id,
        type=delivery.kind,
        endpoint=delivery.endpoint_id,
        url=delivery.url,
        status=delivery.status,
        body=delivery.body.decode(),
        attempts=[_attempt_view(attempt) for attempt in delivery.attempts],
        next_attempt_at=to_text(delivery.due) if delivery.status == "waiting" else None,
    )


def _attempt_view(attempt: Attempt) -> AttemptView:
    return AttemptView(
        at=to_text(attempt.at),
        signature=attempt.signature,
        status=attempt.status,
        error=attempt.error,
    )
