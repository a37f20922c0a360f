"""The hosted portal: plan, interval, card, cancellation and invoices."""

from __future__ import annotations

from typing import Any, get_args

from fastapi import Request, Response

from emulator.surfaces.stripe.card_form import HINTS, CardForm, refused_form, status_of, typed_card
from emulator.surfaces.stripe.rendering import named_in_path, page, read_form, see_other
from emulator.wire.http.context import context_of
from emulator.wire.stripe.urls import PREFIX
from emulator.wire.world_tags import tagged
from emulator.world.billing import plan_changes, portal, renewals, subscriptions
from emulator.world.billing.customers import card_of
from emulator.world.billing.intervals import price_of
from emulator.world.core.refusals import CardDeclined, Conflict, Invalid, NotFound, Refusal
from emulator.world.metering.plans import all_plans, plan_named
from emulator.world.records.billing import Customer, Invoice, PortalSession, Subscription
from emulator.world.records.types import Interval

DONE = {
    "changed": "Your plan has been changed.",
    "card": "Your card has been changed.",
    "cancelled": "Your subscription will end with its period.",
    "resumed": "Your subscription goes on.",
    "paid": "Thank you. The invoice is paid.",
}
"""What a page says once something has been done."""

_INVOICES_MAX = 100


def _session(request: Request) -> PortalSession:
    return portal.portal_session(context_of(request).world, named_in_path(request, "session_id"))


def _path(request: Request) -> str:
    return f"{PREFIX}/portal/{request.path_params['session_id']}"


def _live(request: Request, session: PortalSession) -> Subscription:
    live = subscriptions.live_subscription(context_of(request).world, session.workspace_id)
    if live is None:
        raise Conflict("There is no subscription any more; begin a new one from WorldFlux.")
    return live


def _frame(request: Request, session: PortalSession) -> dict[str, Any]:
    return {"base": _path(request), "session": session}


def _back(request: Request, done: str) -> Response:
    return see_other(f"{_path(request)}?done={done}")


def _overview(request: Request, session: PortalSession, *, problem: str = "") -> dict[str, Any]:
    world = context_of(request).world
    customer = world.expect(Customer, session.customer_id)
    subscription = subscriptions.newest_subscription(world, session.workspace_id)
    invoices = world.newest(Invoice, "workspace", session.workspace_id, limit=_INVOICES_MAX)
    return {
        **_frame(request, session),
        "customer": customer,
        "card": card_of(world, customer),
        "subscription": subscription,
        "plan": None if subscription is None else plan_named(world, subscription.plan),
        "invoices": [one for one in invoices if one.status != "draft"],
        "invoice_path": f"{PREFIX}/invoices",
        "tag": tagged("", world),
        "done": DONE.get(request.query_params.get("done", ""), ""),
        "problem": problem,
    }


async def show_portal(request: Request) -> Response:
    """Show the subscription, the card and the invoices, with what can be done about them."""
    return page("portal", **_overview(request, _session(request)))


def _refused(request: Request, session: PortalSession, refusal: Refusal) -> Response:
    context_of(request).outcome.keep_writes = refusal.commits
    assert isinstance(refusal, (CardDeclined, Conflict, Invalid))
    overview = _overview(request, session, problem=refusal.message)
    return page("portal", status=status_of(refusal), **overview)


async def show_plans(request: Request) -> Response:
    """Show the plans and intervals to choose from."""
    session = _session(request)
    world = context_of(request).world
    plans = [one for one in all_plans(world) if one.month_price_cents or one.year_price_cents]
    return page(
        "plans",
        **_frame(request, session),
        subscription=_live(request, session),
        choices=[
            (plan, interval, price_of(plan, interval))
            for plan in plans
            for interval in get_args(Interval)
        ],
    )


def _interval(text: str | None) -> Interval:
    for interval in get_args(Interval):
        if text == interval:
            return interval  # type: ignore[no-any-return]
    raise Invalid("interval", "Choose a plan by the month or by the year.")


async def show_change(request: Request) -> Response:
    """Show what a change of plan or interval would cost, before it is taken."""
    session = _session(request)
    choice, _, chosen = request.query_params.get("choice", "").rpartition(":")
    try:
        proposal = plan_changes.propose_change(
            context_of(request).world,
            _live(request, session),
            plan=choice,
            interval=_interval(chosen),
        )
    except (Conflict, Invalid) as refusal:
        return _refused(request, session, refusal)
    live = _live(request, session)
    return page("change", **_frame(request, session), proposal=proposal, subscription=live)


