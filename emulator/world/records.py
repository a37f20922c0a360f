"""Every record the world keeps, on one page, and the tables they live in.

Records are frozen and compared by identity: equal worlds are told by the digest. They can be
referred to weakly, so that what is computed of a record is kept no longer than it. Every list is
ordered by (`created_at`, `ordinal`, `id`); the ordinal separates what one clock instant made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from emulator.world.table import TableSpec

Instant = int
"""A moment: microseconds since 1970-01-01T00:00:00Z."""

JsonText = str
"""A JSON object as compact text with sorted keys, so that it is a value and compares as one."""

Role = Literal["owner", "admin", "member"]
RunStatus = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Task = Literal["generate", "rollout", "eval"]
Runtime = Literal["local", "modal", "aws-ec2", "replicate"]
Meter = Literal["runs", "storage_bytes", "projects", "members", "api_keys", "shares"]
LimitSource = Literal["plan", "seed"]
Interval = Literal["month", "year"]
SubscriptionStatus = Literal["incomplete", "trialing", "active", "past_due", "unpaid", "canceled"]
InvoiceStatus = Literal["draft", "open", "paid", "uncollectible"]
BillingReason = Literal["subscription_create", "subscription_cycle", "subscription_update"]
ReservedMeter = Literal["runs", "storage_bytes"]
ReservationStatus = Literal["held", "committed", "reverted", "expired"]
OneTimeKind = Literal[
    "signup", "invite", "magiclink", "recovery", "email_change", "email_change_old"
]
OneTimeSlot = Literal["confirmation", "recovery", "email_change", "email_change_old"]
AuthMethod = Literal[
    "password", "otp", "email/signup", "invite", "magiclink", "recovery", "email_change"
]
MailKind = Literal[
    "confirmation",
    "invitation",
    "magic_link",
    "reset",
    "email_change",
    "export_ready",
    "deletion_scheduled",
]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Clock:
    """The world's time, a single record."""

    id: Literal["clock"] = "clock"
    now: Instant


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Ordinal:
    """How many things of one kind the mint has made; the id is the kind."""

    id: str
    value: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Origin:
    """Where the world came from, a single record: what the mint hashes and when time began."""

    id: Literal["origin"] = "origin"
    entropy: str
    epoch: Instant


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class AuthSettings:
    """How Supabase Auth is set up, a single record; a None switches the limit off.

    The rate limits count a minute of the world's clock: mails for each address, requests in all.
    """

    id: Literal["auth"] = "auth"
    confirms_email: bool = False
    allows_signups: bool = True
    password_length_min: int = 6
    mails_per_minute: int | None = None
    requests_per_minute: int | None = None
    session_timebox_seconds: int | None = None
    signing: Literal["HS256", "ES256"] = "HS256"
    site_url: str = "http://localhost:3000"
    requires_api_key: bool = False


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class RateWindow:
    """How often one thing happened since the window opened; the id names the thing."""

    id: str
    opened_at: Instant
    count: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Job:
    """Something that falls due: a verb and what it is done to. Done in order of (due, ordinal)."""

    id: str
    kind: str
    target_id: str
    due: Instant
    ordinal: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class User:
    """An account. The e-mail is lower case; the password is kept as a salted hash.

    `identity_data` is what signing up by e-mail said, which later metadata leaves as it is.
    """

    id: str
    email: str
    name: str
    password_hash: str
    created_at: Instant
    updated_at: Instant
    ordinal: int
    email_confirmed_at: Instant | None
    last_sign_in_at: Instant | None
    user_metadata: JsonText
    app_metadata: JsonText
    identity_data: JsonText
    analytics_opt_in: bool
    product_mail_opt_in: bool
    confirmation_sent_at: Instant | None = None
    recovery_sent_at: Instant | None = None
    invited_at: Instant | None = None
    new_email: str | None = None
    is_change_half_confirmed: bool = False
    email_change_sent_at: Instant | None = None
    banned_until: Instant | None = None
    restricted_at: Instant | None = None
    objected_at: Instant | None = None
    deletion_due_at: Instant | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Session:
    """A sign-in that is still good; ending one removes it.

    `method` is how the user proved who it is, in the words of a token's `amr`. One whose time was
    up has `expired_at` and is kept for a day, good for nothing but to say so.
    """

    id: str
    user_id: str
    method: AuthMethod
    created_at: Instant
    ordinal: int
    expired_at: Instant | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class RefreshToken:
    """One link of a session's chain of refresh tokens; the id is the token itself.

    `is_used` is set when it was exchanged; `parent` is the token it replaced.
    """

    id: str
    session_id: str
    parent: str | None
    is_used: bool
    created_at: Instant
    ordinal: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class OneTimeCode:
    """A code that was mailed and works once; the id is the `token_hash` of its link.

    Real: a user has one of each slot (GoTrue's one_time_tokens); a new one replaces the old.
    """

    id: str
    user_id: str
    slot: OneTimeSlot
    email: str
    code: str
    flow_id: str | None
    expires_at: Instant


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Flow:
    """A PKCE flow: who began it with which challenge; `auth_code` is set once it was proved."""

    id: str
    user_id: str
    method: AuthMethod
    challenge: str
    challenge_method: Literal["s256", "plain"]
    auth_code: str | None
    created_at: Instant
    ordinal: int
    expires_at: Instant


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Mail:
    """A mail that would be sent: the facts; links and texts are made where it is read."""

    id: str
    to: str
    kind: MailKind
    user_id: str
    token: str | None
    code: str | None
    redirect_to: str | None
    moment: Instant | None
    created_at: Instant
    ordinal: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Export:
    """An archive of one user's own data: asked for, ready, then gone when its link expires."""

    id: str
    user_id: str
    token: str
    archive: JsonText | None
    created_at: Instant
    ordinal: int
    ready_at: Instant | None
    expires_at: Instant | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Caps:
    """How much of each meter a plan allows; None is no cap."""

    runs: int | None
    storage_bytes: int | None
    projects: int | None
    members: int | None
    api_keys: int | None
    shares: int | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Plan:
    """What a workspace may be subscribed to; the id is the name that requests use.

    Prices are in cents; plans are listed by `ordinal`, the smallest first.
    """

    id: str
    title: str
    month_price_cents: int
    year_price_cents: int
    trial_days: int
    caps: Caps
    ordinal: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Workspace:
    """A tenant. `plan` names what it may use, in months that follow `period_anchor`: the calendar's
    where that is None. `runs_limit`, which only a seed sets, stands in for the plan's cap of runs a
    period until the plan changes.
    `subscription_status` is what the control plane knows of the last subscription, if one was.
    """

    id: str
    name: str
    slug: str
    created_by: str | None
    created_at: Instant
    ordinal: int
    plan: str
    period_anchor: Instant | None
    subscription_status: SubscriptionStatus | None
    runs_limit: int | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Usage:
    """What a workspace used of the meters of use; the id is the workspace's.

    `runs` counts those of the period that began at `period_start`, and nothing in a later one.
    Bytes are those of the artifacts of its runs and those that were committed. What is reserved
    counts until it is committed, reverted or expired, whatever the period.
    """

    id: str
    period_start: Instant
    runs: int
    storage_bytes: int
    runs_reserved: int
    storage_bytes_reserved: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Reservation:
    """Room of a meter that is held for what will be used; the id joins the workspace's and the key.

    `committed` is how much of `amount` was used in the end, once that is known.
    """

    id: str
    workspace_id: str
    key: str
    meter: ReservedMeter
    amount: int
    ttl_seconds: int
    status: ReservationStatus
    committed: int | None
    created_at: Instant
    ordinal: int
    expires_at: Instant


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Member:
    """A user's place in a workspace; the id joins the two ids."""

    id: str
    workspace_id: str
    user_id: str
    role: Role
    created_at: Instant
    ordinal: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Project:
    """A named group of runs; the slug is unique within the workspace."""

    id: str
    workspace_id: str
    name: str
    slug: str
    description: str
    created_by: str | None
    created_at: Instant
    ordinal: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Artifact:
    """What is known of a file a run committed; its bytes are not kept."""

    id: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Run:
    """One generation, rollout or evaluation, as the CLI uploaded it or the dashboard made it.

    `content` is a hash of what the client sent, `revision` counts accepted contents from 1.
    """

    id: str
    workspace_id: str
    project_id: str | None
    name: str
    adapter_id: str
    task: Task
    environment: str | None
    runtime: Runtime
    status: RunStatus
    client_run_id: str | None
    metrics: JsonText
    artifacts: tuple[Artifact, ...]
    cost_estimate_usd: float | None
    manifest: JsonText | None
    log: str
    extra: JsonText
    created_by: str | None
    created_at: Instant
    ordinal: int
    started_at: Instant | None
    finished_at: Instant | None
    duration_seconds: float | None
    content: str
    revision: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class ApiKey:
    """A key for one workspace that acts as its issuer; of the secret only a hash is kept."""

    id: str
    workspace_id: str
    user_id: str
    name: str
    secret_hash: str
    last_four: str
    created_at: Instant
    ordinal: int
    expires_at: Instant | None
    revoked_at: Instant | None
    rotated_at: Instant | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Share:
    """A public link to a run as it was when shared; `snapshot` holds the public-safe fields."""

    id: str
    workspace_id: str
    run_id: str
    token: str
    snapshot: JsonText
    created_by: str | None
    created_at: Instant
    ordinal: int
    expires_at: Instant
    revoked_at: Instant | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class AuditEntry:
    """Who did what to which record, from where. Never holds a secret.

    Without a workspace it is about the user's own account. Docs: "audit events, redacted IP hash,
    and user agent" (privacy).
    """

    id: str
    workspace_id: str | None
    user_id: str | None
    api_key_id: str | None
    action: str
    target_kind: str
    target_id: str
    ip_hash: str | None
    user_agent: str | None
    created_at: Instant
    ordinal: int


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


