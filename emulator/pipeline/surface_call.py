"""Surface call: the response to a request from a fault, a redirect or the surface."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.requests import Request

from emulator.faults.effects import ErrorResponse
from emulator.pipeline.request import ResolvedRequest
from emulator.pipeline.response_cache import RELEVANT_HEADERS
from emulator.wire.http.asgi import RawResponse, raw_response
from emulator.wire.http.context import RequestContext
from emulator.wire.http.incoming_request import IncomingRequest
from emulator.wire.http.trailing_slashes import redirect_of
from emulator.world.core.refusals import Refusal

_RETRIED = frozenset({429, 503})
_RETRY_AFTER = (b"retry-after", b"1")
"""The header of injected errors of these statuses. Assumed: the wait is a second, the shortest
that the header can express, so that a client's back-off is seen without holding up its test."""

_METHOD_NOT_ALLOWED = 405


def call_surface(resolved: ResolvedRequest, context: RequestContext) -> RawResponse:
    """Return the response to a request.

    Of a GET without a body a surface sees only the headers on which responses are declared to
    depend, so that the response cache cannot overlook a header.
    """
    request, effect = resolved.request, resolved.applied.effect
    if isinstance(effect, ErrorResponse):
        response = refusal_response(request, context, effect.refusal(context.world))
        if response.status in _RETRIED:
            response.headers.append(_RETRY_AFTER)
    elif (redirect := redirect_of(request)) is not None:
        response = redirect
    elif request.method == "GET" and not request.body and not request.is_control:
        headers = [header for header in request.raw_headers if header[0] in RELEVANT_HEADERS]
        scope = request.scope(context, headers=headers)
        response = request.surface.app.call(scope, b"")
    else:
        response = request.surface.app.call(request.scope(context), request.body)
    if request.sent_method == "OPTIONS" and response.status == _METHOD_NOT_ALLOWED:
        _answer_options(response)
    if request.is_head:
        response.content = b""
    return response


def refusal_response(
    request: IncomingRequest, context: RequestContext, refusal: Refusal
) -> RawResponse:
    """Return a refusal in the shape of a surface that is not called."""
    return raw_response(request.surface.render(Request(request.scope(context)), refusal))


def _answer_options(response: RawResponse) -> None:
    """Turn a refused OPTIONS into a list of methods. Real: Next.js answers OPTIONS by itself, with
    204 and the methods of the route (next 16, server/route-modules/app-route).
    """
    headers = MutableHeaders(raw=response.headers)
    response.status, response.content = 204, b""
    del headers["content-length"], headers["content-type"]
