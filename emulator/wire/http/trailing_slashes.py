"""Trailing slashes, redirected to the route without one as the real servers do."""

from __future__ import annotations

from urllib.parse import quote

from emulator.wire.http.asgi import RawResponse
from emulator.wire.http.incoming_request import IncomingRequest
from emulator.wire.world_address import PREFIX

FASTAPI = 307
"""Real: Starlette's router redirects to the whole URL where a route has the path without the
slash, whatever its method (starlette 1.10, routing.py)."""

NEXT = 308
"""Real: Next.js redirects to the path alone, which it repeats in `Refresh` and the body (next 16,
router-server.ts). Assumed: only where a route has that path; Next.js redirects first, and the
client then gets the same 404."""


def redirect_of(request: IncomingRequest) -> RawResponse | None:
    """Return the redirect of a path with a trailing slash, or None where the surface redirects none
    or has no route without the slash.
    """
    status, path = request.surface.slash_status, request.path
    if status is None or not path.endswith("/"):
        return None
    bare = path.rstrip("/")
    if not request.surface.allowed_methods(bare):
        return None
    prefix = "" if request.world_prefix is None else f"{PREFIX}{request.world_prefix}"
    location = quote(prefix + bare).encode()
    if request.query:
        location += b"?" + request.query
    if status == NEXT:
        refresh = (b"refresh", b"0;url=" + location)
        return _response(status, location, refresh, content=location)
    host = next((value for name, value in request.raw_headers if name == b"host"), b"localhost")
    return _response(status, b"%b://%b%b" % (request.scheme.encode(), host, location))


def _response(
    status: int, location: bytes, *more: tuple[bytes, bytes], content: bytes = b""
) -> RawResponse:
    length = str(len(content)).encode()
    headers = [(b"location", location), (b"content-length", length), *more]
    return RawResponse(status=status, headers=headers, content=content)