_NEVER: Instant = 2**62


def _by_expiry(record: Any) -> tuple[Instant, int, str]:
    """Return the place of what expires, so that what is live at a moment can be bisected."""
    expires_at = _NEVER if record.expires_at is None else record.expires_at
    return (expires_at, record.ordinal, record.id)


TABLES = (
    TableSpec("clock", Clock, {}, {}),
    TableSpec("origin", Origin, {}, {}),
    TableSpec("ordinals", Ordinal, {}, {}),
    TableSpec("auth_settings", AuthSettings, {}, {}),
    TableSpec("rate_windows", RateWindow, {}, {}),
    TableSpec(
        "jobs",
        Job,
        {"target": lambda r: (r.kind, r.target_id)},
        {"all": lambda _: (), "any of target": lambda r: r.target_id},
        order=lambda r: (r.due, r.ordinal, r.id),
    ),
    TableSpec("codes", OneTimeCode, {"slot": lambda r: (r.user_id, r.slot)}, {}),
    TableSpec("flows", Flow, {"auth code": lambda r: r.auth_code}, {"user": lambda r: r.user_id}),
    TableSpec(
        "mail",
        Mail,
        {},
        {"all": lambda _: (), "to": lambda r: r.to, "user": lambda r: r.user_id},
    ),
    TableSpec("exports", Export, {"token": lambda r: r.token}, {"user": lambda r: r.user_id}),
    TableSpec("users", User, {"email": lambda r: r.email}, {"all": lambda _: ()}),
    TableSpec("sessions", Session, {}, {"user": lambda r: r.user_id, "all": lambda _: ()}),
    TableSpec("refresh_tokens", RefreshToken, {}, {"session": lambda r: r.session_id}),
    TableSpec(
        "plans",
        Plan,
        {},
        {"all": lambda _: ()},
        order=lambda r: (0, r.ordinal, r.id),
    ),
    TableSpec("usage", Usage, {}, {}),
    TableSpec("reservations", Reservation, {}, {"workspace": lambda r: r.workspace_id}),
    TableSpec("workspaces", Workspace, {"slug": lambda r: r.slug}, {"all": lambda _: ()}),
    TableSpec(
        "members",
        Member,
        {},
        {"workspace": lambda r: r.workspace_id, "user": lambda r: r.user_id},
    ),
    TableSpec(
        "projects",
        Project,
        {"slug": lambda r: (r.workspace_id, r.slug)},
        {"workspace": lambda r: r.workspace_id},
    ),
    TableSpec(
        "runs",
        Run,
        {"client": lambda r: r.client_run_id and (r.workspace_id, r.client_run_id)},
        {
            "workspace": lambda r: r.workspace_id,
            "project": lambda r: r.project_id,
            "workspace status": lambda r: (r.workspace_id, r.status),
            "project status": lambda r: r.project_id and (r.project_id, r.status),
        },
    ),
    TableSpec(
        "api_keys",
        ApiKey,
        {"secret": lambda r: r.secret_hash},
        {
            "workspace": lambda r: r.workspace_id,
            "not revoked": lambda r: r.workspace_id if r.revoked_at is None else None,
        },
        orders={"not revoked": _by_expiry},
    ),
    TableSpec(
        "shares",
        Share,
        {"token": lambda r: r.token},
        {
            "workspace": lambda r: r.workspace_id,
            "run": lambda r: r.run_id,
            "not revoked": lambda r: r.workspace_id if r.revoked_at is None else None,
        },
        orders={"not revoked": _by_expiry},
    ),
    TableSpec(
        "audit",
        AuditEntry,
        {},
        {
            "workspace": lambda r: r.workspace_id,
            "user": lambda r: r.user_id and (r.user_id, r.workspace_id is None),
        },
    ),
    TableSpec("billing_settings", BillingSettings, {}, {}),
    TableSpec("customers", Customer, {"workspace": lambda r: r.workspace_id}, {}),
    TableSpec("cards", Card, {}, {"customer": lambda r: r.customer_id}),
    TableSpec("checkout_sessions", CheckoutSession, {}, {"workspace": lambda r: r.workspace_id}),
    TableSpec("portal_sessions", PortalSession, {}, {"workspace": lambda r: r.workspace_id}),
    TableSpec(
        "subscriptions",
        Subscription,
        {"live": lambda r: r.workspace_id if r.status in LIVE else None},
        {"workspace": lambda r: r.workspace_id},
    ),
    TableSpec(
        "invoices",
        Invoice,
        {},
        {
            "workspace": lambda r: r.workspace_id,
            "unpaid": lambda r: r.subscription_id if r.status in UNPAID else None,
        },
    ),
    TableSpec("payments", Payment, {}, {"workspace": lambda r: r.workspace_id}),
    TableSpec("events", Event, {}, {"all": lambda _: (), "workspace": lambda r: r.workspace_id}),
    TableSpec("webhook_endpoints", WebhookEndpoint, {}, {"all": lambda _: ()}),
    TableSpec(
        "deliveries",
        Delivery,
        {},
        {
            "endpoint": lambda r: r.endpoint_id,
            "event": lambda r: r.event_id,
            "all": lambda _: (),
        },
        order=lambda r: (r.due, r.ordinal, r.id),
    ),
    TableSpec("received_events", ReceivedEvent, {}, {}),
)
"""Every table: name, record, unique indexes, ordered indexes."""
