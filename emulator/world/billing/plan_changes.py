"""Plan changes: a subscription gets another plan or interval, with prorations that are proposed
before they are invoiced.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from emulator.world.billing.customers import card_of
from emulator.world.billing.events import emit
from emulator.world.billing.intervals import next_end, price_of, share_of
from emulator.world.billing.invoices import (
    build_line,
    draft_invoice,
    finalize_invoice,
    mark_paid,
    unpaid_invoices,
)
from emulator.world.billing.payments import collect_invoice, require_chargeable
from emulator.world.billing.stripe_ids import new_stripe_id
from emulator.world.billing.subscriptions import schedule_renewal, update_subscription
from emulator.world.core.refusals import Conflict, Invalid
from emulator.world.core.world import World
from emulator.world.metering.plans import plan_named
from emulator.world.records.billing import Card, Customer, InvoiceItem, InvoiceLine, Subscription
from emulator.world.records.types import Instant, Interval
from emulator.world.records.workspaces import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedLine:
    """An amount that a change would invoice, negative for a credit."""

    description: str
    amount_cents: int
    plan: str
    interval: Interval
    price_cents: int
    period: tuple[Instant, Instant]
    is_proration: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The effect of a change: the amount due at once, and the credit left for later invoices."""

    plan: Plan
    interval: Interval
    price_cents: int
    lines: tuple[ProposedLine, ...]
    due_cents: int
    credit_cents: int
    period_start: Instant
    period_end: Instant

    @property
    def total_cents(self) -> int:
        """The sum of the lines."""
        return sum(line.amount_cents for line in self.lines)


def propose_change(
    world: World, subscription: Subscription, *, plan: str, interval: Interval
) -> Proposal:
    """Return what changing to a plan and interval now would cost, without writing anything.

    Another interval starts a new period now; a trial continues and costs nothing. Raises Invalid at
    `plan`, and Conflict if the subscription has that plan and interval already, is being canceled,
    has ended or has an unpaid invoice.
    """
    wanted = plan_named(world, plan)
    _require_changeable(world, subscription, wanted, interval)
    price = price_of(wanted, interval)
    now, end = world.now, subscription.period_end
    start = subscription.period_start
    lines: tuple[ProposedLine, ...] = ()
    if subscription.status != "trialing":
        restarts = interval != subscription.interval
        if restarts:
            start, end = now, next_end(now, now, interval)
        lines = (
            _credit(world, subscription),
            _charge(world, subscription, wanted, interval, end=end, is_whole=restarts),
        )
    balance = world.expect(Customer, subscription.customer_id).balance_cents
    net = sum(line.amount_cents for line in lines) + balance
    return Proposal(
        plan=wanted,
        interval=interval,
        price_cents=price,
        lines=lines,
        due_cents=max(0, net) if lines else 0,
        credit_cents=max(0, -net),
        period_start=start,
        period_end=end,
    )


def _require_changeable(
    world: World, subscription: Subscription, wanted: Plan, interval: Interval
) -> None:
    if subscription.status not in ("trialing", "active"):
        raise Conflict(
            f"This subscription is {subscription.status.replace('_', ' ')}; "
            "pay the open invoice first."
        )
    if subscription.cancel_at is not None:
        raise Conflict("This subscription is being canceled; resume it first.")
    if not price_of(wanted, interval):
        raise Invalid("plan", f"{wanted.title} costs nothing; cancel the subscription instead.")
    if (subscription.plan, subscription.interval) == (wanted.id, interval):
        raise Conflict(f"This subscription is for {wanted.title} by the {interval} already.")
    if any(invoice.status == "open" for invoice in unpaid_invoices(world, subscription)):
        raise Conflict("An invoice of this subscription is open; pay it first.")


