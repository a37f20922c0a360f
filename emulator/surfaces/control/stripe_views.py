"""Stripe's objects in control's responses: the members that tests look at, the others as Stripe
documents them for the API version of the event.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class StripeObject(BaseModel):
    """An object as Stripe's API shows it; members beyond these are Stripe's own."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)

    id: str
    object: Annotated[str, Field(description="The kind of object, such as `invoice`.")]


class SubscriptionObject(StripeObject):
    """A subscription as Stripe's API shows it."""

    status: str
    cancel_at_period_end: bool
    latest_invoice: str | None


class InvoiceObject(StripeObject):
    """An invoice as Stripe's API shows it."""

    status: str
    amount_due: Annotated[int, Field(description="Cents.")]
    amount_paid: Annotated[int, Field(description="Cents.")]
    attempt_count: int
    hosted_invoice_url: str | None


class EventContent(BaseModel):
    """What an event is about."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    object: StripeObject
    previous_attributes: dict[str, JsonValue] = Field(
        default={}, description="Members that an update changed, with their old values."
    )


class EventRequest(BaseModel):
    """The API request that caused an event; always null here."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    id: str | None
    idempotency_key: str | None


class EventObject(BaseModel):
    """An event as webhooks carry it."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    id: str
    object: Literal["event"]
    api_version: str
    created: Annotated[
        int, Field(description="Unix seconds.", json_schema_extra={"format": "int64"})
    ]
    data: EventContent
    livemode: bool
    pending_webhooks: Annotated[int, Field(description="Endpoints that the event is sent to.")]
    request: EventRequest
    type: str
