"""What control's handlers share: answering JSON, reading whole numbers."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import Request, Response

from emulator.registry.live_world import LiveWorld
from emulator.registry.registry import WorldRegistry
from emulator.webhooks.dispatcher import OutboundDelivery, WebhookDispatcher
from emulator.wire.fields import Strict
from emulator.wire.http.context import context_of
from emulator.world.core.refusals import Invalid
from emulator.world.core.times import to_text
from emulator.world.records.billing import Delivery

_DIGITS_MAX = 18


class EmptyBody(Strict):
    """What takes no body takes an empty object too, and no member."""


def reply(view: Any, *, status: int = 200) -> Response:
    """Return a view as JSON."""
    return Response(orjson.dumps(view), status_code=status, media_type="application/json")


def reply_when_settled(
    request: Request, view: dict[str, Any], webhooks: WebhookDispatcher
) -> Response:
    """Return a view as JSON, sent once nothing is on its way to webhooks, or after some seconds;
    then what still is on its way is listed as `pending`.
    """
    context = context_of(request)
    world = context.world

    def answer() -> Response:
        pending = [delivery_view(one) for one in webhooks.unfinished(world, "pending")]
        return reply({**view, "pending": pending} if pending else view)

    context.outcome.drain_webhooks = True
    context.outcome.respond_after_drain = answer
    return reply(view)


def delivery_view(delivery: Delivery | OutboundDelivery) -> dict[str, str]:
    """Return a delivery that is still to be made: what, to whom, when it is due."""
    return {
        "id": delivery.id,
        "event_id": delivery.event_id,
        "endpoint": delivery.endpoint_id,
        "due": to_text(delivery.due),
    }


def whole(text: str | None, name: str, *, default: int, most: int) -> int:
    """Return a query member as a whole number from 1 to `most`. Refuses Invalid."""
    if text is None:
        return default
    number = natural(text, name)
    if not 0 < number <= most:
        raise Invalid(name, f"{name} should be a whole number from 1 to {most}")
    return number


def natural(text: str, name: str) -> int:
    """Return a text of digits as the number that it is. Refuses Invalid."""
    if not text.isascii() or not text.isdigit() or len(text) > _DIGITS_MAX:
        raise Invalid(name, f"{name} should be a whole number")
    return int(text)


def live_of(request: Request, worlds: WorldRegistry) -> LiveWorld:
    """Return the world of a request with what lies beside its state."""
    return worlds.known(context_of(request).world.name)
