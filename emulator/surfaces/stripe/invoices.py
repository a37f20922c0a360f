"""Invoice page, to read or print."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.stripe.rendering import named_in_path, page
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Routes
from emulator.wire.stripe.urls import PREFIX
from emulator.world.core.refusals import NotFound
from emulator.world.records.billing import Invoice, Payment
from emulator.world.records.workspaces import Workspace

routes = Routes("stripe", prefix=PREFIX, provenance="Stripe", names_world=("invoice_id",))


@routes.add("GET", "/invoices/{invoice_id}", summary="Show a finalized invoice, to read or print.")
async def show_invoice(request: Request) -> Response:
    world = context_of(request).world
    invoice_id = named_in_path(request, "invoice_id")
    invoice = world.get(Invoice, invoice_id)
    if invoice is None or invoice.number is None:
        raise NotFound("invoice", invoice_id)
    payment = None if invoice.payment_id is None else world.get(Payment, invoice.payment_id)
    return page(
        "invoice",
        invoice=invoice,
        payment=payment,
        credit_cents=invoice.due_cents - invoice.total_cents,
        workspace=world.get(Workspace, invoice.workspace_id),
    )
