"""Stripe's hosted pages as one app."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from starlette.routing import Route

from emulator.surfaces.stripe import checkout, invoices, portal
from emulator.surfaces.stripe.errors import render
from emulator.wire.http.errors import install
from emulator.wire.stripe.urls import PREFIX

Handler = Callable[[Request], Awaitable[Response]]

ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/checkout/{session_id}", checkout.show_checkout),
    ("POST", "/checkout/{session_id}", checkout.submit_checkout),
    ("GET", "/checkout/{session_id}/authenticate", checkout.show_checkout_step),
    ("POST", "/checkout/{session_id}/authenticate", checkout.submit_checkout_step),
    ("GET", "/portal/{session_id}", portal.show_portal),
    ("GET", "/portal/{session_id}/plans", portal.show_plans),
    ("GET", "/portal/{session_id}/change", portal.show_change),
    ("POST", "/portal/{session_id}/change", portal.submit_change),
    ("GET", "/portal/{session_id}/card", portal.show_card),
    ("POST", "/portal/{session_id}/card", portal.submit_card),
    ("GET", "/portal/{session_id}/authenticate", portal.show_portal_step),
    ("POST", "/portal/{session_id}/authenticate", portal.submit_portal_step),
    ("GET", "/portal/{session_id}/cancel", portal.show_cancel),
    ("POST", "/portal/{session_id}/cancel", portal.submit_cancel),
    ("POST", "/portal/{session_id}/resume", portal.submit_resume),
    ("POST", "/portal/{session_id}/pay", portal.submit_payment),
    ("GET", "/invoices/{invoice_id}", invoices.show_invoice),
)
"""Method, path below the prefix, handler."""


def build_stripe() -> FastAPI:
    """Return the ASGI app of the hosted pages."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    for method, path, handler in ROUTES:
        app.router.routes.append(Route(PREFIX + path, handler, methods=[method]))
    install(app, render)
    return app
