"""Replies and parameters that control's modules share: JSON, pages, whole numbers, moments."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from emulator.webhooks.dispatcher import OutboundDelivery, WebhookDispatcher
from emulator.wire.http.context import context_of
from emulator.world.core.times import to_text
from emulator.world.records.billing import Delivery

LIMIT = 50
LIMIT_MAX = 200
WAIT_SECONDS_MAX = 60

_DIGITS_MAX = 18


def _digits(value: Any) -> Any:
    """Return a text of digits as a number; Python's own reading takes signs and blanks too."""
    if not isinstance(value, str):
        return value
    if not value.isascii() or not value.isdigit() or len(value) > _DIGITS_MAX:
        raise ValueError("Input should be a whole number")
    return int(value)


Whole = Annotated[int, BeforeValidator(_digits)]
"""A whole number in a query or a path."""

Limit = Annotated[Whole, Field(ge=1, le=LIMIT_MAX, description="Items on the page.")]

Wait = Annotated[
    Whole,
    Field(
        ge=1,
        le=WAIT_SECONDS_MAX,
        description="Seconds to wait for the first match; the response is empty after them.",
    ),
]

Cursor = Annotated[str, Field(description="`next_cursor` of the page before.")]

Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
"""An RFC 3339 time in UTC, already written by `to_text`."""

Digest = Annotated[str, Field(description="Digest of a whole state, as in X-Emulator-State.")]


class View(BaseModel):
    """An object that control responds with; a member that is not set is left out."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, defer_build=True)


class DeliveryView(View):
    """A delivery that is still to be made."""

    id: str
    event_id: str
    endpoint: Annotated[str, Field(description="Id of the endpoint; `own` is the control plane.")]
    due: Moment


class Settled(View):
    """A response that waits until no delivery to webhooks is in flight."""

    pending: list[DeliveryView] = Field(
        default=[], description="Deliveries still in flight; left out where there are none."
    )


def reply(view: BaseModel, *, status: int = 200) -> Response:
    """Return a view as JSON."""
    content = view.model_dump_json(by_alias=True, exclude_unset=True)
    return Response(content, status_code=status, media_type="application/json")


def reply_when_settled(request: Request, view: Settled, *, webhooks: WebhookDispatcher) -> Response:
    """Return a view as JSON once no delivery is in flight, or after some seconds; then the
    deliveries that still are stand in `pending`.
    """
    context = context_of(request)
    world = context.world

    def settled() -> Response:
        pending = [delivery_view(each) for each in webhooks.unfinished(world, "pending")]
        return reply(view.model_copy(update={"pending": pending}) if pending else view)

    context.outcome.drain_webhooks = True
    context.outcome.respond_after_drain = settled
    return reply(view)


def delivery_view(delivery: Delivery | OutboundDelivery) -> DeliveryView:
    """Return a delivery that is still to be made: which event, to which endpoint, and when."""
    return DeliveryView(
        id=delivery.id,
        event_id=delivery.event_id,
        endpoint=delivery.endpoint_id,
        due=to_text(delivery.due),
    )
