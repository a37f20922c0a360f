"""Payments: charging cards, and refunds."""

from __future__ import annotations

from dataclasses import replace

from emulator.world.billing.cards import MESSAGES
from emulator.world.billing.events import EventKind, emit
from emulator.world.billing.stripe_ids import new_stripe_id
from emulator.world.core.refusals import CardDeclined, Conflict, Invalid
from emulator.world.core.world import World
from emulator.world.records.billing import Card, CardFacts, Customer, Invoice, Payment

_SUCCEEDED: tuple[EventKind, ...] = ("payment_intent.succeeded", "charge.succeeded")
_FAILED: tuple[EventKind, ...] = ("charge.failed", "payment_intent.payment_failed")


def failure_of(
    customer: Customer | None, facts: CardFacts, *, is_authenticated: bool
) -> str | None:
    """Return the code that charging a card now would fail with, or None."""
    if customer is not None and customer.payments_to_fail:
        return "generic_decline"
    if facts.charges == "fail":
        return "generic_decline"
    if facts.charges == "need authentication" and not is_authenticated:
        return "authentication_required"
    return None


def collect_invoice(
    world: World, invoice: Invoice, card: Card, *, is_authenticated: bool
) -> Payment:
    """Charge a card for an invoice and return the payment, which may have failed.

    `is_authenticated` is whether the cardholder is present and has passed 3-D Secure.
    """
    customer = world.expect(Customer, invoice.customer_id)
    failure = failure_of(customer, card.facts, is_authenticated=is_authenticated)
    return record_payment(
        world,
        card.facts,
        workspace_id=invoice.workspace_id,
        customer=customer if failure is None else _count_failure(world, customer),
        amount_cents=invoice.due_cents,
        invoice=invoice,
        failure=failure,
    )


def _count_failure(world: World, customer: Customer) -> Customer:
    """Count a failure against those that a test wants, if any are left."""
    if not customer.payments_to_fail:
        return customer
    counted = replace(customer, payments_to_fail=customer.payments_to_fail - 1)
    world.put(counted)
    return counted


def record_payment(
    world: World,
    facts: CardFacts,
    *,
    workspace_id: str,
    customer: Customer | None,
    amount_cents: int,
    invoice: Invoice | None,
    failure: str | None,
) -> Payment:
    """Record an attempt to charge a card, and emit its events."""
    payment_id, ordinal = new_stripe_id(world, "pi")
    payment = Payment(
        id=payment_id,
        charge_id=new_stripe_id(world, "ch")[0],
        customer_id=None if customer is None else customer.id,
        workspace_id=workspace_id,
        invoice_id=None if invoice is None else invoice.id,
        card_id=None if customer is None else customer.card_id,
        card=facts,
        amount_cents=amount_cents,
        refunded_cents=0,
        failure=failure,
        created_at=world.now,
        ordinal=ordinal,
    )
    world.put(payment)
    for kind in _SUCCEEDED if failure is None else _FAILED:
        emit(world, kind, payment, workspace_id=workspace_id)
    return payment


def require_chargeable(
    world: World,
    facts: CardFacts,
    *,
    workspace_id: str,
    customer: Customer | None,
    amount_cents: int,
    is_authenticated: bool,
) -> None:
    """Raise CardDeclined, with the attempt on record, if charging a card now would fail."""
    failure = failure_of(customer, facts, is_authenticated=is_authenticated)
    if failure is None:
        return
    record_payment(
        world,
        facts,
        workspace_id=workspace_id,
        customer=None if customer is None else _count_failure(world, customer),
        amount_cents=amount_cents,
        invoice=None,
        failure=failure,
    )
    raise CardDeclined(failure, MESSAGES[failure])


def refund(world: World, payment: Payment, *, amount_cents: int | None = None) -> Payment:
    """Refund an amount of a payment, by default all that is left of it; the invoice stays paid.

    Raises Conflict if nothing is left, Invalid for more than is left.
    """
    left = payment.amount_cents - payment.refunded_cents
    if payment.failure is not None or not left:
        raise Conflict("Nothing of this payment is left to refund.")
    amount = left if amount_cents is None else amount_cents
    if not 0 < amount <= left:
        raise Invalid("amount_cents", f"Refund 1 to {left} cents, which is what is left.")
    after = replace(payment, refunded_cents=payment.refunded_cents + amount)
    world.put(after)
    emit(world, "charge.refunded", after, workspace_id=payment.workspace_id, before=payment)
    return after
