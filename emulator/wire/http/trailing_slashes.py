"""Paths with a slash at their end, redirected to the route without it as the real servers do."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import FastAPI

from emulator.wire.http.asgi import RawResponse
from emulator.wire.http.errors import allowed_methods
from emulator.wire.http.router import Router

FASTAPI = 307
"""Real: Starlette's router redirects to the whole URL where a route has the path without the
slash, whatever its method (starlette 1.10, routing.py)."""

NEXT = 308
"""Real: Next.js redirects to the path alone, which it repeats in `Refresh` and the body (next 16,
router-server.ts). Assumed: only where a route has that path; Next.js asks first, and the client
then gets the same 404."""


def redirect_of(
    app: FastAPI | Router, scope: dict[str, Any], *, prefix: str, status: int
) -> RawResponse | None:
    """Return the redirect of a path that ends in a slash, or None where it does not, or where the
    app has no route without it. `prefix` is what the URL has before the path.
    """
    path: str = scope["path"]
    bare = path.rstrip("/")
    if bare == path or not _methods_of(app, bare):
        return None
    location = quote(prefix + bare).encode()
    if scope["query_string"]:
        location += b"?" + scope["query_string"]
    if status == NEXT:
        refresh = [(b"refresh", b"0;url=" + location)]
        return _answer(status, location, more=refresh, content=location)
    host = next((value for name, value in scope["headers"] if name == b"host"), b"localhost")
    return _answer(status, b"%b://%b%b" % (scope["scheme"].encode(), host, location))


def _methods_of(app: FastAPI | Router, path: str) -> list[str]:
    return app.allowed_methods(path) if isinstance(app, Router) else allowed_methods(app, path)


def _answer(
    status: int,
    location: bytes,
    *,
    more: list[tuple[bytes, bytes]] | None = None,
    content: bytes = b"",
) -> RawResponse:
    length = str(len(content)).encode()
    headers = [(b"location", location), (b"content-length", length), *(more or [])]
    return RawResponse(status=status, headers=headers, content=content)
