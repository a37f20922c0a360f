"""Webhook events: the object at the time of the event, and what an update changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from emulator.settings import Settings
from emulator.wire.stripe import unset_members as unset
from emulator.wire.stripe.objects import (
    API_VERSION,
    CURRENCY,
    charge_view,
    customer_view,
    invoice_item_view,
    listed,
    payment_intent_view,
    payment_method_view,
    portal_session_view,
    pricing_view,
    seconds,
    subscription_view,
)
from emulator.wire.stripe.unset_members import View
from emulator.wire.stripe.urls import checkout_url, invoice_url, portal_url
from emulator.wire.world_tags import tagged
from emulator.world.core.world import World
from emulator.world.records.billing import (
    CheckoutSession,
    Event,
    Invoice,
    InvoiceLine,
    Subscription,
)


def checkout_session_view(world: World, settings: Settings, session: CheckoutSession) -> View:
    """Return a checkout session; it has a `url` while it is open."""
    is_open, is_complete = session.status == "open", session.status == "complete"
    payment = "no_payment_required" if not session.amount_cents else "unpaid"
    payer = {"email": session.email, "name": session.payer_name, **unset.CUSTOMER_DETAILS}
    return {
        "id": tagged(session.id, world),
        "object": "checkout.session",
        "amount_subtotal": session.amount_cents,
        "amount_total": session.amount_cents,
        "cancel_url": session.cancel_url,
        "client_reference_id": session.workspace_id,
        "created": seconds(session.created_at),
        "currency": CURRENCY,
        "customer": session.customer_id,
        "customer_details": payer if is_complete else None,
        "customer_email": session.customer_email,
        "expires_at": seconds(session.expires_at),
        "invoice": session.invoice_id,
        "livemode": False,
        "metadata": {"workspace_id": session.workspace_id, "plan": session.plan},
        "mode": "subscription",
        "payment_method_collection": "if_required" if session.trial_days else "always",
        "payment_method_types": ["card"],
        "payment_status": "paid" if is_complete and session.amount_cents else payment,
        "status": session.status,
        "subscription": session.subscription_id,
        "success_url": session.success_url,
        "ui_mode": "hosted_page",
        "url": checkout_url(world, settings, session) if is_open else None,
        **unset.CHECKOUT_SESSION,
    }


def invoice_view(world: World, settings: Settings, invoice: Invoice) -> View:
    """Return an invoice with its lines."""
    is_final = invoice.finalized_at is not None
    url = invoice_url(world, settings, invoice) if is_final else None
    is_settled = invoice.status == "paid"
    item_id = world.expect(Subscription, invoice.subscription_id).item_id
    return {
        "id": invoice.id,
        "object": "invoice",
        "amount_due": invoice.due_cents,
        "amount_paid": invoice.paid_cents,
        "amount_remaining": 0 if is_settled else invoice.due_cents,
        "attempt_count": invoice.attempt_count,
        "attempted": invoice.attempt_count > 0,
        "auto_advance": invoice.status == "draft" or invoice.next_attempt_at is not None,
        "billing_reason": invoice.reason,
        "created": seconds(invoice.created_at),
        "currency": CURRENCY,
        "customer": invoice.customer_id,
        "customer_email": invoice.customer_email,
        "customer_name": invoice.customer_name,
        "effective_at": seconds(invoice.finalized_at),
        "ending_balance": invoice.ending_balance_cents,
        "hosted_invoice_url": url,
        "invoice_pdf": url,
        "lines": listed(
            [_line_view(invoice, line, item_id=item_id) for line in invoice.lines],
            f"/v1/invoices/{invoice.id}/lines",
        ),
        "livemode": False,
        "next_payment_attempt": seconds(invoice.next_attempt_at),
        "number": invoice.number,
        "parent": _parent(invoice),
        "period_start": seconds(invoice.period_start),
        "period_end": seconds(invoice.period_end),
        "starting_balance": invoice.starting_balance_cents,
        "status": invoice.status,
        "status_transitions": {
            "finalized_at": seconds(invoice.finalized_at),
            "marked_uncollectible_at": seconds(invoice.uncollectible_at),
            "paid_at": seconds(invoice.paid_at),
            "voided_at": None,
        },
        "subtotal": invoice.total_cents,
        "subtotal_excluding_tax": invoice.total_cents,
        "total": invoice.total_cents,
        "total_excluding_tax": invoice.total_cents,
        **unset.INVOICE,
    }


def _parent(invoice: Invoice) -> View:
    return {
        "type": "subscription_details",
        "quote_details": None,
        "subscription_details": {
            "metadata": {"workspace_id": invoice.workspace_id},
            "subscription": invoice.subscription_id,
        },
    }


def _line_view(invoice: Invoice, line: InvoiceLine, *, item_id: str) -> View:
    is_proration = line.item_id is not None
    details: View = {
        "invoice_item": line.item_id,
        "proration": is_proration,
        "proration_details": {"credited_items": None} if is_proration else None,
        "subscription": invoice.subscription_id,
    }
    if not is_proration:
        details["subscription_item"] = item_id
    return {
        "id": line.id,
        "object": "line_item",
        "amount": line.amount_cents,
        "currency": CURRENCY,
        "description": line.description,
        "discount_amounts": [],
        "discountable": not is_proration,
        "discounts": [],
        "invoice": invoice.id,
        "livemode": False,
        "metadata": {"plan": line.plan},
        "parent": {
            "type": "invoice_item_details" if is_proration else "subscription_item_details",
            "invoice_item_details": details if is_proration else None,
            "subscription_item_details": None if is_proration else details,
        },
        "period": {"start": seconds(line.period_start), "end": seconds(line.period_end)},
        "pretax_credit_amounts": [],
        "pricing": pricing_view(line.plan, line.interval, line.price_cents),
        "quantity": 1,
        "quantity_decimal": "1",
        "subscription": invoice.subscription_id,
        "subtotal": line.amount_cents,
        "taxes": [],
    }


Renderer = Callable[[World, Settings, Any], View]

RENDERERS: tuple[tuple[str, Renderer], ...] = (
    ("checkout.session.", checkout_session_view),
    (
        "billing_portal.session.",
        lambda world, settings, record: portal_session_view(
            record, url=portal_url(world, settings, record)
        ),
    ),
    ("customer.subscription.", lambda world, _, record: subscription_view(world, record)),
    ("customer.", lambda _world, _, record: customer_view(record)),
    ("payment_method.", lambda _world, _, record: payment_method_view(record)),
    ("payment_intent.", lambda _world, _, record: payment_intent_view(record)),
    ("charge.", lambda _world, _, record: charge_view(record)),
    ("invoiceitem.", lambda _world, _, record: invoice_item_view(record)),
    ("invoice.", invoice_view),
)
"""Prefix of an event's type → the renderer of its object; longer prefixes come first."""


