"""From a request to its answer: guards, the world, faults, the transaction, the journal."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any, get_args

import orjson
from fastapi import FastAPI, Request, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emulator import __version__
from emulator.finding import find_world
from emulator.guards import is_allowed_host, is_allowed_origin
from emulator.journal import Entry
from emulator.routes import Operations
from emulator.settings import Settings
from emulator.striking import Strike, strike_of
from emulator.wire.exchange import KEY, Exchange
from emulator.world.access import Source
from emulator.world.records import RunStatus
from emulator.world.refusals import Refusal
from emulator.worlds import Live, Worlds, purges

log = logging.getLogger("emulator")

STATE_HEADER = "X-Emulator-State"
WORLD_HEADER = "X-Emulator-World"
INSTANCE_HEADER = "X-Emulator"
RAW_SEND = "emulator.send"
"""Where the server's own `send` lies in the scope, before any middleware wrapped it."""

BODY_MAX = 10 * 2**20
BODY_MAX_BY_PATH = {"/api/e2e/cli-sync": 64 * 2**20}

RUN_STATUSES: tuple[str, ...] = get_args(RunStatus)

_REFUSED = 400
_METHOD_NOT_ALLOWED = 405


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """A surface: its name, the prefix of its paths, its app."""

    name: str
    prefix: str
    app: FastAPI


@dataclass(slots=True, kw_only=True)
class Answer:
    """An answer that is not sent yet."""

    status: int
    headers: list[tuple[bytes, bytes]]
    content: bytes


@dataclass(slots=True, kw_only=True)
class Call:
    """A request on its way: what was sent, where it goes, what hit it."""

    scope: dict[str, Any]
    headers: Headers
    body: bytes
    surface: Surface
    live: Live
    exchange: Exchange
    strike: Strike = field(default_factory=Strike)

    @property
    def is_control(self) -> bool:
        """Tell whether the call is for control, which meets no fault and leaves no trace."""
        return self.surface.name == "control"