async def submit_change(request: Request) -> Response:
    """Change the plan or interval; what is due is paid at once."""
    session = _session(request)
    fields = await read_form(request)
    try:
        plan_changes.change_subscription(
            context_of(request).world,
            _live(request, session),
            plan=fields.get("plan", ""),
            interval=_interval(fields.get("interval")),
        )
    except (CardDeclined, Conflict, Invalid) as refusal:
        return _refused(request, session, refusal)
    return _back(request, "changed")


async def show_card(request: Request) -> Response:
    """Show the form for another card."""
    return _card_page(request, _session(request), CardForm())


def _card_page(
    request: Request, session: PortalSession, form: CardForm, *, status: int = 200
) -> Response:
    return page("card", status=status, **_frame(request, session), form=form, hints=HINTS)


async def submit_card(request: Request) -> Response:
    """Charge another card from now on; some ask for 3-D Secure first."""
    context = context_of(request)
    session = _session(request)
    fields = await read_form(request)
    try:
        session = portal.replace_card(context.world, session, typed_card(context.world, fields))
    except (CardDeclined, Invalid) as refusal:
        context.outcome.keep_writes = refusal.commits
        form = refused_form(fields, refusal)
        return _card_page(request, session, form, status=status_of(refusal))
    if session.pending is not None:
        return see_other(f"{_path(request)}/authenticate")
    return _back(request, "card")


async def show_portal_step(request: Request) -> Response:
    """Show the bank's 3-D Secure step for a new card, or for the invoice that the query names."""
    session = _session(request)
    invoice = _named_invoice(request, session, request.query_params.get("invoice"))
    world = context_of(request).world
    card = card_of(world, world.expect(Customer, session.customer_id))
    waiting = session.pending if invoice is None else card and card.facts
    if waiting is None:
        return see_other(_path(request))
    query = "" if invoice is None else f"?invoice={invoice.id}"
    return page(
        "authenticate",
        card=waiting,
        amount_cents=0 if invoice is None else invoice.due_cents,
        action=f"{_path(request)}/authenticate{query}",
        back=_path(request),
    )


def _named_invoice(request: Request, session: PortalSession, name: str | None) -> Invoice | None:
    if name is None:
        return None
    invoice = context_of(request).world.get(Invoice, name)
    if invoice is None or invoice.workspace_id != session.workspace_id:
        raise NotFound("invoice", name)
    return invoice


async def submit_portal_step(request: Request) -> Response:
    """End the 3-D Secure step as the cardholder chose."""
    context = context_of(request)
    session = _session(request)
    passes = (await read_form(request)).get("action") == "complete"
    invoice = _named_invoice(request, session, request.query_params.get("invoice"))
    try:
        if invoice is None:
            portal.authenticate_card(context.world, session, passes=passes)
        else:
            renewals.pay_now(context.world, invoice, is_authenticated=passes)
    except (CardDeclined, Conflict) as refusal:
        if invoice is not None:
            return _refused(request, session, refusal)
        context.outcome.keep_writes = refusal.commits
        form = refused_form({}, refusal)
        return _card_page(request, session, form, status=status_of(refusal))
    return _back(request, "card" if invoice is None else "paid")


async def show_cancel(request: Request) -> Response:
    """Ask whether to cancel, and say when that takes effect."""
    session = _session(request)
    live = _live(request, session)
    plan = plan_named(context_of(request).world, live.plan)
    return page("cancel", **_frame(request, session), subscription=live, plan=plan)


async def submit_cancel(request: Request) -> Response:
    """Have the subscription end with its period."""
    session = _session(request)
    try:
        subscriptions.cancel_at_period_end(context_of(request).world, _live(request, session))
    except Conflict as refusal:
        return _refused(request, session, refusal)
    return _back(request, "cancelled")


async def submit_resume(request: Request) -> Response:
    """Take a cancellation back."""
    session = _session(request)
    try:
        subscriptions.resume(context_of(request).world, _live(request, session))
    except Conflict as refusal:
        return _refused(request, session, refusal)
    return _back(request, "resumed")


async def submit_payment(request: Request) -> Response:
    """Pay an open invoice now; a card that asks for 3-D Secure every time goes there first."""
    context = context_of(request)
    session = _session(request)
    fields = await read_form(request)
    invoice = _named_invoice(request, session, fields.get("invoice", ""))
    assert invoice is not None
    card = card_of(context.world, context.world.expect(Customer, session.customer_id))
    if card is not None and card.facts.charges == "need authentication":
        return see_other(f"{_path(request)}/authenticate?invoice={invoice.id}")
    try:
        renewals.pay_now(context.world, invoice)
    except (CardDeclined, Conflict) as refusal:
        return _refused(request, session, refusal)
    return _back(request, "paid")