def event_view(world: World, settings: Settings, event: Event) -> View:
    """Return an event in Stripe's format."""
    render = next(render for prefix, render in RENDERERS if event.kind.startswith(prefix))
    now = render(world, settings, event.record)
    content: View = {"object": now}
    if event.before is not None:
        content["previous_attributes"] = _changed(render(world, settings, event.before), now)
    return {
        "id": event.id,
        "object": "event",
        "api_version": API_VERSION,
        "created": seconds(event.created_at),
        "data": content,
        "livemode": False,
        "pending_webhooks": event.endpoint_count,
        "request": {"id": None, "idempotency_key": None},
        "type": event.kind,
    }


def _changed(before: View, now: View) -> View:
    """Return the members of `before` that differ from `now`, recursively.

    Real: a changed list is included whole, as https://docs.stripe.com/api/events/object describes
    `data.previous_attributes`.
    """
    found: View = {}
    for name, value in before.items():
        present = now.get(name)
        if value == present:
            continue
        if isinstance(value, dict) and isinstance(present, dict) and value.get("object") != "list":
            found[name] = _changed(value, present)
        else:
            found[name] = value
    return found


def event_body(world: World, settings: Settings, event: Event) -> bytes:
    """Return the exact bytes of an event, which are signed."""
    return orjson.dumps(event_view(world, settings, event))
