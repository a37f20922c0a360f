"""Stripe's own API, which is not built: its SDKs raise the 501 that each call responds with.

Real: an SDK takes any body without `error` for a success, and retries 409 and 5xx after pauses
unless `Stripe-Should-Retry` forbids it (stripe-node 23, RequestSender.js; stripe-python 16,
_http_client.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.stripe.errors import TABLE
from emulator.wire.http.codes import CODES, InjectedError, NotImplementedHere
from emulator.wire.http.context import context_of
from emulator.wire.http.errors import problem_of
from emulator.wire.http.router import Routes
from emulator.world.core.refusals import Refusal

METHODS = ("GET", "POST", "DELETE")

PREFIX = "/v1/"
"""The prefix of all paths of Stripe's API."""

_NOT_IMPLEMENTED = 501
_BROKEN = 500


async def refuse(request: Request) -> Response:
    """Raise NotImplementedHere with the method and path."""
    name = f"{request.method} {request.url.path}"
    message = (
        f"Stripe's API is not emulated: {name}. Its hosted pages, webhooks and "
        "/_emulator/billing are."
    )
    raise NotImplementedHere(name, message)


def _routes() -> Routes:
    routes = Routes("stripe", provenance="Stripe", availability="not built")
    for method in METHODS:
        name = f"{method.lower()}_api"
        routes.add(method, f"{PREFIX}*", name=name, summary="Stripe's API.")(refuse)
    return routes


routes = _routes()


def render(request: Request, refusal: Refusal, headers: Mapping[str, str]) -> Response:
    """Return the response of a refusal, in the shape of Stripe's API."""
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
