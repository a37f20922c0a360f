"""Between the server and the surfaces: reading a request whole, running an app, sending."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

RAW_SEND = "emulator.send"
"""Where the server's own `send` lies in the scope, before any middleware wrapped it."""


RawHeaders = Iterable[tuple[bytes, bytes]]


def first_of_each(raw: RawHeaders) -> dict[str, str]:
    """Return headers by their lower-case names, the first of each.

    Measured: a look-up in Starlette's `Headers` walks through all of them, and a request that
    finds its world makes a dozen.
    """
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(tuple(raw))}


@dataclass(slots=True, kw_only=True)
class Answer:
    """An answer that is not sent yet."""

    status: int
    headers: list[tuple[bytes, bytes]]
    content: bytes


async def read_body(receive: Receive, limit: int) -> tuple[bytes, bool]:
    """Return the whole body and whether it is above the limit in bytes; of one above it nothing is
    kept, but it is read to its end so that the connection stays usable.
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


def run(app: ASGIApp, scope: dict[str, Any], body: bytes) -> Answer:
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


async def send_whole(send: Send, answer: Answer) -> None:
    """Send an answer."""
    await send(_start(answer))
    await send({"type": "http.response.body", "body": answer.content})


async def send_part(
    scope: Scope, receive: Receive, send: Send, answer: Answer, *, size: int
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


def _start(answer: Answer) -> Message:
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
