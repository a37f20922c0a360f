"""Hosted portal, payments: replacing the card, 3-D Secure, paying an open invoice."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.stripe.card_form import HINTS, CardForm, refused_form, status_of, typed_card
from emulator.surfaces.stripe.portal import (
    back_to_portal,
    frame,
    portal_path,
    refused_page,
    session_of,
)
from emulator.surfaces.stripe.rendering import page, read_form, see_other
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Routes
from emulator.wire.stripe.urls import PREFIX
from emulator.world.billing import portal, renewals
from emulator.world.billing.customers import card_of
from emulator.world.core.refusals import CardDeclined, Conflict, Invalid, NotFound
from emulator.world.records.billing import Customer, Invoice, PortalSession

routes = Routes("stripe", prefix=PREFIX, provenance="Stripe", names_world=("session_id",))


@routes.add("GET", "/portal/{session_id}/card", summary="Show the form for a new card.")
async def show_card(request: Request) -> Response:
    return _card_page(request, session_of(request), CardForm())


def _card_page(
    request: Request, session: PortalSession, form: CardForm, *, status: int = 200
) -> Response:
    return page("card", status=status, **frame(request, session), form=form, hints=HINTS)


@routes.add(
    "POST",
    "/portal/{session_id}/card",
    summary="Replace the card for future charges; some cards need 3-D Secure first.",
)
async def submit_card(request: Request) -> Response:
    context = context_of(request)
    session = session_of(request)
    fields = await read_form(request)
    try:
        session = portal.replace_card(context.world, session, typed_card(context.world, fields))
    except (CardDeclined, Invalid) as refusal:
        context.outcome.keep_writes = refusal.commits
        form = refused_form(fields, refusal)
        return _card_page(request, session, form, status=status_of(refusal))
    if session.pending is not None:
        return see_other(f"{portal_path(request)}/authenticate")
    return back_to_portal(request, "card")


@routes.add(
    "GET",
    "/portal/{session_id}/authenticate",
    summary="Show the bank's 3-D Secure step for a new card, or for the invoice in the query.",
)
async def show_portal_step(request: Request) -> Response:
    session = session_of(request)
    invoice = _named_invoice(request, session, request.query_params.get("invoice"))
    world = context_of(request).world
    card = card_of(world, world.expect(Customer, session.customer_id))
    waiting = session.pending if invoice is None else card and card.facts
    if waiting is None:
        return see_other(portal_path(request))
    query = "" if invoice is None else f"?invoice={invoice.id}"
    return page(
        "authenticate",
        card=waiting,
        amount_cents=0 if invoice is None else invoice.due_cents,
        action=f"{portal_path(request)}/authenticate{query}",
        back=portal_path(request),
    )


def _named_invoice(request: Request, session: PortalSession, name: str | None) -> Invoice | None:
    if name is None:
        return None
    invoice = context_of(request).world.get(Invoice, name)
    if invoice is None or invoice.workspace_id != session.workspace_id:
        raise NotFound("invoice", name)
    return invoice


@routes.add(
    "POST",
    "/portal/{session_id}/authenticate",
    summary="Complete or fail the 3-D Secure step.",
)
async def submit_portal_step(request: Request) -> Response:
    context = context_of(request)
    session = session_of(request)
    passes = (await read_form(request)).get("action") == "complete"
    invoice = _named_invoice(request, session, request.query_params.get("invoice"))
    try:
        if invoice is None:
            portal.authenticate_card(context.world, session, passes=passes)
        else:
            renewals.pay_now(context.world, invoice, is_authenticated=passes)
    except (CardDeclined, Conflict) as refusal:
        if invoice is not None:
            return refused_page(request, session, refusal)
        context.outcome.keep_writes = refusal.commits
        form = refused_form({}, refusal)
        return _card_page(request, session, form, status=status_of(refusal))
    return back_to_portal(request, "card" if invoice is None else "paid")


@routes.add(
    "POST",
    "/portal/{session_id}/pay",
    summary="Pay an open invoice now; a card that needs 3-D Secure every time goes there first.",
)
async def submit_payment(request: Request) -> Response:
    context = context_of(request)
    session = session_of(request)
    fields = await read_form(request)
    invoice = _named_invoice(request, session, fields.get("invoice", ""))
    assert invoice is not None
    card = card_of(context.world, context.world.expect(Customer, session.customer_id))
    if card is not None and card.facts.charges == "need authentication":
        return see_other(f"{portal_path(request)}/authenticate?invoice={invoice.id}")
    try:
        renewals.pay_now(context.world, invoice)
    except (CardDeclined, Conflict) as refusal:
        return refused_page(request, session, refusal)
    return back_to_portal(request, "paid")
