"""Renewals: new periods, invoices that are finalized and collected, and payments that are retried.

They are jobs on the world's clock.
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
from emulator.world.billing.payments import collect_invoice
from emulator.world.billing.subscriptions import (
    FINALIZE,
    RENEW,
    RETRY,
    end_subscription,
    period_line,
    schedule_renewal,
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
"""Real: Stripe finalizes the draft of a renewal after about an hour
(docs.stripe.com/billing/invoices/subscription)."""

RETRY_DAYS = (3, 5, 7)
"""Days from one failed attempt to the next. Assumed: Stripe's smart retries choose the times by
machine learning, so these are the defaults of its custom schedule."""


def renew(world: World, subscription_id: str) -> None:
    """Start the next period of a subscription, or end it if it was canceled, as a job.

    Assumed: a trial without a card ends the subscription, and an unpaid subscription gets no
    further invoices until it is paid, as these are the least surprising of Stripe's options.
    """
    _start_period(world, world.expect(Subscription, subscription_id))


def _start_period(world: World, subscription: Subscription) -> None:
    if subscription.cancel_at is not None:
        end_subscription(world, subscription, reason="cancellation_requested")
        return
    is_trial = subscription.status == "trialing"
    customer = world.expect(Customer, subscription.customer_id)
    if is_trial and card_of(world, customer) is None:
        end_subscription(world, subscription, reason=None)
        return
    renewed = replace(
        subscription,
        status="active" if is_trial else subscription.status,
        anchor=world.now if is_trial else subscription.anchor,
        period_start=subscription.period_end,
        period_end=next_end(subscription.anchor, subscription.period_end, subscription.interval),
    )
    if renewed.status != "unpaid":
        line = period_line(world, renewed, plan_named(world, renewed.plan))
        invoice = draft_invoice(world, renewed, reason="subscription_cycle", lines=(line,))
        renewed = replace(renewed, invoice_id=invoice.id)
        due = world.now + DRAFT_SECONDS * SECOND
        jobs.schedule(world, FINALIZE, invoice.id, due=due)
    update_subscription(world, renewed)
    schedule_renewal(world, renewed)


def finalize(world: World, invoice_id: str) -> None:
    """Finalize a draft and collect it, as a job."""
    collect(world, finalize_invoice(world, world.expect(Invoice, invoice_id)))


def retry(world: World, invoice_id: str) -> None:
    """Try again to collect an open invoice, as a job."""
    collect(world, world.expect(Invoice, invoice_id))


def collect(world: World, invoice: Invoice) -> Invoice:
    """Charge the customer's card for an open invoice, on schedule.

    Success recovers a subscription that was past due; a failure schedules the next attempt, or ends
    the subscription after the last.
    """
    paid = _try_to_collect(world, invoice, is_authenticated=False)
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


def _try_to_collect(world: World, invoice: Invoice, *, is_authenticated: bool) -> Invoice | None:
    """Collect an open invoice and return it as paid, or None if the card fails or is missing."""
    payment = None
    if invoice.due_cents:
        card = card_of(world, world.expect(Customer, invoice.customer_id))
        if card is None:
            return None
        payment = collect_invoice(world, invoice, card, is_authenticated=is_authenticated)
        if payment.failure is not None:
            return None
    jobs.cancel(world, RETRY, invoice.id)
    paid = mark_paid(world, invoice, payment)
    subscription = world.expect(Subscription, invoice.subscription_id)
    is_settled = not any(other.status == "open" for other in unpaid_invoices(world, subscription))
    if subscription.status in ("past_due", "unpaid") and is_settled:
        update_subscription(world, replace(subscription, status="active"))
    return paid


def pay_now(world: World, invoice: Invoice, *, is_authenticated: bool = False) -> Invoice:
    """Have the customer pay an invoice now; a draft is finalized first.

    Real: a manual attempt can be the first, but otherwise leaves the schedule of retries as it is
    (docs.stripe.com/billing/revenue-recovery/smart-retries). Raises Conflict if the invoice is paid
    or written off or the customer has no card, CardDeclined with the attempt on record.
    """
    if invoice.status not in ("draft", "open"):
        raise Conflict(f"This invoice is {invoice.status}; there is nothing to pay.")
    customer = world.expect(Customer, invoice.customer_id)
    card = card_of(world, customer)
    if card is None:
        raise Conflict("The customer has no card to charge; add a card first.")
    if invoice.status == "draft":
        jobs.cancel(world, FINALIZE, invoice.id)
        invoice = finalize_invoice(world, invoice)
    paid = _try_to_collect(world, invoice, is_authenticated=is_authenticated)
    if paid is not None:
        return paid
    if invoice.attempt_count == 0:
        # The schedule of retries starts with this attempt.
        _fail(world, invoice)
    else:
        emit(world, "invoice.payment_failed", invoice, workspace_id=invoice.workspace_id)
    is_unauthenticated = card.facts.charges == "need authentication" and not is_authenticated
    code = "authentication_required" if is_unauthenticated else "generic_decline"
    raise CardDeclined(code, MESSAGES[code])


def end_trial(world: World, subscription: Subscription) -> Subscription:
    """End a trial now and collect its invoice at once. Raises Conflict if it is not on trial."""
    if subscription.status != "trialing":
        raise Conflict(f"This subscription is {subscription.status}; it has no trial to end.")
    jobs.cancel(world, RENEW, subscription.id)
    _start_period(
        world, replace(subscription, trial_end=world.now, period_end=world.now, anchor=world.now)
    )
    for invoice in unpaid_invoices(world, subscription):
        jobs.cancel(world, FINALIZE, invoice.id)
        finalize(world, invoice.id)
    return world.expect(Subscription, subscription.id)


def next_collection_at(world: World, subscription: Subscription) -> Instant:
    """Return when the next invoice of a live subscription will be collected."""
    waiting = unpaid_invoices(world, subscription)
    dues = [invoice.next_attempt_at for invoice in waiting if invoice.next_attempt_at is not None]
    drafts = [invoice for invoice in waiting if invoice.status == "draft"]
    dues += [draft.created_at + DRAFT_SECONDS * SECOND for draft in drafts]
    return min(dues, default=subscription.period_end + DRAFT_SECONDS * SECOND)
