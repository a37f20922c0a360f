"""Checkout sessions: opened by an owner or admin, paid on Stripe's hosted page, or expired."""

from __future__ import annotations

from dataclasses import replace

from emulator.world.billing.cards import MESSAGES, TypedCard
from emulator.world.billing.customers import attach_card, customer_of, ensure_customer
from emulator.world.billing.events import emit
from emulator.world.billing.intervals import price_of
from emulator.world.billing.payments import record_payment, require_chargeable
from emulator.world.billing.stripe_ids import new_checkout_id
from emulator.world.billing.subscriptions import had_trial, require_none, start_subscription
from emulator.world.core import jobs
from emulator.world.core.access import Actor, require_admin, require_writer
from emulator.world.core.audit import record_audit
from emulator.world.core.refusals import CardDeclined, Conflict, Invalid, NotFound, SessionClosed
from emulator.world.core.times import SECOND
from emulator.world.core.world import World
from emulator.world.metering.plans import plan_named
from emulator.world.records.billing import CardFacts, CheckoutSession
from emulator.world.records.identity import User
from emulator.world.records.types import Interval
from emulator.world.records.workspaces import Workspace

EXPIRE = "expire checkout"
"""The kind of job."""

OPEN_SECONDS = 86_400
"""Real: a checkout session expires after 24 hours (docs.stripe.com/api/checkout/sessions)."""


def open_checkout(
    world: World,
    actor: Actor,
    *,
    workspace: Workspace,
    plan: str,
    interval: Interval,
    success_url: str,
    cancel_url: str,
) -> CheckoutSession:
    """Open a checkout of a plan for a workspace.

    Assumed: a workspace's first subscription starts with the plan's trial. Raises Forbidden unless
    the actor is an owner or admin, Invalid for a plan that costs nothing, and Conflict if the
    workspace has a live subscription.
    """
    require_writer(world, actor)
    require_admin(world, actor, workspace.id, to="change what the workspace pays for")
    wanted = plan_named(world, plan)
    if not price_of(wanted, interval):
        raise Invalid("plan", f"{wanted.title} costs nothing, so there is nothing to check out.")
    require_none(world, workspace.id)
    user = world.expect(User, actor.user_id)
    customer = customer_of(world, workspace.id)
    trial_days = 0 if had_trial(world, workspace.id) else wanted.trial_days
    session_id, ordinal = new_checkout_id(world)
    session = CheckoutSession(
        id=session_id,
        workspace_id=workspace.id,
        user_id=user.id,
        customer_email=user.email if customer is None else None,
        email=user.email,
        plan=wanted.id,
        interval=interval,
        success_url=success_url,
        cancel_url=cancel_url,
        status="open",
        customer_id=None if customer is None else customer.id,
        subscription_id=None,
        invoice_id=None,
        amount_cents=0 if trial_days else price_of(wanted, interval),
        trial_days=trial_days,
        pending=None,
        created_at=world.now,
        ordinal=ordinal,
        expires_at=world.now + OPEN_SECONDS * SECOND,
    )
    world.put(session)
    jobs.schedule(world, EXPIRE, session.id, due=session.expires_at)
    record_audit(world, actor, "checkout.opened", session, workspace_id=workspace.id)
    return session


def checkout_session(world: World, session_id: str) -> CheckoutSession:
    """Return a session by its id, which is all that its page needs. Raises NotFound."""
    session = world.get(CheckoutSession, session_id)
    if session is None:
        raise NotFound("checkout session", session_id)
    return session


def require_open(session: CheckoutSession) -> None:
    """Raise SessionClosed if a session is complete or expired."""
    if session.status == "complete":
        raise SessionClosed("complete", "This checkout is complete: the subscription has started.")
    if session.status == "expired":
        raise SessionClosed("expired", "This checkout has expired. Go back and start a new one.")


