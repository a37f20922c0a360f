"""One invoice as a page that prints well."""

from __future__ import annotations

from fastapi import Request, Response

from emulator.surfaces.stripe.rendering import named_in_path, page
from emulator.wire.http.context import context_of
from emulator.world.core.refusals import NotFound
from emulator.world.records.billing import Invoice, Payment
from emulator.world.records.workspaces import Workspace


async def show_invoice(request: Request) -> Response:
    """Show an invoice that was finalised, to read or print."""
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
