"""Between the server and the surfaces: reading a request whole, running an app, sending."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emulator.wire.http.origins import is_loopback_host

RAW_SEND = "emulator.send"
"""Where the server's own `send` lies in the scope, before any middleware wrapped it."""

HURRY = "emulator.hurry"
"""Where a connection keeps, in the scope, the event that nothing is to be waited for any longer:
its client has gone or the server ends. In process there is none."""

MALFORMED = "emulator.malformed"
"""Where a connection notes, in the scope, the status and message of what it could not read."""

HEAD_MAX = 64 * 1024
"""Bytes of headers, and of a target, that a request may have."""


RawHeaders = Iterable[tuple[bytes, bytes]]


def first_of_each(raw: RawHeaders) -> dict[str, str]:
    """Return headers by their lower-case names, the first of each.

    Measured: a look-up in Starlette's `Headers` walks through all of them, and a request that
    finds its world makes a dozen.
    """
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(tuple(raw))}


@dataclass(slots=True, kw_only=True)
class RawResponse:
    """An answer that is not sent yet."""

    status: int
    headers: list[tuple[bytes, bytes]]
    content: bytes


def why_malformed(scope: Scope, headers: Mapping[str, str]) -> tuple[int, str] | None:
    """Return the status and message for what is no request that HTTP allows, or None.

    Real: HTTP/1.0 knows no Host header. A browser always sends one, so that a request without it
    needs no guard against DNS rebinding, but it has to come from this machine.
    """
    if MALFORMED in scope:
        status, message = scope[MALFORMED]
        return status, message
    raw, target = scope["headers"], scope.get("raw_path") or b""
    if sum(len(name) + len(value) for name, value in raw) > HEAD_MAX:
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
    if sum(name == b"host" for name, _ in raw) > 1:
        return 400, "The request has more than one Host header; send one."
    return None


_WITHOUT_HOST = ("1.0", "0.9")


def _is_local(scope: Scope) -> bool:
    server = scope.get("server")
    return server is None or is_loopback_host(server[0])


def too_large(target: bytes) -> tuple[int, str]:
    """Return the refusal of a head that is too large, as its target alone may be."""
    if len(target) > HEAD_MAX:
        return 414, f"The request's target is longer than {HEAD_MAX // 1024} kB; shorten it."
    return 431, f"The request has more than {HEAD_MAX // 1024} kB of headers; send fewer."


async def read_body(receive: Receive, limit: int) -> tuple[bytes, bool] | None:
    """Return the whole body and whether it is above the limit in bytes; of one above it nothing is
    kept, but it is read to its end so that the connection stays usable. None if the client went
    away before the end.
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


async def until_hurried(scope: Scope, work: Awaitable[object]) -> bool:
    """Wait for `work` and return True, or False as soon as nobody waits for the request any more;
    the work is cancelled then.
    """
    hurry: asyncio.Event | None = scope.get(HURRY)
    waiting = [asyncio.ensure_future(work)]
    if hurry is not None:
        waiting.append(asyncio.ensure_future(hurry.wait()))
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if waiting[0].done():
            waiting[0].result()
        return waiting[0].done()
    finally:
        for one in waiting:
            one.cancel()


def call_app(app: ASGIApp, scope: dict[str, Any], body: bytes) -> RawResponse:
    """Return an app's answer, which was produced without a suspension."""
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
    return RawResponse(status=start["status"], headers=list(start["headers"]), content=content)


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


async def send_whole(send: Send, answer: RawResponse) -> None:
    """Send an answer."""
    await send(_start(answer))
    await send({"type": "http.response.body", "body": answer.content})


async def send_part(
    scope: Scope, receive: Receive, send: Send, answer: RawResponse, *, size: int
) -> None:
    """Send the first `size` bytes of a body that is announced whole, and close the connection.

    A body without bytes has nothing to cut off and is sent as it is.
    """
    if not answer.content:
        await send_whole(send, answer)
        return
    await send(_start(answer))
    part = answer.content[: min(size, len(answer.content) - 1)]
    await send({"type": "http.response.body", "body": part, "more_body": True})
    transport = _transport(scope)
    if transport is None:
        raise ConnectionAbortedError("a fault cut this body off")
    transport.close()
    await _disconnected(receive)


async def drop(scope: Scope, receive: Receive) -> None:
    """Close the connection without an answer. In process, where there is none, raise
    ConnectionAbortedError.
    """
    transport = _transport(scope)
    if transport is None:
        raise ConnectionAbortedError("a fault dropped this connection")
    transport.abort()
    await _disconnected(receive)


def _start(answer: RawResponse) -> Message:
    return {
        "type": "http.response.start",
        "status": answer.status,
        "headers": answer.headers,
    }


def _transport(scope: Scope) -> Any:
    """Return the connection of a request as uvicorn holds it, or None elsewhere."""
    return getattr(getattr(scope.get(RAW_SEND), "__self__", None), "transport", None)


async def _disconnected(receive: Receive) -> None:
    """Wait until the server knows that the connection is gone; it then expects no more of us."""
    while (await receive())["type"] != "http.disconnect":
        pass
