"""Invoices: drafted, finalized, paid or failed. Each is the sum of its lines, in cents.

A credit that an invoice leaves becomes the customer's balance, which the next invoice uses up.
"""

from __future__ import annotations

from dataclasses import replace

from emulator.world.billing.events import EventKind, emit
from emulator.world.billing.stripe_ids import new_stripe_id
from emulator.world.core.world import World
from emulator.world.records.billing import Customer, Invoice, InvoiceLine, Payment, Subscription
from emulator.world.records.types import BillingReason, Instant, Interval
from emulator.world.store import ids

_PAID: tuple[EventKind, ...] = ("invoice.paid", "invoice.payment_succeeded")


def build_line(
    world: World,
    *,
    description: str,
    amount_cents: int,
    plan: str,
    interval: Interval,
    price_cents: int,
    period: tuple[Instant, Instant],
    item_id: str | None = None,
) -> InvoiceLine:
    """Return a line; `item_id` is the invoice item of a proration."""
    return InvoiceLine(
        id=new_stripe_id(world, "il")[0],
        item_id=item_id,
        description=description,
        amount_cents=amount_cents,
        plan=plan,
        interval=interval,
        price_cents=price_cents,
        period_start=period[0],
        period_end=period[1],
    )


def draft_invoice(
    world: World,
    subscription: Subscription,
    *,
    reason: BillingReason,
    lines: tuple[InvoiceLine, ...],
) -> Invoice:
    """Draft an invoice with the given lines; its period covers the periods of the lines.

    Real: Stripe's renewal invoice has the period that ended (docs.stripe.com/api/invoices).
    Assumed: no client reads that, and people expect the period that an invoice is for.
    """
    customer = world.expect(Customer, subscription.customer_id)
    invoice_id, ordinal = new_stripe_id(world, "in")
    invoice = Invoice(
        id=invoice_id,
        number=None,
        customer_id=customer.id,
        workspace_id=subscription.workspace_id,
        subscription_id=subscription.id,
        customer_email=customer.email,
        customer_name=customer.name,
        status="draft",
        reason=reason,
        lines=lines,
        period_start=min(line.period_start for line in lines),
        period_end=max(line.period_end for line in lines),
        due_cents=0,
        paid_cents=0,
        starting_balance_cents=customer.balance_cents,
        ending_balance_cents=None,
        attempt_count=0,
        next_attempt_at=None,
        payment_id=None,
        created_at=world.now,
        ordinal=ordinal,
        finalized_at=None,
        paid_at=None,
        uncollectible_at=None,
    )
    invoice = _priced(invoice, customer.balance_cents)
    world.put(invoice)
    emit(world, "invoice.created", invoice, workspace_id=invoice.workspace_id)
    return invoice


def _priced(invoice: Invoice, balance_cents: int) -> Invoice:
    """Return the invoice with the amount due after the customer's credit is used."""
    due = max(0, invoice.total_cents + balance_cents)
    return replace(invoice, starting_balance_cents=balance_cents, due_cents=due)


def finalize_invoice(world: World, invoice: Invoice) -> Invoice:
    """Open a draft: give it its number, fix the amount due and use up credit."""
    customer = world.expect(Customer, invoice.customer_id)
    priced = _priced(invoice, customer.balance_cents)
    ending = customer.balance_cents + priced.total_cents - priced.due_cents
    count = customer.invoice_count + 1
    prefix = ids.as_base36(world.derive("invoice prefix", customer.id), length=8).upper()
    after = replace(
        priced,
        status="open",
        number=f"{prefix}-{count:04}",
        ending_balance_cents=ending,
        finalized_at=world.now,
    )
    world.put(replace(customer, invoice_count=count, balance_cents=ending))
    world.put(after)
    emit(world, "invoice.finalized", after, workspace_id=invoice.workspace_id)
    if ending != customer.balance_cents:
        emit(
            world,
            "customer.updated",
            world.expect(Customer, customer.id),
            workspace_id=customer.workspace_id,
            before=customer,
        )
    return after


def mark_paid(world: World, invoice: Invoice, payment: Payment | None) -> Invoice:
    """Mark an open invoice as paid, by a payment or because nothing is due."""
    after = replace(
        invoice,
        status="paid",
        paid_cents=0 if payment is None else payment.amount_cents,
        attempt_count=invoice.attempt_count + (payment is not None),
        next_attempt_at=None,
        payment_id=None if payment is None else payment.id,
        paid_at=world.now,
    )
    world.put(after)
    for kind in _PAID:
        emit(world, kind, after, workspace_id=invoice.workspace_id)
    return after


def mark_failed(world: World, invoice: Invoice, *, next_attempt_at: Instant | None) -> Invoice:
    """Record that collecting an open invoice failed, and when the next attempt is."""
    after = replace(
        invoice, attempt_count=invoice.attempt_count + 1, next_attempt_at=next_attempt_at
    )
    world.put(after)
    emit(world, "invoice.payment_failed", after, workspace_id=invoice.workspace_id)
    emit(world, "invoice.updated", after, workspace_id=invoice.workspace_id, before=invoice)
    return after


def write_off(world: World, invoice: Invoice) -> Invoice:
    """Mark an open invoice as uncollectible."""
    after = replace(
        invoice, status="uncollectible", next_attempt_at=None, uncollectible_at=world.now
    )
    world.put(after)
    emit(world, "invoice.marked_uncollectible", after, workspace_id=invoice.workspace_id)
    return after


def unpaid_invoices(world: World, subscription: Subscription) -> list[Invoice]:
    """Return the drafts and open invoices of a subscription, oldest first."""
    return world.all(Invoice, "unpaid", subscription.id)
