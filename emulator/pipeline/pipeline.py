"""Pipeline: the way of a request from the server to its response."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from emulator.faults.selection import NOTHING_APPLIED, select_effect
from emulator.pipeline.credential_places import PlacesOfSurfaces
from emulator.pipeline.host_guard import HostGuard
from emulator.pipeline.request import HeadReader, ResolvedRequest
from emulator.pipeline.response_cache import Key, ResponseCache
from emulator.pipeline.response_headers import ResponseHeaders
from emulator.pipeline.surface_call import refusal_response
from emulator.pipeline.transaction import Served
from emulator.pipeline.waiting import Waiting
from emulator.pipeline.world_names import depends_on_other_worlds
from emulator.pipeline.world_resolution import WorldResolver
from emulator.registry.live_world import LiveWorld
from emulator.registry.registry import WorldRegistry
from emulator.wire.http.asgi import CACHE_KEY, RawResponse, read_body, send_whole, why_malformed
from emulator.wire.http.codes import Malformed
from emulator.wire.http.context import RequestContext
from emulator.wire.http.incoming_request import IncomingRequest, with_body
from emulator.world.core.refusals import Refusal
from emulator.world.core.world import DEFAULT

_POLICY_VIOLATION = 1008
"""The code with which a WebSocket is closed; before the handshake, servers then send 403."""


class Pipeline:
    """Serves requests: guards, the body, the world, faults, the transaction, webhooks."""

    def __init__(
        self,
        read_head: HeadReader,
        registry: WorldRegistry,
        waiting: Waiting,
        places: PlacesOfSurfaces,
        cache: ResponseCache,
    ) -> None:
        self._read_head = read_head
        self._registry = registry
        self._waiting = waiting
        self._cache = cache
        self._host_guard = HostGuard(registry.settings)
        self._worlds = WorldResolver(registry, places)
        self._headers = ResponseHeaders(registry.settings.instance)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        if scope["type"] != "http":
            return
        request = self._read_head(scope)
        refusal = self._refusal_of_head(scope, request)
        if refusal is not None:
            await send_whole(send, self._refused(request, refusal))
            return
        body = await read_body(receive, request.body_limit)
        if body is None:
            return
        request = with_body(request, *body)
        try:
            live = self._worlds.resolve(request)
        except Refusal as refused:
            is_stale = self._worlds.has_stale_cookie(request)
            await send_whole(send, self._refused(request, refused, deletes_cookie=is_stale))
            return
        resolved = self._with_effect(request, live)
        served = await self._waiting.respond(resolved)
        self._headers.sign(served.response, request, live.world)
        key = scope.get(CACHE_KEY)
        if key is not None:
            self._cache_response(key, resolved, served)
        await resolved.applied.effect.send(served.response, scope, receive, send)
        # The response is sent; the server takes the next request of the connection meanwhile. A
        # response that has waited for deliveries does not wait again.
        is_drained = served.outcome.drain_webhooks
        await self._waiting.drain(resolved, seconds=0 if is_drained else None)

    def _refusal_of_head(self, scope: Scope, request: IncomingRequest) -> Refusal | None:
        """Return why a request is refused before its body is read, or None."""
        malformed = why_malformed(scope, request.headers)
        if malformed is not None:
            return Malformed(*malformed)
        return self._host_guard.refusal_of(request)

    def _with_effect(self, request: IncomingRequest, live: LiveWorld) -> ResolvedRequest:
        """Return a request with the effect of a fault on it, which is counted."""
        faults, applied = live.faults, NOTHING_APPLIED
        if not request.is_control:
            live.faults, applied = select_effect(faults, request, live.world)
        return ResolvedRequest(
            request=request,
            live=live,
            faults=faults,
            applied=applied,
            wall_time=self._registry.now(),
        )

    def _cache_response(self, key: Key, resolved: ResolvedRequest, served: Served) -> None:
        live, entry = resolved.live, served.entry
        if entry is None or depends_on_other_worlds(resolved.request.credentials, live.world.name):
            return
        self._cache.put(key, live, served.response, entry)

    def _refused(
        self, request: IncomingRequest, refusal: Refusal, *, deletes_cookie: bool = False
    ) -> RawResponse:
        """Return the response to a request that reached no world, in its surface's shape."""
        # As it is: a request that reached no world moves no clock.
        default = self._registry.known(DEFAULT).world
        context = RequestContext(world=default, settings=self._registry.settings)
        response = refusal_response(request, context, refusal)
        self._headers.sign_refusal(response, deletes_cookie=deletes_cookie)
        if request.is_head:
            response.content = b""
        return response

    def preflight_headers(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """Return the headers that sign a preflight: the instance, and the world that its URL names,
        if any. A preflight creates no world and moves no clock.

        A browser sends a preflight without the header, cookie and credential that may name the
        world of the request behind it.
        """
        return self._headers.of_world(self._worlds.world_of_url(self._read_head(scope)))
