"""ASGI plumbing: reading a request, calling an app, sending a response."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar, cast

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emulator.wire.http.origins import is_loopback_host

RAW_SEND = "emulator.send"
"""The key of the server's own `send` in the scope, before any middleware wrapped it."""

GIVEN_UP = "emulator.given_up"
"""The key, in the scope, of the event that is set once nobody waits for the response: the client
has gone or the server ends. In process there is none."""

CACHE_KEY = "emulator.cache_key"
"""The key, in the scope, under which the response may be cached: the server looked there first."""

MALFORMED = "emulator.malformed"
"""The key, in the scope, of the status and message of a request that could not be read."""

HEAD_MAX = 64 * 1024
"""Bytes of headers, and of a target, that a request may have."""

T = TypeVar("T")

RawHeaders = Iterable[tuple[bytes, bytes]]


def first_of_each(raw: RawHeaders) -> dict[str, str]:
    """Return headers by their lower-case names, the first of each.

    Measured: a look-up in Starlette's `Headers` walks through all of them, and the pipeline makes
    a dozen for each request.
    """
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(tuple(raw))}


@dataclass(slots=True, kw_only=True)
class RawResponse:
    """A response before it is sent."""

    status: int
    headers: list[tuple[bytes, bytes]]
    content: bytes

    @property
    def is_error(self) -> bool:
        """Whether the status is 400 or more."""
        return self.status >= _ERROR


_ERROR = 400


def raw_response(response: Response) -> RawResponse:
    """Return a response of Starlette's before it is sent."""
    return RawResponse(
        status=response.status_code, headers=response.raw_headers, content=bytes(response.body)
    )


def http_scope(
    method: str,
    path: str,
    *,
    query: bytes = b"",
    headers: RawHeaders = (),
    raw_path: bytes | None = None,
    scheme: str = "http",
    http_version: str = "1.1",
    client: tuple[str, int] | None = None,
    server: tuple[str, int | None] | None = None,
) -> dict[str, Any]:
    """Return the ASGI scope of a request."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": http_version,
        "method": method,
        "scheme": scheme,
        "path": path,
        "raw_path": path.encode() if raw_path is None else raw_path,
        "root_path": "",
        "query_string": query,
        "headers": list(headers),
        "client": client,
        "server": server,
    }


def why_malformed(scope: Scope, headers: Mapping[str, str]) -> tuple[int, str] | None:
    """Return the status and message for a request that HTTP does not allow, or None.

    Real: HTTP/1.0 has no Host header (RFC 1945). A browser always sends one, so that a request
    without it needs no guard against DNS rebinding, but it must come from this machine.
    """
    if MALFORMED in scope:
        status, message = scope[MALFORMED]
        return status, message
    raw, target = scope["headers"], scope.get("raw_path") or b""
    if sum(map(len, chain.from_iterable(raw))) > HEAD_MAX:
        return too_large(b"")
    if len(target) + len(scope["query_string"]) > HEAD_MAX:
        return too_large(target + scope["query_string"])
    if not scope["path"].startswith("/"):
        return 400, f"The target {scope['path']!r} is not a path; send one that begins with '/'."
    host = headers.get("host")
    if host is None and scope["http_version"] in _WITHOUT_HOST and _is_local(scope):
        return None
    if not host:
        return 400, "The request has no Host header, or an empty one; name the host it is for."
    if [name for name, _ in raw].count(b"host") > 1:
        return 400, "The request has more than one Host header; send one."
    return None


_WITHOUT_HOST = ("1.0", "0.9")


def _is_local(scope: Scope) -> bool:
    server = scope.get("server")
    return server is None or is_loopback_host(server[0])


def too_large(target: bytes) -> tuple[int, str]:
    """Return the status and message for a head that is too large, or whose target is."""
    if len(target) > HEAD_MAX:
        return 414, f"The request's target is longer than {HEAD_MAX // 1024} kB; shorten it."
    return 431, f"The request has more than {HEAD_MAX // 1024} kB of headers; send fewer."


async def read_body(receive: Receive, limit: int) -> tuple[bytes, bool] | None:
    """Return the whole body and whether it is above the limit in bytes.

    A body above the limit is discarded, but read to its end so that the connection stays usable.
    Returns None if the client went away before the end.
    """
    message = await receive()
    if message["type"] == "http.disconnect":
        return None
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        return (body, False) if len(body) <= limit else (b"", True)
    parts, size = [body], len(body)
    while message.get("more_body", False):
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part: bytes = message.get("body", b"")
        size += len(part)
        if size <= limit:
            parts.append(part)
        else:
            parts.clear()
    return b"".join(parts), size > limit


async def until_given_up(given_up: asyncio.Event | None, work: Awaitable[object]) -> bool:
    """Wait for `work` and return True, or False as soon as nobody waits for the response; the work
    is canceled then.
    """
    waiting = [asyncio.ensure_future(work)]
    if given_up is not None:
        waiting.append(asyncio.ensure_future(given_up.wait()))
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if waiting[0].done():
            waiting[0].result()
        return waiting[0].done()
    finally:
        for task in waiting:
            task.cancel()


def call_app(app: ASGIApp, scope: dict[str, Any], body: bytes) -> RawResponse:
    """Return an app's response, which it must produce in one step, without waiting."""
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
        finish(app(scope, receive, send))
    except Exception:
        # Starlette answers a bug and raises it again; it is logged where it was answered.
        if not start:
            raise
    content = parts[0] if len(parts) == 1 else b"".join(parts)
    return RawResponse(status=start["status"], headers=list(start["headers"]), content=content)


def finish(work: Awaitable[T]) -> T:
    """Return the result of a coroutine, which is run to its end in one step. Waiting is a bug in
    the handler and raises.
    """
    coroutine = cast(Coroutine[Any, Any, T], work)
    waited = RuntimeError("a handler waited: operations and handlers must run to their end at once")
    try:
        coroutine.send(None)
        # Raised where it waits, so that the traceback shows the place and the surface answers.
        coroutine.throw(waited)
    except StopIteration as ended:
        return cast(T, ended.value)
    coroutine.close()
    raise waited


async def send_whole(send: Send, response: RawResponse) -> None:
    """Send a response."""
    await send(response_start(response))
    await send({"type": "http.response.body", "body": response.content})


def response_start(response: RawResponse) -> Message:
    """Return the message that starts a response."""
    return {
        "type": "http.response.start",
        "status": response.status,
        "headers": response.headers,
    }