def _credit(world: World, subscription: Subscription) -> ProposedLine:
    """Return the credit for the rest of the current period."""
    now, end = world.now, subscription.period_end
    title = plan_named(world, subscription.plan).title
    whole = end - subscription.period_start
    return ProposedLine(
        description=f"Unused time on WorldFlux {title}",
        amount_cents=-share_of(subscription.amount_cents, end - now, whole),
        plan=subscription.plan,
        interval=subscription.interval,
        price_cents=subscription.amount_cents,
        period=(now, end),
        is_proration=True,
    )


def _charge(
    world: World,
    subscription: Subscription,
    wanted: Plan,
    interval: Interval,
    *,
    end: Instant,
    is_whole: bool,
) -> ProposedLine:
    """Return the price of the rest of the period, or of a whole new period."""
    now = world.now
    price = price_of(wanted, interval)
    part = share_of(price, end - now, end - subscription.period_start)
    label = "1 × WorldFlux" if is_whole else "Remaining time on WorldFlux"
    return ProposedLine(
        description=f"{label} {wanted.title}",
        amount_cents=price if is_whole else part,
        plan=wanted.id,
        interval=interval,
        price_cents=price,
        period=(now, end),
        is_proration=not is_whole,
    )


def change_subscription(
    world: World,
    subscription: Subscription,
    *,
    plan: str,
    interval: Interval,
    is_authenticated: bool = False,
) -> Subscription:
    """Change to a plan and interval now, and pay the amount due at once.

    Assumed: the portal invoices prorations at once, up and down (Stripe's `always_invoice`), and
    leaves a credit for later invoices. Raises as `propose_change`, and CardDeclined.
    """
    proposal = propose_change(world, subscription, plan=plan, interval=interval)
    customer = world.expect(Customer, subscription.customer_id)
    card = card_of(world, customer)
    if proposal.due_cents:
        if card is None:
            raise Conflict("The customer has no card to charge; add a card first.")
        require_chargeable(
            world,
            card.facts,
            workspace_id=subscription.workspace_id,
            customer=customer,
            amount_cents=proposal.due_cents,
            is_authenticated=is_authenticated,
        )
    lines = tuple(_invoice_line(world, subscription, line) for line in proposal.lines)
    changed = replace(
        subscription,
        plan=proposal.plan.id,
        interval=interval,
        amount_cents=proposal.price_cents,
        anchor=proposal.period_start
        if lines and interval != subscription.interval
        else subscription.anchor,
        period_start=proposal.period_start,
        period_end=proposal.period_end,
    )
    update_subscription(world, changed)
    schedule_renewal(world, changed)
    if lines:
        _invoice_change(world, changed, lines, card=card, is_authenticated=is_authenticated)
    return world.expect(Subscription, subscription.id)


def _invoice_line(world: World, subscription: Subscription, line: ProposedLine) -> InvoiceLine:
    """Turn a proposed line into an invoice line; a proration becomes an invoice item first."""
    item_id = new_stripe_id(world, "ii")[0] if line.is_proration else None
    built = build_line(
        world,
        description=line.description,
        amount_cents=line.amount_cents,
        plan=line.plan,
        interval=line.interval,
        price_cents=line.price_cents,
        period=line.period,
        item_id=item_id,
    )
    if item_id is not None:
        item = InvoiceItem(
            id=item_id,
            customer_id=subscription.customer_id,
            subscription_id=subscription.id,
            line=built,
            created_at=world.now,
        )
        emit(world, "invoiceitem.created", item, workspace_id=subscription.workspace_id)
    return built


def _invoice_change(
    world: World,
    subscription: Subscription,
    lines: tuple[InvoiceLine, ...],
    *,
    card: Card | None,
    is_authenticated: bool,
) -> None:
    """Invoice the lines of a change and charge the amount due to the card, which was checked."""
    draft = draft_invoice(world, subscription, reason="subscription_update", lines=lines)
    invoice = finalize_invoice(world, draft)
    payment = None
    if invoice.due_cents:
        assert card is not None
        payment = collect_invoice(world, invoice, card, is_authenticated=is_authenticated)
    mark_paid(world, invoice, payment)
    update_subscription(world, replace(subscription, invoice_id=invoice.id))
