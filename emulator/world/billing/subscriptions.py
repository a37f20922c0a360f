"""Subscriptions: begun, cancelled at the end of a period, resumed, ended. One live a workspace."""

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
from emulator.world.billing.payments import charge
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
"""Real: customer.subscription.trial_will_end comes three days before (Stripe)."""


def live_subscription(world: World, workspace_id: str) -> Subscription | None:
    """Return the subscription of a workspace that has not ended, or None."""
    return world.find(Subscription, "live", workspace_id)


def newest_subscription(world: World, workspace_id: str) -> Subscription | None:
    """Return the live subscription of a workspace, else the last one it had, or None."""
    live = live_subscription(world, workspace_id)
    newest = world.newest(Subscription, "workspace", workspace_id, limit=1)
    return live or (newest[0] if newest else None)


def had_trial(world: World, workspace_id: str) -> bool:
    """Tell whether a workspace has had a trial; it gets one only."""
    subscriptions = world.all(Subscription, "workspace", workspace_id)
    return any(one.trial_end is not None for one in subscriptions)


def start_subscription(
    world: World,
    customer: Customer,
    *,
    plan: Plan,
    interval: Interval,
    trial_days: int,
    is_authenticated: bool = False,
) -> Subscription:
    """Begin a subscription: its first invoice is paid at once, or is nothing during a trial.

    The customer's card must be known to be good for it (`payments.require_chargeable`). Refuses
    Conflict where the workspace has a live one.
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
    schedule(world, subscription)
    return subscription


def require_none(world: World, workspace_id: str) -> None:
    """Refuse Conflict, which names the portal, where a workspace has a live subscription."""
    live = live_subscription(world, workspace_id)
    if live is not None:
        title = plan_named(world, live.plan).title
        raise Conflict(
            f"This workspace is subscribed to {title} already; change or cancel that in the "
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
    """Return the line of a subscription's present period; a trial's is nothing."""
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
    customer = world.expect(Customer, invoice.customer_id)
    card = card_of(world, customer)
    if card is None:
        raise Conflict("Add a card first.")
    payment = charge(
        world,
        card.facts,
        workspace_id=invoice.workspace_id,
        customer=customer,
        amount_cents=invoice.due_cents,
        invoice=invoice,
        is_authenticated=is_authenticated,
    )
    assert payment.failure is None, "the card was good a moment ago"
    mark_paid(world, invoice, payment)


def update_subscription(world: World, after: Subscription) -> Subscription:
    """Write a change of a subscription and tell of it."""
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


def schedule(world: World, subscription: Subscription) -> None:
    """Have a subscription renewed, or its trial ended, when its period ends."""
    jobs.schedule(world, RENEW, subscription.id, due=subscription.period_end)
    jobs.cancel(world, ANNOUNCE_TRIAL_END, subscription.id)
    announced = subscription.period_end - ANNOUNCE_DAYS * DAY
    if subscription.status == "trialing" and announced > world.now:
        jobs.schedule(world, ANNOUNCE_TRIAL_END, subscription.id, due=announced)


def announce_trial_end(world: World, subscription_id: str) -> None:
    """Tell that a trial ends in three days."""
    subscription = world.expect(Subscription, subscription_id)
    emit(
        world,
        "customer.subscription.trial_will_end",
        subscription,
        workspace_id=subscription.workspace_id,
    )


def cancel_at_period_end(world: World, subscription: Subscription) -> Subscription:
    """Have a subscription end with its period. Refuses Conflict where it does or has ended."""
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
    """Take a cancellation back. Refuses Conflict where there is none or it has ended."""
    _require_live(subscription)
    if subscription.cancel_at is None:
        raise Conflict("This subscription is not being cancelled.")
    return update_subscription(
        world, replace(subscription, cancel_at=None, canceled_at=None, end_reason=None)
    )


def _require_live(subscription: Subscription) -> None:
    if subscription.status == "canceled":
        raise Conflict("This subscription has ended; begin a new one by checkout.")


def end_subscription(
    world: World,
    subscription: Subscription,
    *,
    reason: Literal["cancellation_requested", "payment_failed"] | None,
) -> Subscription:
    """End a subscription now. What of it is unpaid is written off, drafts are dropped.

    Assumed: nothing is paid back for the rest of a period. Refuses Conflict where it has ended.
    """
    _require_live(subscription)
    for invoice in unpaid_invoices(world, subscription):
        _drop(world, invoice)
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


def _drop(world: World, invoice: Invoice) -> None:
    jobs.cancel(world, FINALIZE, invoice.id)
    jobs.cancel(world, RETRY, invoice.id)
    if invoice.status == "open":
        write_off(world, invoice)
        return
    world.remove(invoice)
    emit(world, "invoice.deleted", invoice, workspace_id=invoice.workspace_id)
