"""Surface call: the response to a request from a fault, a redirect, the cache or the surface."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.requests import Request

from emulator.faults.effects import ErrorResponse
from emulator.pipeline.request import ResolvedRequest
from emulator.pipeline.response_cache import ResponseCache
from emulator.wire.http.asgi import RawResponse, call_app, raw_response
from emulator.wire.http.context import RequestContext
from emulator.wire.http.incoming_request import IncomingRequest
from emulator.wire.http.trailing_slashes import redirect_of
from emulator.world.core.refusals import Refusal

_RETRIED = frozenset({429, 503})
_RETRY_AFTER = (b"retry-after", b"1")
"""The header of injected errors of these statuses. Assumed: the wait is a second, the shortest
that the header can express, so that a client's back-off is seen without holding up its test."""

_METHOD_NOT_ALLOWED = 405


class SurfaceCaller:
    """Calls surfaces, and answers reads from the cache while the state is the same."""

    def __init__(self, cache: ResponseCache) -> None:
        self._cache = cache

    def respond(
        self, resolved: ResolvedRequest, context: RequestContext
    ) -> tuple[RawResponse, bool]:
        """Return the response to a request, and whether it comes from the cache."""
        request, effect = resolved.request, resolved.applied.effect
        is_cached = False
        if isinstance(effect, ErrorResponse):
            response = refusal_response(request, context, effect.refusal(context.world))
            if response.status in _RETRIED:
                response.headers.append(_RETRY_AFTER)
        elif (redirect := redirect_of(request)) is not None:
            response = redirect
        elif request.method == "GET" and not request.body and not request.is_control:
            response, is_cached = self._read(request, context)
        else:
            response = call_app(request.surface.app, request.scope(context), request.body)
        if request.sent_method == "OPTIONS" and response.status == _METHOD_NOT_ALLOWED:
            _answer_options(response)
        if request.is_head:
            response.content = b""
        return response, is_cached

    def _read(self, request: IncomingRequest, context: RequestContext) -> tuple[RawResponse, bool]:
        """Return the response to a GET; the surface is called once for each state."""
        world, outcome = context.world, context.outcome
        cached = self._cache.get(request, world)
        if cached is not None:
            response, outcome.actor = cached
            return response, True
        before = world.state
        response = call_app(request.surface.app, request.scope(context), b"")
        before = outcome.saved_state or before
        if world.state is before and not outcome.keep_writes:
            self._cache.put(request, world, response, actor=outcome.actor)
        return response, False


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
