"""The tables of a world: the whole shape of the state on one page.

Records are frozen and compared by identity; worlds are compared by digest. Records can be weakly
referenced, so that a cache of what is computed from a record lives no longer than the record.
Lists are ordered by (`created_at`, `ordinal`, `id`), as records of one instant differ by ordinal.
"""

from __future__ import annotations

from typing import Any

from emulator.world.records.billing import (
    LIVE,
    UNPAID,
    BillingSettings,
    Card,
    CheckoutSession,
    Customer,
    Delivery,
    Event,
    Invoice,
    Payment,
    PortalSession,
    ReceivedEvent,
    Subscription,
    WebhookEndpoint,
)
from emulator.world.records.identity import (
    AuthSettings,
    Export,
    Flow,
    OneTimeCode,
    RefreshToken,
    Session,
    User,
)
from emulator.world.records.runs import Run, Share
from emulator.world.records.system import AuditEntry, Clock, Job, Mail, Ordinal, Origin, RateWindow
from emulator.world.records.types import Instant
from emulator.world.records.workspaces import (
    ApiKey,
    Member,
    Plan,
    Project,
    Reservation,
    Usage,
    Workspace,
)
from emulator.world.store.spec import TableSpec

_NEVER: Instant = 2**62


def _by_expiry(record: Any) -> tuple[Instant, int, str]:
    """Return a sort key that puts the records live at an instant after all others."""
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
