"""HTTP clients for tests, made of whichever of httpx and httpx2 is installed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from emulator.client.transports import InProcessTransport, Transport, UnreachableError

if TYPE_CHECKING:
    import httpx

__tracebackhide__ = True  # what pytest shows of a failure ends in the test

_LIBRARIES = ("httpx", "httpx2")


def library() -> Any:
    """Return the HTTP library, imported on first use. Raises ImportError with the remedy."""
    for name in _LIBRARIES:
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
    raise ImportError("Clients of a world are httpx clients: pip install httpx.")


def make_client(line: Transport, headers: Mapping[str, str]) -> httpx.Client:
    """Return a client on a line, with headers of its own. Proxies are not asked."""
    http = library()
    transport = _in_process(http, line) if isinstance(line, InProcessTransport) else None
    client = http.Client(
        base_url=line.url, headers=dict(headers), transport=transport, trust_env=False
    )
    return cast("httpx.Client", client)


def make_async_client(line: Transport, like: httpx.Client) -> httpx.AsyncClient:
    """Return a client for coroutines of asyncio with the headers and cookies of another."""
    http = library()
    transport = _in_process_async(http, line) if isinstance(line, InProcessTransport) else None
    client = http.AsyncClient(
        base_url=line.url,
        headers=like.headers,
        cookies=like.cookies,
        transport=transport,
        trust_env=False,
    )
    return cast("httpx.AsyncClient", client)


def _in_process(http: Any, line: InProcessTransport) -> Any:
    def answer(request: Any) -> Any:
        return _answer(http, line, request, request.read())

    return http.MockTransport(answer)


def _in_process_async(http: Any, line: InProcessTransport) -> Any:
    async def answer(request: Any) -> Any:
        body = await request.aread()
        return await asyncio.to_thread(_answer, http, line, request, body)

    return http.MockTransport(answer)


def _answer(http: Any, line: InProcessTransport, request: Any, body: bytes) -> Any:
    target = request.url.raw_path.decode("ascii")
    headers = tuple(request.headers.multi_items())
    try:
        reply = line.pass_on(request.method, target, headers=headers, body=body)
    except UnreachableError as error:
        raise http.RemoteProtocolError(str(error), request=request) from error
    return http.Response(reply.status, headers=list(reply.headers), content=reply.content)