class Exchanges:
    """Serves requests, each a transaction on its world.

    The body is read first; then the surface runs to its end without ever being suspended, which is
    enforced, so that no other request comes between. An answer of 400 or more puts the state back
    unless the refusal commits.
    """

    def __init__(
        self, surfaces: tuple[Surface, ...], worlds: Worlds, operations: Operations
    ) -> None:
        self._surfaces = surfaces
        self._worlds = worlds
        self._operations = operations
        self._changed = asyncio.Event()
        instance = worlds.settings.instance
        self._instance = f"worldflux-emulator/{__version__}/{instance}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        refusal = _refusal(scope, headers, self._worlds.settings)
        if refusal is not None:
            await _send_forbidden(send, refusal)
            return
        limit = BODY_MAX_BY_PATH.get(scope["path"], BODY_MAX)
        body, is_oversize = await _read(receive, limit)
        try:
            call = self._call(scope, headers, body)
        except Refusal as refused:
            await _send(send, self._refused(scope, headers, refused), scope["method"])
            return
        call.exchange.oversize_of = limit if is_oversize else None
        answer = await self._answered(call)
        self._sign(call, answer)
        if call.strike.latency_ms and not call.strike.is_recorded:
            await asyncio.sleep(call.strike.latency_ms / 1000)
        if call.strike.drop:
            await _drop(scope)
        elif call.strike.truncate_bytes is not None:
            await _send_part(send, answer, call.strike.truncate_bytes)
        else:
            await _send(send, answer, scope["method"])

    def _surface(self, path: str) -> Surface:
        return next(one for one in self._surfaces if path.startswith(one.prefix))

    def _call(self, scope: Scope, headers: Headers, body: bytes) -> Call:
        """Return the request with its world and what will hit it. Refuses as `find_world`."""
        found = find_world(self._worlds, scope, headers)
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        exchange = Exchange(
            world=found.live.world,
            settings=self._worlds.settings,
            source=_source(scope, headers),
            operation=self._operations.named(method, found.path),
        )
        inner = {**scope, KEY: exchange, "method": method}
        if found.path != scope["path"]:
            inner |= {"path": found.path, "raw_path": found.path.encode()}
        call = Call(
            scope=inner,
            headers=headers,
            body=body,
            surface=self._surface(found.path),
            live=found.live,
            exchange=exchange,
        )
        if not call.is_control:
            call.strike = strike_of(
                found.live.faults,
                headers,
                exchange,
                surface=call.surface.name,
                method=method,
                path=found.path,
            )
        return call

    def _refused(self, scope: Scope, headers: Headers, refusal: Refusal) -> Answer:
        """Return the answer to a request that reached no world, in its surface's dialect."""
        exchange = Exchange(world=self._worlds.default(), settings=self._worlds.settings)
        request = Request({**scope, KEY: exchange})
        return _rendered(self._surface(scope["path"]), request, refusal)

    async def _answered(self, call: Call) -> Answer:
        answer = self._transact(call)
        exchange = call.exchange
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(exchange.poll_seconds or None):
                while exchange.poll_seconds > 0:
                    # Asked again whenever a state has changed, until there is an answer.
                    await self._changed.wait()
                    exchange.poll_seconds = 0
                    answer = self._transact(call)
        return answer

    def _transact(self, call: Call) -> Answer:
        """Run the surface once, put the state back if it refused, and note what happened."""
        world, exchange = call.live.world, call.exchange
        before = exchange.before = world.state
        purged = purges(world)
        world.touched = []
        try:
            if call.strike.refusal is not None:
                answer = _rendered(call.surface, Request(call.scope), call.strike.refusal)
            else:
                answer = _run(call.surface.app, call.scope, call.body)
        except BaseException:
            world.state = before
            raise
        finally:
            touched, world.touched = world.touched or [], None
        if answer.status >= _REFUSED and not exchange.commits:
            world.state = exchange.before
            touched = touched if world.state is not before else []
        if purges(world) > purged:
            self._worlds.forget_past(call.live)
        if not call.is_control:
            self._note(call, answer, touched)
        if world.state is not before or not call.is_control:
            self._changed.set()
            self._changed = asyncio.Event()
        return answer

    def _note(self, call: Call, answer: Answer, touched: list[tuple[str, str]]) -> None:
        """Write the journal and count what the client has met."""
        exchange, journal = call.exchange, call.live.journal
        world = call.live.world
        code = _code_of(answer) if answer.status >= _REFUSED else None
        met = self._worlds.met
        met["operation", exchange.operation, ""] += 1
        if code is not None:
            met["code", call.surface.name, code] += 1
        for status in RUN_STATUSES:
            if (
                not met["state", status, ""]
                and b'"status":"%b"' % status.encode() in answer.content
            ):
                met["state", status, ""] = 1
        actor = exchange.actor
        journal.add(
            Entry(
                id=journal.next_id(),
                at=world.now,
                surface=call.surface.name,
                operation=exchange.operation,
                method=call.scope["method"],
                path=call.scope["path"],
                query=call.scope["query_string"].decode("latin-1"),
                request_headers=tuple(call.headers.items()),
                request_body=call.body,
                status=answer.status,
                response_headers=tuple(
                    (name.decode("latin-1"), value.decode("latin-1"))
                    for name, value in answer.headers
                ),
                response_body=answer.content,
                user_id=None if actor is None else actor.user_id,
                api_key_id=None if actor is None else actor.api_key_id,
                code=code,
                fault_id=call.strike.fault_id,
                latency_ms=call.strike.latency_ms or 0,
                changed=tuple(dict.fromkeys(touched)),
                before=exchange.before or world.state,
                after=world.state,
            )
        )

    def _sign(self, call: Call, answer: Answer) -> None:
        """Say which instance, world and state an answer comes from."""
        world = call.live.world
        headers = MutableHeaders(raw=answer.headers)
        headers[STATE_HEADER] = str(world.state.digest)
        headers[WORLD_HEADER] = world.name
        headers[INSTANCE_HEADER] = self._instance
        if call.scope["method"] == "OPTIONS" and answer.status == _METHOD_NOT_ALLOWED:
            # Real: Next.js answers OPTIONS by itself, with 204 and the methods there are.
            answer.status, answer.content = 204, b""
            del headers["content-length"], headers["content-type"]


def _rendered(surface: Surface, request: Request, refusal: Refusal) -> Answer:
    """Return a refusal in the dialect of a surface that did not run."""
    response: Response = surface.app.state.render(request, refusal, {})
    return Answer(
        status=response.status_code, headers=response.raw_headers, content=bytes(response.body)
    )


