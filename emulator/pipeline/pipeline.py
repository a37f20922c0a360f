"""From a request to its answer: guards, the world, faults, the transaction, the journal."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.datastructures import MutableHeaders
from starlette.types import Receive, Scope, Send

from emulator import __version__
from emulator.contract.legacy import Operations
from emulator.faults.rules import FaultSet
from emulator.faults.selection import NO_EFFECT, Effect, select_effect
from emulator.journal.recorder import count_coverage, record_entry
from emulator.pipeline.host_guard import refusal_of, source_of
from emulator.pipeline.response_cache import ResponseCache
from emulator.pipeline.world_resolution import (
    ASIDE,
    asking,
    has_stale_cookie,
    resolve_world,
    world_of_url,
)
from emulator.registry.live_world import LiveWorld
from emulator.registry.registry import WorldRegistry, purges
from emulator.webhooks.dispatcher import WebhookDispatcher
from emulator.webhooks.internal_endpoint import InternalWebhookEndpoint
from emulator.wire.http.asgi import (
    RawResponse,
    call_app,
    drop,
    first_of_each,
    read_body,
    send_part,
    send_whole,
    until_hurried,
    why_malformed,
)
from emulator.wire.http.context import KEY, RequestContext
from emulator.wire.http.errors import Malformed
from emulator.wire.http.headers import (
    BODY_MAX,
    BODY_MAX_BY_PATH,
    INSTANCE_HEADER,
    STATE_HEADER,
    WORLD_HEADER,
)
from emulator.wire.http.trailing_slashes import redirect_of
from emulator.wire.world_address import COOKIE, PREFIX, without_prefix
from emulator.world.core.refusals import NotFound, Refusal
from emulator.world.core.world import DEFAULT, World

_STATE, _WORLD, _INSTANCE = (
    one.lower().encode() for one in (STATE_HEADER, WORLD_HEADER, INSTANCE_HEADER)
)
_VARY = (b"vary", b"Origin")
"""What Starlette's CORS says of every answer; a request without an Origin does not pass by it."""

_NO_WORLD = f"{COOKIE}=; Max-Age=0; Path=/".encode()
"""Deletes the cookie of a world that is not there, so that a browser is not refused for good."""

CONTROL = "control"

RETRIED = frozenset({429, 503})
RETRY_AFTER_SECONDS = b"1"
"""What a fault of these statuses says in `Retry-After`. Assumed: the shortest wait that there is in
whole seconds, so that a client's back-off is seen without holding up its test."""

