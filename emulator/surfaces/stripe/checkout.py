"""Hosted checkout: the payment page and its 3-D Secure step."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.stripe.card_form import HINTS, CardForm, refused_form, status_of, typed_card
from emulator.surfaces.stripe.rendering import named_in_path, page, read_form, see_other
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Routes
from emulator.wire.stripe.urls import PREFIX, success_url
from emulator.world.billing.checkout import (
    authenticate_checkout,
    checkout_session,
    pay_checkout,
    require_open,
)
from emulator.world.billing.intervals import price_of
from emulator.world.core.refusals import CardDeclined, Conflict, Invalid, SessionClosed
from emulator.world.core.times import DAY
from emulator.world.metering.plans import plan_named
from emulator.world.records.billing import CheckoutSession

routes = Routes("stripe", prefix=PREFIX, provenance="Stripe", names_world=("session_id",))

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)*")


def _session(request: Request) -> CheckoutSession:
    return checkout_session(context_of(request).world, named_in_path(request, "session_id"))


def _path(request: Request) -> str:
    return f"{PREFIX}/checkout/{request.path_params['session_id']}"


def _form_page(
    request: Request, session: CheckoutSession, form: CardForm, *, status: int = 200
) -> Response:
    world = context_of(request).world
    plan = plan_named(world, session.plan)
    return page(
        "checkout",
        status=status,
        plan=plan,
        session=session,
        price_cents=price_of(plan, session.interval),
        first_charge=world.now + session.trial_days * DAY,
        form=form,
        hints=HINTS,
        action=_path(request),
    )


def _closed_page(request: Request, session: CheckoutSession, closed: SessionClosed) -> Response:
    is_complete = closed.status == "complete"
    world = context_of(request).world
    return page(
        "message",
        status=200 if is_complete else 410,
        title="Payment complete" if is_complete else "This checkout has expired",
        message=closed.message,
        link=success_url(world, session) if is_complete else session.cancel_url,
        link_text="Continue to WorldFlux" if is_complete else "Back to WorldFlux",
    )


@routes.add(
    "GET",
    "/checkout/{session_id}",
    summary="Show the order and the payment form; a closed session shows a message.",
)
async def show_checkout(request: Request) -> Response:
    session = _session(request)
    try:
        require_open(session)
    except SessionClosed as closed:
        return _closed_page(request, session, closed)
    return _form_page(request, session, CardForm(values={"email": session.email or ""}))


@routes.add(
    "POST",
    "/checkout/{session_id}",
    summary="Pay; redirects to `success_url` or 3-D Secure, or shows the form again.",
)
async def submit_checkout(request: Request) -> Response:
    context = context_of(request)
    session = _session(request)
    fields = await read_form(request)
    try:
        email = fields.get("email", "").strip().lower()
        if not _EMAIL.fullmatch(email):
            raise Invalid("email", "Enter an e-mail address, such as you@example.com.")
        is_skipped = fields.get("action") == "skip"
        card = None if is_skipped else typed_card(context.world, fields)
        session = pay_checkout(context.world, session, email=email, card=card)
    except SessionClosed as closed:
        return _closed_page(request, session, closed)
    except (CardDeclined, Conflict, Invalid) as refusal:
        context.outcome.keep_writes = refusal.commits
        return _form_page(
            request, session, refused_form(fields, refusal), status=status_of(refusal)
        )
    return _on(request, session)


def _on(request: Request, session: CheckoutSession) -> Response:
    if session.status == "complete":
        return see_other(success_url(context_of(request).world, session))
    return see_other(f"{_path(request)}/authenticate")


@routes.add(
    "GET",
    "/checkout/{session_id}/authenticate",
    summary="Show the bank's 3-D Secure step; redirects to the form where no card needs it.",
)
async def show_checkout_step(request: Request) -> Response:
    session = _session(request)
    if session.status != "open" or session.pending is None:
        return see_other(_path(request))
    return page("authenticate", **_step(request, session))


def _step(request: Request, session: CheckoutSession) -> dict[str, Any]:
    return {
        "card": session.pending,
        "amount_cents": session.amount_cents,
        "action": f"{_path(request)}/authenticate",
        "back": _path(request),
    }


@routes.add(
    "POST",
    "/checkout/{session_id}/authenticate",
    summary="Complete or fail the 3-D Secure step; continues, or shows the form again.",
)
async def submit_checkout_step(request: Request) -> Response:
    context = context_of(request)
    session = _session(request)
    fields = await read_form(request)
    try:
        passes = fields.get("action") == "complete"
        session = authenticate_checkout(context.world, session, passes=passes)
    except SessionClosed as closed:
        return _closed_page(request, session, closed)
    except (CardDeclined, Conflict) as refusal:
        context.outcome.keep_writes = refusal.commits
        values = {"email": session.email or ""}
        return _form_page(
            request, session, refused_form(values, refusal), status=status_of(refusal)
        )
    return _on(request, session)
