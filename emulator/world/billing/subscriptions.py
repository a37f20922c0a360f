"""Subscriptions: started, canceled at the end of a period, resumed and ended.

A workspace has at most one live subscription.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from emulator.world.billing.customers import card_of
from emulator.world.billing.events import emit
from emulator.world.billing.intervals import next_end, price_of
from emulator.world.billing.invoices import (
    build_line,
    draft_invoice,
    finalize_invoice,
    mark_paid,
    unpaid_invoices,
    write_off,
)
from emulator.world.billing.payments import collect_invoice
from emulator.world.billing.stripe_ids import new_stripe_id
from emulator.world.core import jobs
from emulator.world.core.refusals import Conflict
from emulator.world.core.times import DAY
from emulator.world.core.world import World
from emulator.world.metering.plans import plan_named
from emulator.world.records.billing import Customer, Invoice, InvoiceLine, Subscription
from emulator.world.records.types import Instant, Interval
from emulator.world.records.workspaces import Plan

RENEW = "renew subscription"
ANNOUNCE_TRIAL_END = "announce trial end"
FINALIZE = "finalize invoice"
RETRY = "retry payment"
"""Kinds of jobs."""

ANNOUNCE_DAYS = 3
"""Real: customer.subscription.trial_will_end is sent three days before the trial ends
(docs.stripe.com/api/events/types)."""


def live_subscription(world: World, workspace_id: str) -> Subscription | None:
    """Return the subscription of a workspace that has not ended, or None."""
    return world.find(Subscription, "live", workspace_id)


def newest_subscription(world: World, workspace_id: str) -> Subscription | None:
    """Return the live subscription of a workspace, else its last, or None."""
    live = live_subscription(world, workspace_id)
    newest = world.newest(Subscription, "workspace", workspace_id, limit=1)
    return live or (newest[0] if newest else None)


def had_trial(world: World, workspace_id: str) -> bool:
    """Return whether a workspace has had a trial, since it gets only one."""
    subscriptions = world.all(Subscription, "workspace", workspace_id)
    return any(subscription.trial_end is not None for subscription in subscriptions)


def start_subscription(
    world: World,
    customer: Customer,
    *,
    plan: Plan,
    interval: Interval,
    trial_days: int,
    is_authenticated: bool = False,
) -> Subscription:
    """Start a subscription: its first invoice is paid at once, or is zero on a trial.

    The customer's card must have been checked before (`payments.require_chargeable`). Raises
    Conflict if the workspace has a live subscription.
    """
    require_none(world, customer.workspace_id)
    subscription = _build(world, customer, plan=plan, interval=interval, trial_days=trial_days)
    line = period_line(world, subscription, plan)
    invoice = draft_invoice(world, subscription, reason="subscription_create", lines=(line,))
    subscription = replace(subscription, invoice_id=invoice.id)
    world.put(subscription)
    workspace_id = subscription.workspace_id
    emit(world, "customer.subscription.created", subscription, workspace_id=workspace_id)
    invoice = finalize_invoice(world, invoice)
    _pay_first(world, invoice, is_authenticated=is_authenticated)
    if subscription.status == "incomplete":
        subscription = update_subscription(world, replace(subscription, status="active"))
    schedule_renewal(world, subscription)
    return subscription


def require_none(world: World, workspace_id: str) -> None:
    """Raise Conflict, which names the portal, if a workspace has a live subscription."""
    live = live_subscription(world, workspace_id)
    if live is not None:
        title = plan_named(world, live.plan).title
        raise Conflict(
            f"This workspace is subscribed to {title} already; change or cancel it in the "
            "portal (POST /api/billing/portal)."
        )


def _build(
    world: World, customer: Customer, *, plan: Plan, interval: Interval, trial_days: int
) -> Subscription:
    now = world.now
    subscription_id, ordinal = new_stripe_id(world, "sub")
    trial_end = now + trial_days * DAY if trial_days else None
    return Subscription(
        id=subscription_id,
        item_id=new_stripe_id(world, "si", length=14)[0],
        customer_id=customer.id,
        workspace_id=customer.workspace_id,
        plan=plan.id,
        interval=interval,
        amount_cents=price_of(plan, interval),
        status="incomplete" if trial_end is None else "trialing",
        anchor=trial_end or now,
        period_start=now,
        period_end=trial_end or next_end(now, now, interval),
        trial_start=None if trial_end is None else now,
        trial_end=trial_end,
        cancel_at=None,
        canceled_at=None,
        ended_at=None,
        end_reason=None,
        invoice_id=None,
        card_id=customer.card_id,
        created_at=now,
        ordinal=ordinal,
    )


def period_line(world: World, subscription: Subscription, plan: Plan) -> InvoiceLine:
    """Return the invoice line of a subscription's current period; on a trial it is zero."""
    each = "month" if subscription.interval == "month" else "year"
    price = f"${subscription.amount_cents // 100:,}.{subscription.amount_cents % 100:02}"
    is_trial = subscription.status == "trialing"
    return build_line(
        world,
        description=f"Free trial of {plan.title}"
        if is_trial
        else f"1 × WorldFlux {plan.title} (at {price} / {each})",
        amount_cents=0 if is_trial else subscription.amount_cents,
        plan=plan.id,
        interval=subscription.interval,
        price_cents=subscription.amount_cents,
        period=(subscription.period_start, subscription.period_end),
    )