def _source(scope: Scope, headers: Headers) -> Source:
    client = scope.get("client")
    return Source(
        ip_hash=None if client is None else _ip_hash(client[0]),
        user_agent=headers.get("user-agent"),
    )


@lru_cache(maxsize=1024)
def _ip_hash(address: str) -> str:
    """Docs: "redacted IP hash" (privacy). Assumed: the first 16 digits of a SHA-256."""
    return sha256(address.encode()).hexdigest()[:16]


def _refusal(scope: Scope, headers: Headers, settings: Settings) -> str | None:
    """Return why a request is not even looked at, or None. Guards against DNS rebinding."""
    host = headers.get("host", "")
    if not is_allowed_host(host, settings):
        return f"Host {host!r} is neither loopback nor allowed; start with --allowed-host {host}."
    origin = headers.get("origin")
    is_control = "/_emulator" in scope["path"]
    if is_control and origin is not None and not is_allowed_origin(origin, settings):
        return f"Origin {origin!r} may not control the emulator; start with --allowed-origin."
    return None


def _code_of(answer: Answer) -> str | None:
    """Return the code that an error answer carries, in whatever dialect."""
    try:
        body = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(body, dict):
        return None
    inner = body.get("error") or body.get("detail") or body
    code = inner.get("error_code") or inner.get("code") if isinstance(inner, dict) else None
    return code if isinstance(code, str) else None


async def _send_forbidden(send: Send, message: str) -> None:
    body = orjson.dumps({"error": {"code": "forbidden", "message": message}})
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await _send(send, Answer(status=403, headers=headers, content=body), "GET")


async def _send(send: Send, answer: Answer, method: str) -> None:
    start = {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
    await send(start)
    content = b"" if method == "HEAD" else answer.content
    await send({"type": "http.response.body", "body": content})


async def _send_part(send: Send, answer: Answer, size: int) -> None:
    """Send the first bytes of a body that was announced whole, and close the connection."""
    start = {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
    await send(start)
    part = answer.content[: min(size, max(len(answer.content) - 1, 0))]
    await send({"type": "http.response.body", "body": part, "more_body": True})
    raise ConnectionAbortedError("a fault cut this body off")


async def _drop(scope: Scope) -> None:
    """Close the connection without an answer, where there is one."""
    server_send: Any = scope.get(RAW_SEND)
    cycle = getattr(server_send, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if transport is None:
        raise ConnectionAbortedError("a fault dropped this connection")
    transport.abort()
    while not getattr(cycle, "disconnected", True):
        await asyncio.sleep(0)


async def _read(receive: Receive, limit: int) -> tuple[bytes, bool]:
    """Return the whole body; of one above the limit nothing is kept, but it is read to its end so
    that the connection stays usable.
    """
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        return (body, False) if len(body) <= limit else (b"", True)
    parts, size = [body], len(body)
    while message.get("more_body", False):
        message = await receive()
        part: bytes = message.get("body", b"")
        size += len(part)
        if size <= limit:
            parts.append(part)
        else:
            parts.clear()
    return b"".join(parts), size > limit


def _run(app: ASGIApp, scope: dict[str, Any], body: bytes) -> Answer:
    """Return an answer that was produced without a suspension."""
    start: dict[str, Any] = {}
    parts: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            parts.append(message.get("body", b""))

    try:
        _finish(app(scope, receive, send))
    except Exception:
        # Starlette answers a bug and raises it again; it is logged where it was answered.
        if not start:
            raise
    content = parts[0] if len(parts) == 1 else b"".join(parts)
    return Answer(status=start["status"], headers=list(start["headers"]), content=content)


def _finish(work: Any) -> None:
    """Run a coroutine that must not wait for anything; where it does, that is a bug of it."""
    coroutine: Coroutine[Any, Any, None] = work
    waited = RuntimeError("a handler waited: operations and handlers must run to their end at once")
    try:
        coroutine.send(None)
        # Raised where it waits, so that the traceback shows the place and the surface answers.
        coroutine.throw(waited)
    except StopIteration:
        return
    coroutine.close()
    raise waited
