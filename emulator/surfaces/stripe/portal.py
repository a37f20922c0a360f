"""Hosted portal: the overview, plan and interval, cancellation."""

from __future__ import annotations

from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.stripe.card_form import status_of
from emulator.surfaces.stripe.rendering import named_in_path, page, read_form, see_other
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Routes
from emulator.wire.stripe.urls import PREFIX
from emulator.wire.world_tags import tagged
from emulator.world.billing import plan_changes, portal, subscriptions
from emulator.world.billing.customers import card_of
from emulator.world.billing.intervals import price_of
from emulator.world.core.refusals import CardDeclined, Conflict, Invalid, Refusal
from emulator.world.metering.plans import all_plans, plan_named
from emulator.world.records.billing import Customer, Invoice, PortalSession, Subscription
from emulator.world.records.types import Interval

DONE = {
    "changed": "Your plan has been changed.",
    "card": "Your card has been changed.",
    "cancelled": "Your subscription will end with its period.",
    "resumed": "Your subscription continues.",
    "paid": "Thank you. The invoice is paid.",
}
"""The message of the overview after each action."""

_INVOICES_MAX = 100

routes = Routes("stripe", prefix=PREFIX, provenance="Stripe", names_world=("session_id",))


def session_of(request: Request) -> PortalSession:
    """Return the portal session of a path. Raises NotFound."""
    return portal.portal_session(context_of(request).world, named_in_path(request, "session_id"))


def portal_path(request: Request) -> str:
    """Return the path of the portal that a request is for."""
    return f"{PREFIX}/portal/{request.path_params['session_id']}"


def _live(request: Request, session: PortalSession) -> Subscription:
    live = subscriptions.live_subscription(context_of(request).world, session.workspace_id)
    if live is None:
        raise Conflict("There is no active subscription; start a new one from WorldFlux.")
    return live


def frame(request: Request, session: PortalSession) -> dict[str, Any]:
    """Return what every page of the portal shows."""
    return {"base": portal_path(request), "session": session}


def back_to_portal(request: Request, done: str) -> Response:
    """Return a redirect to the overview, which shows the message of DONE."""
    return see_other(f"{portal_path(request)}?done={done}")


def _overview(request: Request, session: PortalSession, *, problem: str = "") -> dict[str, Any]:
    world = context_of(request).world
    customer = world.expect(Customer, session.customer_id)
    subscription = subscriptions.newest_subscription(world, session.workspace_id)
    invoices = world.newest(Invoice, "workspace", session.workspace_id, limit=_INVOICES_MAX)
    return {
        **frame(request, session),
        "customer": customer,
        "card": card_of(world, customer),
        "subscription": subscription,
        "plan": None if subscription is None else plan_named(world, subscription.plan),
        "invoices": [invoice for invoice in invoices if invoice.status != "draft"],
        "invoice_path": f"{PREFIX}/invoices",
        "tag": tagged("", world),
        "done": DONE.get(request.query_params.get("done", ""), ""),
        "problem": problem,
    }


@routes.add(
    "GET",
    "/portal/{session_id}",
    summary="Show the subscription, the card and the invoices, with the actions for them.",
)
async def show_portal(request: Request) -> Response:
    return page("portal", **_overview(request, session_of(request)))


def refused_page(request: Request, session: PortalSession, refusal: Refusal) -> Response:
    """Return the overview with the problem of a refusal."""
    context_of(request).outcome.keep_writes = refusal.commits
    assert isinstance(refusal, (CardDeclined, Conflict, Invalid))
    overview = _overview(request, session, problem=refusal.message)
    return page("portal", status=status_of(refusal), **overview)


@routes.add(
    "GET",
    "/portal/{session_id}/plans",
    summary="Show the plans and intervals to choose from.",
)
async def show_plans(request: Request) -> Response:
    session = session_of(request)
    world = context_of(request).world
    plans = [plan for plan in all_plans(world) if plan.month_price_cents or plan.year_price_cents]
    return page(
        "plans",
        **frame(request, session),
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


@routes.add(
    "GET",
    "/portal/{session_id}/change",
    summary="Preview the cost of a change of plan or interval.",
)
async def show_change(request: Request) -> Response:
    session = session_of(request)
    choice, _, chosen = request.query_params.get("choice", "").rpartition(":")
    try:
        proposal = plan_changes.propose_change(
            context_of(request).world,
            _live(request, session),
            plan=choice,
            interval=_interval(chosen),
        )
    except (Conflict, Invalid) as refusal:
        return refused_page(request, session, refusal)
    live = _live(request, session)
    return page("change", **frame(request, session), proposal=proposal, subscription=live)


@routes.add(
    "POST",
    "/portal/{session_id}/change",
    summary="Change the plan or interval, and pay what is due at once.",
)
async def submit_change(request: Request) -> Response:
    session = session_of(request)
    fields = await read_form(request)
    try:
        plan_changes.change_subscription(
            context_of(request).world,
            _live(request, session),
            plan=fields.get("plan", ""),
            interval=_interval(fields.get("interval")),
        )
    except (CardDeclined, Conflict, Invalid) as refusal:
        return refused_page(request, session, refusal)
    return back_to_portal(request, "changed")


@routes.add(
    "GET",
    "/portal/{session_id}/cancel",
    summary="Ask for confirmation to cancel, and show when it takes effect.",
)
async def show_cancel(request: Request) -> Response:
    session = session_of(request)
    live = _live(request, session)
    plan = plan_named(context_of(request).world, live.plan)
    return page("cancel", **frame(request, session), subscription=live, plan=plan)


@routes.add(
    "POST",
    "/portal/{session_id}/cancel",
    summary="Cancel the subscription at the end of its period.",
)
async def submit_cancel(request: Request) -> Response:
    session = session_of(request)
    try:
        subscriptions.cancel_at_period_end(context_of(request).world, _live(request, session))
    except Conflict as refusal:
        return refused_page(request, session, refusal)
    return back_to_portal(request, "cancelled")


@routes.add("POST", "/portal/{session_id}/resume", summary="Undo a cancellation.")
async def submit_resume(request: Request) -> Response:
    session = session_of(request)
    try:
        subscriptions.resume(context_of(request).world, _live(request, session))
    except Conflict as refusal:
        return refused_page(request, session, refusal)
    return back_to_portal(request, "resumed")
