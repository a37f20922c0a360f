"""Renewals and what follows: invoices collected, payments retried, subscriptions lost and saved.

All of it happens on the world's clock, as jobs.
"""

from __future__ import annotations

from dataclasses import replace

from emulator.world.billing.cards import MESSAGES
from emulator.world.billing.customers import card_of
from emulator.world.billing.events import emit
from emulator.world.billing.intervals import next_end
from emulator.world.billing.invoices import (
    draft_invoice,
    finalize_invoice,
    mark_failed,
    mark_paid,
    unpaid_invoices,
    write_off,
)
from emulator.world.billing.payments import charge
from emulator.world.billing.subscriptions import (
    FINALIZE,
    RENEW,
    RETRY,
    end_subscription,
    period_line,
    schedule,
    update_subscription,
)
from emulator.world.billing.webhook_endpoints import settings_of
from emulator.world.core import jobs
from emulator.world.core.refusals import CardDeclined, Conflict
from emulator.world.core.times import DAY, SECOND
from emulator.world.core.world import World
from emulator.world.metering.plans import plan_named
from emulator.world.records.billing import Customer, Invoice, Subscription
from emulator.world.records.types import Instant

DRAFT_SECONDS = 3600
"""Real: Stripe finalises the draft of a renewal about an hour later (clients.md 3.4)."""

RETRY_DAYS = (3, 5, 7)
"""Days from one failed attempt to the next. Assumed: Stripe's own choice is learned, not fixed;
these are the defaults of its custom schedule."""


def renew(world: World, subscription_id: str) -> None:
    """Begin the next period of a subscription, or end it if it was to; as a job that fell due.

    Assumed: a trial without a card ends the subscription, and one that is unpaid makes no
    further invoices until it is paid.
    """
    _roll(world, world.expect(Subscription, subscription_id))


def _roll(world: World, subscription: Subscription) -> None:
    if subscription.cancel_at is not None:
        end_subscription(world, subscription, reason="cancellation_requested")
        return
    is_trial = subscription.status == "trialing"
    customer = world.expect(Customer, subscription.customer_id)
    if is_trial and card_of(world, customer) is None:
        end_subscription(world, subscription, reason=None)
        return
    rolled = replace(
        subscription,
        status="active" if is_trial else subscription.status,
        anchor=world.now if is_trial else subscription.anchor,
        period_start=subscription.period_end,
        period_end=next_end(subscription.anchor, subscription.period_end, subscription.interval),
    )
    if rolled.status != "unpaid":
        line = period_line(world, rolled, plan_named(world, rolled.plan))
        invoice = draft_invoice(world, rolled, reason="subscription_cycle", lines=(line,))
        rolled = replace(rolled, invoice_id=invoice.id)
        due = world.now + DRAFT_SECONDS * SECOND
        jobs.schedule(world, FINALIZE, invoice.id, due=due)
    update_subscription(world, rolled)
    schedule(world, rolled)


def finalize(world: World, invoice_id: str) -> None:
    """Finalise a draft and collect it, as a job that fell due."""
    collect(world, finalize_invoice(world, world.expect(Invoice, invoice_id)))


def retry(world: World, invoice_id: str) -> None:
    """Try again to collect an open invoice, as a job that fell due."""
    collect(world, world.expect(Invoice, invoice_id))


def collect(world: World, invoice: Invoice) -> Invoice:
    """Charge the customer's card for an open invoice, on schedule: a failure has a next attempt or
    ends the subscription, and success mends it.
    """
    paid = _charged(world, invoice, is_authenticated=False)
    if paid is not None:
        return paid
    return _fail(world, invoice)


