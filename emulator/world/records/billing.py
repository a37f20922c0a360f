"""Records of billing: what Stripe keeps, its events and webhook endpoints."""

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
    """What is kept of a card: never its number or CVC. `charges` is how charging it will end."""

    brand: str
    last_four: str
    exp_month: int
    exp_year: int
    holder: str
    charges: Literal["succeed", "fail", "need authentication"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Card:
    """A payment method that a customer attached."""

    id: str
    customer_id: str
    facts: CardFacts
    created_at: Instant
    ordinal: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Customer:
    """Who pays for a workspace. A negative `balance_cents` is credit, which invoices use up.

    `user_id` is whose e-mail and name it bears; `payments_to_fail` is what a test wants to happen
    next; both are the emulator's own.
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
    """A hosted checkout of one plan for one workspace; complete once the subscription began.

    It is opened with a `customer_email` where there is no customer yet; `email` and `payer_name`
    are what was typed in the end. `pending` is the card that waits for 3-D Secure.
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
    """What a workspace pays for, in periods of `interval` that follow `anchor`.

    `amount_cents` is the price of one period; `had_trial` outlives the trial.
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
    """One amount of an invoice, negative for a credit, and the time it is for."""

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
    """A proration that waits for an invoice; kept as a line of it and in the events alone."""

    id: str
    customer_id: str
    subscription_id: str
    line: InvoiceLine
    created_at: Instant


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Invoice:
    """What is owed for a subscription: the sum of its lines, less the credit that was used.

    `due_cents` is fixed when it is finalised; `starting_balance_cents` and `ending_balance_cents`
    are the customer's balance before and after that.
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
    """One attempt to charge a card: Stripe's payment intent and its charge in one."""

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


"""What an event may be about."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Event:
    """A change that webhooks tell of: the record as it was then, and before an update."""

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
    """Where events are delivered to; `kinds` lists which, `*` all of them.

    An empty `secret` stands for the server's, so that no state depends on how it was started.
    """

    id: str
    url: str
    secret: str
    kinds: tuple[str, ...]
    created_at: Instant
    ordinal: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Delivery:
    """An event that waits to be handed over to an endpoint; it is gone once it was."""

    id: str
    event_id: str
    endpoint_id: str
    due: Instant
    ordinal: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class ReceivedEvent:
    """An event that the control plane's own webhook has acted on; the id is the event's."""

    id: str
    received_at: Instant


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class BillingSettings:
    """How billing and webhooks behave, a single record.

    While `is_held`, nothing is delivered to the control plane itself. The rest is about others:
    so many seconds late, so many of the next dropped or sent twice, each batch in another order.
    """

    id: Literal["billing"] = "billing"
    on_exhausted: Literal["cancel", "unpaid"] = "cancel"
    is_held: bool = False
    delay_seconds: int = 0
    drops_left: int = 0
    duplicates_left: int = 0
    is_shuffled: bool = False


LIVE = ("incomplete", "trialing", "active", "past_due", "unpaid")


"""The statuses of a subscription that has not ended; a workspace has at most one of these."""


UNPAID = ("draft", "open")


"""The statuses of an invoice that is still to be paid."""
