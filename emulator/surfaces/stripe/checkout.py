"""The hosted checkout: one page, a step for 3-D Secure, and back to the product."""

from __future__ import annotations

import re
from typing import Any

from fastapi import Request, Response

from emulator.surfaces.stripe.card_form import HINTS, CardForm, refused_form, status_of, typed_card
from emulator.surfaces.stripe.rendering import named_in_path, page, read_form, see_other
from emulator.wire.http.context import context_of
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
        said=closed.message,
        link=success_url(world, session) if is_complete else session.cancel_url,
        link_said="Continue to WorldFlux" if is_complete else "Back to WorldFlux",
    )


async def show_checkout(request: Request) -> Response:
    """Show what is bought and the form to pay with; a closed session says so."""
    session = _session(request)
    try:
        require_open(session)
    except SessionClosed as closed:
        return _closed_page(request, session, closed)
    return _form_page(request, session, CardForm(values={"email": session.email or ""}))


async def submit_checkout(request: Request) -> Response:
    """Pay, and go on to `success_url`, to 3-D Secure, or back to the form with what is wrong."""
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


async def show_checkout_step(request: Request) -> Response:
    """Show the bank's 3-D Secure step, or the form where no card waits for it."""
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


async def submit_checkout_step(request: Request) -> Response:
    """End the 3-D Secure step as the cardholder chose, and go on or back to the form."""
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
