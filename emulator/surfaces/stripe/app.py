"""Stripe's hosted pages as one router, and its API, which is not built, as another."""

from __future__ import annotations

from emulator.contract.catalog import Operation
from emulator.surfaces.stripe import checkout, invoices, not_implemented, portal, portal_payments
from emulator.surfaces.stripe.errors import render
from emulator.wire.http.router import Route, Router

_ROUTES: tuple[Route, ...] = (
    *checkout.routes.all,
    *portal.routes.all,
    *portal_payments.routes.all,
    *invoices.routes.all,
)

OPERATIONS: tuple[Operation, ...] = (
    *(route.operation for route in _ROUTES),
    *not_implemented.routes.operations,
)


def build_stripe(prefix: str) -> Router:
    """Return the router of a prefix: the hosted pages, or what stands in for Stripe's API."""
    if prefix == not_implemented.PREFIX:
        return Router(not_implemented.routes.all, render=not_implemented.render)
    return Router(_ROUTES, render=render)