_REFUSED = 400
_METHOD_NOT_ALLOWED = 405
_POLICY_VIOLATION = 1008
"""The code with which a WebSocket is closed; before the handshake, servers send 403."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """A surface: its name, the prefix of its paths, its app."""

    name: str
    prefix: str
    app: FastAPI
    slash_status: int | None = None
    """The status that redirects a path with a slash at its end, where it is redirected."""


@dataclass(slots=True, kw_only=True)
class Call:
    """A request on its way: what was sent, where it goes, what hits it.

    `method` is as sent; the scope's is GET for a HEAD. `armed` is what could hit it.
    """

    scope: dict[str, Any]
    prefix: str
    """What the URL had before the path: `/_w/{name}` or nothing."""
    method: str
    headers: Mapping[str, str]
    body: bytes
    surface: Surface
    live: LiveWorld
    context: RequestContext
    armed: FaultSet
    effect: Effect = NO_EFFECT

    @property
    def is_control(self) -> bool:
        """Tell whether the call is for control, which meets no fault and leaves no trace, or is
        what a browser or a person asks for on the side.
        """
        return self.surface.name == CONTROL or self.scope["path"] in ASIDE


class Pipeline:
    """Serves requests, each a transaction on its world.

    The body is read first; then the surface runs to its end without ever being suspended, which is
    enforced, so that no other request comes between. An answer of 400 or more puts the state back
    unless the refusal commits.
    """

    def __init__(
        self,
        surfaces: tuple[Surface, ...],
        worlds: WorldRegistry,
        operations: Operations,
        courier: WebhookDispatcher,
        own_webhook: InternalWebhookEndpoint,
    ) -> None:
        self._surfaces = surfaces
        self._worlds = worlds
        self._operations = operations
        self._courier = courier
        self._own_webhook = own_webhook
        self._changed: dict[str, asyncio.Event] = {}
        """By the name of its world, what wakes the requests that wait for it to change."""
        worlds.on_reset.append(self._wake)
        self._deliveries: set[asyncio.Future[None]] = set()
        """Those that are under way, since the loop itself keeps no hold of them."""
        self._remembered = ResponseCache()
        worlds.on_reset.append(self._remembered.forget)
        worlds.on_purge.append(lambda world: self._remembered.forget(world.name))
        instance = worlds.settings.instance
        self._instance = f"worldflux-emulator/{__version__}/{instance}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        if scope["type"] != "http":
            return
        headers = first_of_each(scope["headers"])
        refusal = self._rejection(scope, headers)
        if refusal is not None:
            await send_whole(send, self._refused(scope, refusal))
            return
        limit = BODY_MAX_BY_PATH.get(without_prefix(scope["path"])[0], BODY_MAX)
        sent = await read_body(receive, limit)
        if sent is None:
            return
        body, is_oversize = sent
        try:
            call = self._call(scope, headers, body)
        except Refusal as refused:
            answer = self._refused(scope, refused)
            if has_stale_cookie(self._worlds, asking(scope, headers, body)):
                answer.headers.append((b"set-cookie", _NO_WORLD))
            await send_whole(send, answer)
            return
        call.context.oversize_of = limit if is_oversize else None
        answer = await self._answered(call)
        self._sign(call, answer)
        then = call.effect.then
        if then.latency_ms and not then.is_recorded:
            await until_hurried(scope, asyncio.sleep(then.latency_ms / 1000))
        if then.drop:
            await drop(scope, receive)
        elif then.truncate_bytes is not None:
            await send_part(scope, receive, send, answer, size=then.truncate_bytes)
        else:
            await send_whole(send, answer)
        # The answer is out; whoever serves the app takes the next request meanwhile. One that has
        # waited for deliveries waits no second time.
        await self._settled(call, seconds=0 if call.context.awaits_deliveries else None)

    def _rejection(self, scope: Scope, headers: Mapping[str, str]) -> Refusal | None:
        """Return why a request is refused before its body is read, or None."""
        malformed = why_malformed(scope, headers)
        if malformed is not None:
            return Malformed(*malformed)
        surface = self._surface(without_prefix(scope["path"])[0])
        return refusal_of(scope, headers, self._worlds.settings, surface=surface.name)

    def _surface(self, path: str) -> Surface:
        """Return the surface of a path; of what is no path, the last one, whose prefix is `/`."""
        fitting = (one for one in self._surfaces if path.startswith(one.prefix))
        return next(fitting, self._surfaces[-1])

    def _call(self, scope: Scope, headers: Mapping[str, str], body: bytes) -> Call:
        """Return the request with its world and what will hit it. Refuses as `find_world`."""
        settings = self._worlds.settings
        asked = asking(scope, headers, body)
        live = resolve_world(self._worlds, asked)
        surface = self._surface(asked.path)
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        context = RequestContext(
            world=live.world,
            settings=settings,
            source=source_of(scope, headers),
            machine_at=self._worlds.machine_now(),
            operation=self._operations.named(method, asked.path),
        )
        inner = {**scope, KEY: context, "method": method}
        if asked.prefixed is not None:
            inner |= {"path": asked.path, "raw_path": asked.path.encode()}
        call = Call(
            scope=inner,
            prefix="" if asked.prefixed is None else f"{PREFIX}{asked.prefixed}",
            method=scope["method"],
            headers=headers,
            body=body,
            surface=surface,
            live=live,
            context=context,
            armed=live.faults,
        )
        if not call.is_control:
            call.effect = select_effect(
                live,
                headers,
                settings,
                surface=surface.name,
                operation=context.operation,
                method=method,
                path=asked.path,
            )
        return call

    def _refused(self, scope: Scope, refusal: Refusal) -> RawResponse:
        """Return the answer to a request that reached no world, in its surface's dialect."""
        # As it is: a request that reached no world moves no clock.
        default = self._worlds.peek(DEFAULT)
        assert default is not None
        context = RequestContext(world=default, settings=self._worlds.settings)
        surface = self._surface(without_prefix(scope["path"])[0])
        answer = _rendered(surface, Request({**scope, KEY: context}), refusal)
        answer.headers.append((_INSTANCE, self._instance))
        if scope["method"] == "HEAD":
            answer.content = b""
        return answer

    async def _answered(self, call: Call) -> RawResponse:
        answer = self._transact(call)
        context = call.context
        if context.poll_seconds > 0 and call.method != "HEAD":
            answer = await self._polled(call, answer)
        if context.awaits_deliveries:
            await self._settled(call)
            if context.when_settled is not None and call.method != "HEAD":
                answer = _answer_of(context.when_settled(self._courier))
        return answer

    async def _settled(self, call: Call, *, seconds: float | None = None) -> None:
        """Wait until the deliveries of a world are done; they go on if the client does not wait."""
        if not self._courier.is_sending(call.live.world):
            return
        work = asyncio.ensure_future(self._courier.settled(call.live.world, seconds=seconds))
        self._deliveries.add(work)
        work.add_done_callback(self._deliveries.discard)
        await until_hurried(call.scope, asyncio.shield(work))

    async def _polled(self, call: Call, answer: RawResponse) -> RawResponse:
        """Run the surface again whenever its world has changed, until there is an answer, time is
        up, the world was deleted, or nobody waits.
        """
        context = call.context
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(context.poll_seconds):
                while context.poll_seconds > 0:
                    changed = self._changed.setdefault(call.live.world.name, asyncio.Event())
                    if not await until_hurried(call.scope, changed.wait()):
                        break
                    context.poll_seconds = 0
                    if not self._worlds.is_current(call.live):
                        gone = NotFound("world", call.live.world.name)
                        return _rendered(call.surface, Request(call.scope), gone)
                    answer = self._transact(call)
        return answer

    def _transact(self, call: Call) -> RawResponse:
        """Run the surface once, put the state back if it refused, and note what happened.

        Webhooks are handed over as part of it: to the control plane itself before the answer (and
        before the request, where the clock has moved by itself), to others with it.
        """
        world, context = call.live.world, call.context
        before = world.state
        self._own_webhook.deliver(world, context.settings)
        context.before = world.state
        purged = purges(world)
        world.touched = []
        try:
            answer = self._run(call)
            is_refused = answer.status >= _REFUSED and not context.commits
            if is_refused or call.method == "HEAD":
                world.state = context.before
            self._own_webhook.deliver(world, context.settings)
        except BaseException:
            world.state = before
            raise
        finally:
            touched, world.touched = world.touched or [], None
        self._courier.collect(world)
        has_purged = purges(world) > purged
        if has_purged and not call.is_control:
            self._worlds.discard_history(call.live)
        if not call.is_control:
            # A purge leaves no way back to the state before it.
            self._note(call, answer, touched, world.state if has_purged else before)
            if has_purged:
                call.live.journal.seal()
        if world.state is not before or not call.is_control:
            self._wake(world.name)
        return answer

    def _wake(self, world_name: str) -> None:
        """Let go on what waits for a world to change."""
        changed = self._changed.pop(world_name, None)
        if changed is not None:
            changed.set()

    def _run(self, call: Call) -> RawResponse:
        """Return what the surface, or the fault before it, answers to a request."""
        if call.effect.refusal is not None:
            answer = _rendered(call.surface, Request(call.scope), call.effect.refusal)
            if answer.status in RETRIED:
                answer.headers.append((b"retry-after", RETRY_AFTER_SECONDS))
        elif (redirect := _redirect(call)) is not None:
            answer = redirect
        elif call.is_control or call.scope["method"] != "GET" or call.body:
            answer = call_app(call.surface.app, call.scope, call.body)
        else:
            answer = self._read(call)
        if call.method == "OPTIONS" and answer.status == _METHOD_NOT_ALLOWED:
            # Real: Next.js answers OPTIONS by itself, with 204 and the methods there are.
            headers = MutableHeaders(raw=answer.headers)
            answer.status, answer.content = 204, b""
            del headers["content-length"], headers["content-type"]
        if call.method == "HEAD":
            answer.content = b""
        return answer

    def _read(self, call: Call) -> RawResponse:
        """Return what a GET answers, run only if this state has not been asked it before."""
        answer = self._remembered.find(call.context, call.scope)
        if answer is None:
            answer = call_app(call.surface.app, call.scope, call.body)
            self._remembered.keep(call.context, call.scope, answer)
        return answer

    def _note(
        self, call: Call, answer: RawResponse, touched: list[tuple[str, str]], before: Any
    ) -> None:
        entry = record_entry(
            call.live,
            call.context,
            answer,
            scope=call.scope,
            method=call.method,
            surface=call.surface.name,
            body=call.body,
            before=before,
            armed=call.armed,
            strike=call.effect,
            touched=touched,
        )
        count_coverage(self._worlds.met, entry, is_remembered=call.context.is_remembered)

    def signature(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """Return the headers that sign the answer to a preflight: the instance, and the world that
        its URL names if there is one; a preflight makes none and moves no clock.

        A browser sends a preflight without the header, cookie and credential that may name the
        world of the request behind it, so that one whose URL names none has none.
        """
        world = world_of_url(self._worlds, scope)
        return [(_INSTANCE, self._instance)] if world is None else self._signature_of(world)

    def _signature_of(self, world: World) -> list[tuple[bytes, bytes]]:
        return [
            (_STATE, str(world.state.digest).encode()),
            (_WORLD, world.name.encode()),
            (_INSTANCE, self._instance),
        ]

    def _sign(self, call: Call, answer: RawResponse) -> None:
        """Say which instance, world and state an answer comes from."""
        answer.headers += self._signature_of(call.live.world)
        if "origin" not in call.headers:
            answer.headers.append(_VARY)


def _redirect(call: Call) -> RawResponse | None:
    """Return the redirect of a path with a slash at its end, or None."""
    status = call.surface.slash_status
    if status is None or not call.scope["path"].endswith("/"):
        return None
    return redirect_of(call.surface.app, call.scope, prefix=call.prefix, status=status)


def _rendered(surface: Surface, request: Request, refusal: Refusal) -> RawResponse:
    """Return a refusal in the dialect of a surface that did not run."""
    return _answer_of(surface.app.state.render(request, refusal, {}))


def _answer_of(response: Response) -> RawResponse:
    return RawResponse(
        status=response.status_code, headers=response.raw_headers, content=bytes(response.body)
    )
