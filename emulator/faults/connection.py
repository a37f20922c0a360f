"""Connection faults: closing a connection without a response, or in the middle of a body."""

from __future__ import annotations

from typing import Any

from starlette.types import Receive, Scope, Send

from emulator.wire.http.asgi import RAW_SEND, RawResponse, response_start, send_whole


async def send_part(
    scope: Scope, receive: Receive, send: Send, response: RawResponse, *, size: int
) -> None:
    """Send the first `size` bytes of a body that is announced whole, and close the connection.

    A body without bytes cannot be cut off and is sent as it is. In process, where there is no
    connection, raises ConnectionAbortedError.
    """
    if not response.content:
        await send_whole(send, response)
        return
    await send(response_start(response))
    part = response.content[: min(size, len(response.content) - 1)]
    await send({"type": "http.response.body", "body": part, "more_body": True})
    transport = _transport(scope)
    if transport is None:
        raise ConnectionAbortedError("a fault cut this body off")
    transport.close()
    await _disconnected(receive)


async def drop(scope: Scope, receive: Receive) -> None:
    """Close the connection without a response. In process, where there is no connection, raises
    ConnectionAbortedError.
    """
    transport = _transport(scope)
    if transport is None:
        raise ConnectionAbortedError("a fault dropped this connection")
    transport.abort()
    await _disconnected(receive)


def _transport(scope: Scope) -> Any:
    """Return the connection of a request as uvicorn holds it, or None elsewhere."""
    return getattr(getattr(scope.get(RAW_SEND), "__self__", None), "transport", None)


async def _disconnected(receive: Receive) -> None:
    """Wait until the server has noticed that the connection is closed; it then expects nothing."""
    while (await receive())["type"] != "http.disconnect":
        pass
