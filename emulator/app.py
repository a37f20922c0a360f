"""The whole emulator as one ASGI app: guards, the world of the request, the transaction, and a
switchboard that joins the surfaces by path.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from functools import lru_cache
from hashlib import sha256
from typing import Any

import orjson
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emulator.guards import LOOPBACK_ORIGIN, is_allowed_host, is_allowed_origin
from emulator.own_webhook import OwnWebhook
from emulator.settings import Settings
from emulator.surfaces.bff.app import build_bff
from emulator.surfaces.control.app import build_control
from emulator.surfaces.stripe.app import build_stripe
from emulator.surfaces.supabase.app import build_supabase
from emulator.surfaces.upstream.app import build_upstream
from emulator.wire.courier import Courier
from emulator.wire.exchange import KEY, Exchange
from emulator.world.access import Source
from emulator.worlds import Worlds

log = logging.getLogger("emulator")

STATE_HEADER = "X-Emulator-State"
EXPOSED = (STATE_HEADER, "X-Supabase-Api-Version", "X-Total-Count", "Link", "Allow")

WRITES_ON_GET = ("/auth/v1/verify", "/api/me/export")
"""The paths whose GET may change the state: a mailed link that is followed, an export that is
asked for. HEAD is GET without that. In wall mode the clock moves with every request, and a GET of
the dashboard may renew its session. The tests of the laws know exactly these."""

BODY_MAX = 10 * 2**20
BODY_MAX_BY_PATH = {"/api/e2e/cli-sync": 64 * 2**20}

_REFUSED = 400
_METHOD_NOT_ALLOWED = 405


def build_app(worlds: Worlds) -> ASGIApp:
    """Return the emulator as an ASGI app; one port serves all surfaces."""
    settings = worlds.settings
    upstream = build_upstream()
    bff = build_bff(upstream, settings)
    courier = Courier(settings)
    worlds.on_reset.append(courier.forget)
    switchboard = Switchboard(
        surfaces=(
            ("/_emulator", build_control(worlds, courier)),
            ("/stripe/", build_stripe()),
            ("/auth/v1/", build_supabase()),
            ("/api/cloud/", bff),
            ("/api/auth/", bff),
            ("/api/e2e/", bff),
            ("/api/public/r/", bff),
            ("/", upstream),
        )
    )
    return CORSMiddleware(
        Transactions(switchboard, worlds, courier, OwnWebhook(upstream, courier, run=_run)),
        allow_origins=settings.allowed_origins,
        allow_origin_regex=LOOPBACK_ORIGIN,
        allow_credentials=True,
        allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["*"],
        expose_headers=EXPOSED,
    )


class Switchboard:
    """Hands a request to the first surface whose prefix its path has. Not `mount()`, which would
    change `root_path` and with it the paths that a surface sees.
    """

    def __init__(self, *, surfaces: tuple[tuple[str, ASGIApp], ...]) -> None:
        self._surfaces = surfaces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path: str = scope["path"]
        for prefix, surface in self._surfaces:
            if path.startswith(prefix):
                await surface(scope, receive, send)
                return


class Transactions:
    """Makes each request a transaction on its world.

    The body is read first; then the surface runs to its end without ever being suspended, which is
    enforced, so that no other request comes between. An answer of 400 or more puts the state back
    unless the refusal commits.
    """

    def __init__(
        self, app: ASGIApp, worlds: Worlds, courier: Courier, own_webhook: OwnWebhook
    ) -> None:
        self._app = app
        self._worlds = worlds
        self._courier = courier
        self._own_webhook = own_webhook
        self._changed = asyncio.Event()

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
        world = self._worlds.default()
        exchange = Exchange(
            world=world,
            settings=self._worlds.settings,
            source=_source(scope, headers),
            oversize_of=limit if is_oversize else None,
        )
        method: str = scope["method"]
        inner = {**scope, KEY: exchange, "method": "GET" if method == "HEAD" else method}
        start, content = self._transact(inner, exchange, body, keeps=method != "HEAD")
        if exchange.poll_seconds > 0 and method != "HEAD":
            start, content = await self._poll(inner, exchange, body)
        if exchange.awaits_deliveries:
            await self._courier.settled(world)
            if exchange.asks_again:
                start, content = self._transact(inner, exchange, body)
        answer_headers = MutableHeaders(raw=start["headers"])
        answer_headers[STATE_HEADER] = str(world.state.digest)
        if method == "OPTIONS" and start["status"] == _METHOD_NOT_ALLOWED:
            # Real: Next.js answers OPTIONS by itself, with 204 and the methods there are.
            start["status"], content = 204, b""
            del answer_headers["content-length"], answer_headers["content-type"]
        await send(start)
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else content})
        # The answer is out; whoever serves the app takes the next request meanwhile.
        await self._courier.settled(world)

    def _transact(
        self, scope: dict[str, Any], exchange: Exchange, body: bytes, *, keeps: bool = True
    ) -> tuple[dict[str, Any], bytes]:
        """Run the surfaces once and put the state back if they refused or nothing is to be kept.

        Webhooks are handed over as part of it: to the control plane itself before the answer (and
        before the request, where the clock has moved by itself), to others with it.
        """
        world = exchange.world
        state = world.state
        self._own_webhook.deliver(world, exchange.settings)
        exchange.before = world.state
        try:
            start, content = _run(self._app, scope, body)
        except BaseException:
            world.state = state
            raise
        is_refused = start["status"] >= _REFUSED and not exchange.commits
        if is_refused or not keeps:
            world.state = exchange.before
        self._own_webhook.deliver(world, exchange.settings)
        self._courier.collect(world)
        if world.state is not state:
            self._changed.set()
            self._changed = asyncio.Event()
        return start, content

    async def _poll(
        self, scope: dict[str, Any], exchange: Exchange, body: bytes
    ) -> tuple[dict[str, Any], bytes]:
        """Ask again whenever a state has changed, until there is an answer or time is up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(exchange.poll_seconds):
                while exchange.poll_seconds > 0:
                    await self._changed.wait()
                    exchange.poll_seconds = 0
                    start, content = self._transact(scope, exchange, body)
                return start, content
        exchange.poll_seconds = 0
        return self._transact(scope, exchange, body)


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
    is_control = scope["path"].startswith("/_emulator")
    if is_control and origin is not None and not is_allowed_origin(origin, settings):
        return f"Origin {origin!r} may not control the emulator; start with --allowed-origin."
    return None


async def _send_forbidden(send: Send, message: str) -> None:
    body = orjson.dumps({"error": {"code": "forbidden", "message": message}})
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


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


def _run(app: ASGIApp, scope: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the start message and the content of an answer, produced without a suspension."""
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
    return start, parts[0] if len(parts) == 1 else b"".join(parts)


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