def _pay_first(world: World, invoice: Invoice, *, is_authenticated: bool) -> None:
    if not invoice.due_cents:
        mark_paid(world, invoice, None)
        return
    card = card_of(world, world.expect(Customer, invoice.customer_id))
    if card is None:
        raise Conflict("Add a card first.")
    payment = collect_invoice(world, invoice, card, is_authenticated=is_authenticated)
    assert payment.failure is None, "require_chargeable has accepted the card"
    mark_paid(world, invoice, payment)


def update_subscription(world: World, after: Subscription) -> Subscription:
    """Write a changed subscription and emit its event."""
    before = world.expect(Subscription, after.id)
    world.put(after)
    emit(
        world,
        "customer.subscription.updated",
        after,
        workspace_id=after.workspace_id,
        before=before,
    )
    return after


def schedule_renewal(world: World, subscription: Subscription) -> None:
    """Schedule the renewal of a subscription, or the end of its trial."""
    jobs.schedule(world, RENEW, subscription.id, due=subscription.period_end)
    jobs.cancel(world, ANNOUNCE_TRIAL_END, subscription.id)
    announced = subscription.period_end - ANNOUNCE_DAYS * DAY
    if subscription.status == "trialing" and announced > world.now:
        jobs.schedule(world, ANNOUNCE_TRIAL_END, subscription.id, due=announced)


def announce_trial_end(world: World, subscription_id: str) -> None:
    """Emit the event that a trial ends in three days, as a job."""
    subscription = world.expect(Subscription, subscription_id)
    emit(
        world,
        "customer.subscription.trial_will_end",
        subscription,
        workspace_id=subscription.workspace_id,
    )


def cancel_at_period_end(world: World, subscription: Subscription) -> Subscription:
    """Cancel a subscription at the end of its period.

    Raises Conflict if it is being canceled already or has ended.
    """
    _require_live(subscription)
    if subscription.cancel_at is not None:
        raise Conflict("This subscription ends with its period already.")
    return update_subscription(
        world,
        replace(
            subscription,
            cancel_at=subscription.period_end,
            canceled_at=world.now,
            end_reason="cancellation_requested",
        ),
    )


def resume(world: World, subscription: Subscription) -> Subscription:
    """Undo a cancellation. Raises Conflict if it is not being canceled or has ended."""
    _require_live(subscription)
    if subscription.cancel_at is None:
        raise Conflict("This subscription is not being canceled.")
    return update_subscription(
        world, replace(subscription, cancel_at=None, canceled_at=None, end_reason=None)
    )


def _require_live(subscription: Subscription) -> None:
    if subscription.status == "canceled":
        raise Conflict("This subscription has ended; start a new one with a checkout.")


def end_subscription(
    world: World,
    subscription: Subscription,
    *,
    reason: Literal["cancellation_requested", "payment_failed"] | None,
) -> Subscription:
    """End a subscription now: open invoices are written off, and drafts deleted.

    Assumed: the rest of the period is not refunded, which is Stripe's default. Raises Conflict if
    the subscription has ended.
    """
    _require_live(subscription)
    for invoice in unpaid_invoices(world, subscription):
        _close_invoice(world, invoice)
    jobs.cancel(world, RENEW, subscription.id)
    jobs.cancel(world, ANNOUNCE_TRIAL_END, subscription.id)
    now: Instant = world.now
    after = replace(
        subscription,
        status="canceled",
        canceled_at=subscription.canceled_at or now,
        ended_at=now,
        end_reason=reason,
    )
    world.put(after)
    emit(world, "customer.subscription.deleted", after, workspace_id=after.workspace_id)
    return after


def _close_invoice(world: World, invoice: Invoice) -> None:
    jobs.cancel(world, FINALIZE, invoice.id)
    jobs.cancel(world, RETRY, invoice.id)
    if invoice.status == "open":
        write_off(world, invoice)
        return
    world.remove(invoice)
    emit(world, "invoice.deleted", invoice, workspace_id=invoice.workspace_id)
