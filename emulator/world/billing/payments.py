"""Charging cards, and giving money back."""

from __future__ import annotations

from dataclasses import replace

from emulator.world.billing.cards import MESSAGES
from emulator.world.billing.events import EventKind, emit
from emulator.world.billing.stripe_ids import new_stripe_id
from emulator.world.core.refusals import CardDeclined, Conflict, Invalid
from emulator.world.core.world import World
from emulator.world.records.billing import CardFacts, Customer, Invoice, Payment

_SUCCEEDED: tuple[EventKind, ...] = ("payment_intent.succeeded", "charge.succeeded")
_FAILED: tuple[EventKind, ...] = ("charge.failed", "payment_intent.payment_failed")


def failure_of(
    customer: Customer | None, facts: CardFacts, *, is_authenticated: bool
) -> str | None:
    """Return the code with which charging a card would fail now, or None."""
    if customer is not None and customer.payments_to_fail:
        return "generic_decline"
    if facts.charges == "fail":
        return "generic_decline"
    if facts.charges == "need authentication" and not is_authenticated:
        return "authentication_required"
    return None


def charge(
    world: World,
    facts: CardFacts,
    *,
    workspace_id: str,
    customer: Customer | None,
    amount_cents: int,
    invoice: Invoice | None,
    is_authenticated: bool = False,
) -> Payment:
    """Charge a card and return the payment, which may have failed.

    `is_authenticated` says that the cardholder is there and has passed 3-D Secure.
    """
    failure = failure_of(customer, facts, is_authenticated=is_authenticated)
    if failure is not None and customer is not None and customer.payments_to_fail:
        customer = replace(customer, payments_to_fail=customer.payments_to_fail - 1)
        world.put(customer)
    return record_payment(
        world,
        facts,
        workspace_id=workspace_id,
        customer=customer,
        amount_cents=amount_cents,
        invoice=invoice,
        failure=failure,
    )


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
    """Note an attempt to charge a card, and tell of it."""
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
    """Refuse CardDeclined, with the attempt on record, if charging a card would fail now."""
    if failure_of(customer, facts, is_authenticated=is_authenticated) is None:
        return
    failed = charge(
        world,
        facts,
        workspace_id=workspace_id,
        customer=customer,
        amount_cents=amount_cents,
        invoice=None,
        is_authenticated=is_authenticated,
    )
    assert failed.failure is not None
    raise CardDeclined(failed.failure, MESSAGES[failed.failure])


def refund(world: World, payment: Payment, *, amount_cents: int | None = None) -> Payment:
    """Give back some of a payment, by default all that is left of it; the invoice stays paid.

    Refuses Conflict where nothing is left, Invalid for more than is left.
    """
    left = payment.amount_cents - payment.refunded_cents
    if payment.failure is not None or not left:
        raise Conflict("Nothing of this payment is left to give back.")
    amount = left if amount_cents is None else amount_cents
    if not 0 < amount <= left:
        raise Invalid("amount_cents", f"Give back 1 to {left} cents; that is what is left.")
    after = replace(payment, refunded_cents=payment.refunded_cents + amount)
    world.put(after)
    emit(world, "charge.refunded", after, workspace_id=payment.workspace_id, before=payment)
    return after
