"""HTTP clients for tests, from httpx or httpx2, whichever is installed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from emulator.client.transports import InProcessTransport, Transport, UnreachableError

if TYPE_CHECKING:
    import httpx

__tracebackhide__ = True  # pytest's traceback of a failure ends in the test

_LIBRARIES = ("httpx", "httpx2")


def library() -> Any:
    """Import and return the HTTP library. Raises ImportError, which says what to install."""
    for name in _LIBRARIES:
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
    raise ImportError("The clients of a world need httpx: pip install httpx.")


def make_client(transport: Transport, headers: Mapping[str, str]) -> httpx.Client:
    """Return a client of a transport, with default headers. Ignores proxies in the environment."""
    http = library()
    client = http.Client(
        base_url=transport.url,
        headers=dict(headers),
        transport=_in_process(http, transport),
        trust_env=False,
    )
    return cast("httpx.Client", client)


def make_async_client(transport: Transport, like: httpx.Client) -> httpx.AsyncClient:
    """Return a client for asyncio with the headers and cookies of another client."""
    http = library()
    client = http.AsyncClient(
        base_url=transport.url,
        headers=like.headers,
        cookies=like.cookies,
        transport=_in_process_async(http, transport),
        trust_env=False,
    )
    return cast("httpx.AsyncClient", client)


def _in_process(http: Any, transport: Transport) -> Any:
    """Return the library's transport to an app in this process; None is its own, over HTTP."""
    if not isinstance(transport, InProcessTransport):
        return None

    def respond(request: Any) -> Any:
        return _respond(http, transport, request, request.read())

    return http.MockTransport(respond)


def _in_process_async(http: Any, transport: Transport) -> Any:
    """Return the library's transport to an app in this process; None is its own, over HTTP."""
    if not isinstance(transport, InProcessTransport):
        return None

    async def respond(request: Any) -> Any:
        body = await request.aread()
        return await asyncio.to_thread(_respond, http, transport, request, body)

    return http.MockTransport(respond)


def _respond(http: Any, transport: InProcessTransport, request: Any, body: bytes) -> Any:
    target = request.url.raw_path.decode("ascii")
    headers = tuple(request.headers.multi_items())
    try:
        response = transport.request(request.method, target, headers=headers, body=body)
    except UnreachableError as error:
        raise http.RemoteProtocolError(str(error), request=request) from error
    return http.Response(response.status, headers=list(response.headers), content=response.content)
