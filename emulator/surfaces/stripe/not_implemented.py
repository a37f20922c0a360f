"""Stripe's own API, of which nothing is emulated: its SDKs throw the error that says so.

Real: an SDK takes whatever has no `error` for a success, and retries 409 and 5xx, with pauses,
unless `Stripe-Should-Retry` says otherwise (stripe-node 23, RequestSender.js; stripe-python 16,
_http_client.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from fastapi import FastAPI, Request, Response
from starlette.routing import Route

from emulator.surfaces.stripe.errors import TABLE
from emulator.wire.http.context import context_of
from emulator.wire.http.errors import CODES, InjectedError, NotImplementedHere, install, problem_of
from emulator.world.core.refusals import Refusal

PREFIX = "/v1/"
METHODS = ("GET", "POST", "DELETE")

_NOT_IMPLEMENTED = 501
_BROKEN = 500


async def refuse(request: Request) -> Response:
    """Refuse whatever is sent to the API."""
    name = f"{request.method} {request.url.path}"
    message = (
        f"Stripe's API is not emulated: {name}. Its hosted pages, webhooks and "
        "/_emulator/billing are."
    )
    raise NotImplementedHere(name, message)


def render(request: Request, refusal: Refusal, headers: Mapping[str, str]) -> Response:
    """Return the error that a refusal takes."""
    status = refusal.status if isinstance(refusal, InjectedError) else TABLE[type(refusal)]
    problem = problem_of(refusal, CODES, context_of(request))
    is_ours = status >= _BROKEN and status != _NOT_IMPLEMENTED
    error = {
        "type": "api_error" if is_ours else "invalid_request_error",
        "code": problem["code"],
        "message": refusal.message,
    }
    if status == _NOT_IMPLEMENTED:
        headers = {"Stripe-Should-Retry": "false", **headers}
    return Response(
        orjson.dumps({"error": error}),
        status_code=status,
        headers=dict(headers),
        media_type="application/json",
    )


def build_stripe_api() -> FastAPI:
    """Return the ASGI app that stands where Stripe's API is."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.router.routes.append(Route(PREFIX + "{rest:path}", refuse, methods=[*METHODS]))
    install(app, render)
    return app