def _fail(world: World, invoice: Invoice) -> Invoice:
    tries = invoice.attempt_count
    next_at = world.now + RETRY_DAYS[tries] * DAY if tries < len(RETRY_DAYS) else None
    failed = mark_failed(world, invoice, next_attempt_at=next_at)
    subscription = world.expect(Subscription, invoice.subscription_id)
    if next_at is not None:
        jobs.schedule(world, RETRY, invoice.id, due=next_at)
        if subscription.status == "active":
            update_subscription(world, replace(subscription, status="past_due"))
    elif settings_of(world).on_exhausted == "unpaid":
        update_subscription(world, replace(subscription, status="unpaid"))
    else:
        failed = write_off(world, failed)
        end_subscription(world, subscription, reason="payment_failed")
    return failed


def _charged(world: World, invoice: Invoice, *, is_authenticated: bool) -> Invoice | None:
    """Return the invoice paid, or None where the card failed or there is none."""
    customer = world.expect(Customer, invoice.customer_id)
    payment = None
    if invoice.due_cents:
        card = card_of(world, customer)
        if card is None:
            return None
        payment = charge(
            world,
            card.facts,
            workspace_id=invoice.workspace_id,
            customer=customer,
            amount_cents=invoice.due_cents,
            invoice=invoice,
            is_authenticated=is_authenticated,
        )
        if payment.failure is not None:
            return None
    jobs.cancel(world, RETRY, invoice.id)
    paid = mark_paid(world, invoice, payment)
    subscription = world.expect(Subscription, invoice.subscription_id)
    is_mended = not any(one.status == "open" for one in unpaid_invoices(world, subscription))
    if subscription.status in ("past_due", "unpaid") and is_mended:
        update_subscription(world, replace(subscription, status="active"))
    return paid


def pay_now(world: World, invoice: Invoice, *, is_authenticated: bool = False) -> Invoice:
    """Have the customer pay an invoice now; a draft is finalised first.

    Real: an attempt by hand counts as the first, but never changes the schedule (Stripe). Refuses
    Conflict where it is paid or written off or there is no card, CardDeclined with the attempt on
    record.
    """
    if invoice.status not in ("draft", "open"):
        raise Conflict(f"This invoice is {invoice.status}; there is nothing to pay.")
    customer = world.expect(Customer, invoice.customer_id)
    card = card_of(world, customer)
    if card is None:
        raise Conflict("There is no card to charge; add one first.")
    if invoice.status == "draft":
        jobs.cancel(world, FINALIZE, invoice.id)
        invoice = finalize_invoice(world, invoice)
    paid = _charged(world, invoice, is_authenticated=is_authenticated)
    if paid is not None:
        return paid
    if invoice.attempt_count == 0:
        # The schedule begins with this attempt.
        _fail(world, invoice)
    else:
        emit(world, "invoice.payment_failed", invoice, workspace_id=invoice.workspace_id)
    is_unauthenticated = card.facts.charges == "need authentication" and not is_authenticated
    code = "authentication_required" if is_unauthenticated else "generic_decline"
    raise CardDeclined(code, MESSAGES[code])


def end_trial(world: World, subscription: Subscription) -> Subscription:
    """End a trial now, as if its time had come, and collect at once. Refuses Conflict."""
    if subscription.status != "trialing":
        raise Conflict(f"This subscription is {subscription.status}; it has no trial to end.")
    jobs.cancel(world, RENEW, subscription.id)
    _roll(world, replace(subscription, trial_end=world.now, period_end=world.now, anchor=world.now))
    for invoice in unpaid_invoices(world, subscription):
        jobs.cancel(world, FINALIZE, invoice.id)
        finalize(world, invoice.id)
    return world.expect(Subscription, subscription.id)


def next_collection_at(world: World, subscription: Subscription) -> Instant:
    """Return when an invoice of a live subscription is next collected, or would be."""
    waiting = unpaid_invoices(world, subscription)
    dues = [one.next_attempt_at for one in waiting if one.next_attempt_at is not None]
    dues += [one.created_at + DRAFT_SECONDS * SECOND for one in waiting if one.status == "draft"]
    return min(dues, default=subscription.period_end + DRAFT_SECONDS * SECOND)
