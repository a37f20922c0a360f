"""Records of billing: the objects of Stripe, its events and webhook endpoints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from emulator.world.records.types import (
    BillingReason,
    Instant,
    Interval,
    InvoiceStatus,
    SubscriptionStatus,
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class CardFacts:
    """The facts of a card, never its number or CVC; `charges` is how charging it ends."""

    brand: str
    last_four: str
    exp_month: int
    exp_year: int
    holder: str
    charges: Literal["succeed", "fail", "need authentication"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Card:
    """A card that is attached to a customer."""

    id: str
    customer_id: str
    facts: CardFacts
    created_at: Instant
    ordinal: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Customer:
    """The payer of a workspace. A negative `balance_cents` is credit, which invoices use up.

    Two fields are the emulator's own: `user_id` is the user whose e-mail and name it has, and
    `payments_to_fail` is the number of next payments that a test wants to fail.
    """

    id: str
    workspace_id: str
    user_id: str | None
    email: str | None
    name: str | None
    card_id: str | None
    balance_cents: int
    invoice_count: int
    payments_to_fail: int
    created_at: Instant
    ordinal: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class CheckoutSession:
    """A hosted checkout of a plan for a workspace; complete once the subscription has started.

    It has a `customer_email` if it was opened without a customer; `email` and `payer_name` are what
    the payer typed. `pending` is the card that waits for 3-D Secure.
    """

    id: str
    workspace_id: str
    user_id: str | None
    customer_email: str | None = None
    email: str | None
    payer_name: str | None = None
    plan: str
    interval: Interval
    success_url: str
    cancel_url: str
    status: Literal["open", "complete", "expired"]
    customer_id: str | None
    subscription_id: str | None
    invoice_id: str | None
    amount_cents: int
    trial_days: int
    pending: CardFacts | None
    created_at: Instant
    ordinal: int
    expires_at: Instant


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class PortalSession:
    """A visit to the hosted portal; `pending` is the card that waits for 3-D Secure."""

    id: str
    customer_id: str
    workspace_id: str
    return_url: str
    pending: CardFacts | None
    created_at: Instant
    ordinal: int
    expires_at: Instant


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Subscription:
    """A subscription of a workspace, in periods of `interval` that follow `anchor`.

    `amount_cents` is the price of one period.
    """

    id: str
    item_id: str
    customer_id: str
    workspace_id: str
    plan: str
    interval: Interval
    amount_cents: int
    status: SubscriptionStatus
    anchor: Instant
    period_start: Instant
    period_end: Instant
    trial_start: Instant | None
    trial_end: Instant | None
    cancel_at: Instant | None
    canceled_at: Instant | None
    ended_at: Instant | None
    end_reason: Literal["cancellation_requested", "payment_failed"] | None
    invoice_id: str | None
    card_id: str | None
    created_at: Instant
    ordinal: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class InvoiceLine:
    """An amount of an invoice, negative for a credit, and the period it is for."""

    id: str
    item_id: str | None
    description: str
    amount_cents: int
    plan: str
    interval: Interval
    price_cents: int
    period_start: Instant
    period_end: Instant


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class InvoiceItem:
    """A proration that waits for an invoice; stored only in events and as an invoice line."""

    id: str
    customer_id: str
    subscription_id: str
    line: InvoiceLine
    created_at: Instant


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Invoice:
    """The amount owed for a subscription: the sum of its lines, less the credit used.

    Finalizing it fixes `due_cents`; `starting_balance_cents` and `ending_balance_cents` are the
    customer's balance before and after that.
    """

    id: str
    number: str | None
    customer_id: str
    workspace_id: str
    subscription_id: str
    customer_email: str | None
    customer_name: str | None
    status: InvoiceStatus
    reason: BillingReason
    lines: tuple[InvoiceLine, ...]
    period_start: Instant
    period_end: Instant
    due_cents: int
    paid_cents: int
    starting_balance_cents: int
    ending_balance_cents: int | None
    attempt_count: int
    next_attempt_at: Instant | None
    payment_id: str | None
    created_at: Instant
    ordinal: int
    finalized_at: Instant | None
    paid_at: Instant | None
    uncollectible_at: Instant | None

    @property
    def total_cents(self) -> int:
        """The sum of the lines."""
        return sum(line.amount_cents for line in self.lines)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Payment:
    """An attempt to charge a card: Stripe's payment intent and its charge together."""

    id: str
    charge_id: str
    customer_id: str | None
    workspace_id: str
    invoice_id: str | None
    card_id: str | None
    card: CardFacts
    amount_cents: int
    refunded_cents: int
    failure: str | None
    created_at: Instant
    ordinal: int


BillingObject = (
    Customer
    | Card
    | CheckoutSession
    | PortalSession
    | Subscription
    | Invoice
    | InvoiceItem
    | Payment
)
"""A record that an event can be about."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Event:
    """A change that webhooks report: the record at that time, and before it if it was updated."""

    id: str
    kind: str
    workspace_id: str
    record: BillingObject
    before: BillingObject | None
    endpoint_count: int
    created_at: Instant
    ordinal: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class WebhookEndpoint:
    """A URL that events are delivered to; `kinds` lists their kinds, `*` for all.

    An empty `secret` means the server's, so that no state depends on its settings.
    """

    id: str
    url: str
    secret: str
    kinds: tuple[str, ...]
    created_at: Instant
    ordinal: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Delivery:
    """An event that waits for delivery to an endpoint; it is removed when it is taken."""

    id: str
    event_id: str
    endpoint_id: str
    due: Instant
    ordinal: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class ReceivedEvent:
    """An event that the internal webhook endpoint has processed; the id is the event's."""

    id: str
    received_at: Instant


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class BillingSettings:
    """The options of billing and webhook delivery, a single record.

    While `is_held`, the internal endpoint receives nothing. The options of other endpoints are a
    delay in seconds, how many of the next deliveries are dropped or sent twice, and whether each
    batch is shuffled.
    """

    id: Literal["billing"] = "billing"
    on_exhausted: Literal["cancel", "unpaid"] = "cancel"
    is_held: bool = False
    delay_seconds: int = 0
    drops_left: int = 0
    duplicates_left: int = 0
    is_shuffled: bool = False


LIVE = ("incomplete", "trialing", "active", "past_due", "unpaid")
"""The statuses of a subscription that has not ended; a workspace has at most one such."""


UNPAID = ("draft", "open")
"""The statuses of an invoice that is not paid yet."""