def pay_checkout(
    world: World, session: CheckoutSession, *, email: str, card: TypedCard | None
) -> CheckoutSession:
    """Pay with a card, or start a trial without a card, which completes the session.

    A card that requires 3-D Secure is `pending` until `authenticate_checkout`. Raises
    SessionClosed, Conflict if the workspace has got a live subscription meanwhile, Invalid at
    `number` if a card is needed, CardDeclined.
    """
    require_open(session)
    require_none(world, session.workspace_id)
    if card is None:
        if session.amount_cents:
            raise Invalid("number", "Enter a card to pay with.")
        return _complete(world, session, email=email, facts=None, is_authenticated=False)
    code = card.behavior.declines
    if code is not None:
        _record_decline(world, session, card.facts, code)
        raise CardDeclined(code, MESSAGES[code])
    if card.behavior.needs_authentication:
        waiting = replace(session, email=email, pending=card.facts)
        world.put(waiting)
        return waiting
    return _complete(world, session, email=email, facts=card.facts, is_authenticated=False)


def authenticate_checkout(
    world: World, session: CheckoutSession, *, passes: bool
) -> CheckoutSession:
    """Finish the 3-D Secure step of a session.

    Raises SessionClosed, Conflict if no card waits for it, and CardDeclined if the cardholder
    failed or the card is declined.
    """
    require_open(session)
    require_none(world, session.workspace_id)
    facts = session.pending
    if facts is None:
        raise Conflict("No card is waiting for authentication; enter a card first.")
    session = replace(session, pending=None)
    world.put(session)
    if not passes:
        raise CardDeclined("authentication_failed", MESSAGES["authentication_failed"])
    return _complete(world, session, email=session.email, facts=facts, is_authenticated=True)


def _record_decline(world: World, session: CheckoutSession, facts: CardFacts, code: str) -> None:
    if session.amount_cents:
        record_payment(
            world,
            facts,
            workspace_id=session.workspace_id,
            customer=customer_of(world, session.workspace_id),
            amount_cents=session.amount_cents,
            invoice=None,
            failure=code,
        )


def _complete(
    world: World,
    session: CheckoutSession,
    *,
    email: str | None,
    facts: CardFacts | None,
    is_authenticated: bool,
) -> CheckoutSession:
    workspace = world.expect(Workspace, session.workspace_id)
    payer_name = None
    if facts is not None:
        _require_chargeable(world, session, facts, is_authenticated=is_authenticated)
        payer_name = facts.holder
    customer = ensure_customer(
        world, workspace, email=email, name=payer_name, user_id=session.user_id
    )
    if facts is not None:
        attach_card(world, customer, facts)
    subscription = start_subscription(
        world,
        customer_of(world, workspace.id) or customer,
        plan=plan_named(world, session.plan),
        interval=session.interval,
        trial_days=session.trial_days,
        is_authenticated=is_authenticated,
    )
    jobs.cancel(world, EXPIRE, session.id)
    completed = replace(
        session,
        email=email,
        payer_name=payer_name,
        status="complete",
        customer_id=customer.id,
        subscription_id=subscription.id,
        invoice_id=subscription.invoice_id,
        pending=None,
    )
    world.put(completed)
    emit(world, "checkout.session.completed", completed, workspace_id=workspace.id)
    return completed


def _require_chargeable(
    world: World, session: CheckoutSession, facts: CardFacts, *, is_authenticated: bool
) -> None:
    """Raise CardDeclined, with the attempt on record, if the card cannot pay what is due now."""
    if session.amount_cents:
        require_chargeable(
            world,
            facts,
            workspace_id=session.workspace_id,
            customer=customer_of(world, session.workspace_id),
            amount_cents=session.amount_cents,
            is_authenticated=is_authenticated,
        )


def expire_checkout(world: World, session_id: str) -> None:
    """Expire an open session, as a job or on a test's request.

    Raises SessionClosed if it is complete or expired already.
    """
    session = checkout_session(world, session_id)
    require_open(session)
    jobs.cancel(world, EXPIRE, session.id)
    expired = replace(session, status="expired", pending=None)
    world.put(expired)
    emit(world, "checkout.session.expired", expired, workspace_id=session.workspace_id)
