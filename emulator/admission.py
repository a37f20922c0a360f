"""Which requests are looked at at all, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256

import orjson
from starlette.types import Scope

from emulator.guards import is_allowed_host, is_allowed_origin
from emulator.settings import Settings
from emulator.transport import Answer
from emulator.world.access import Source


def source_of(scope: Scope, headers: Mapping[str, str]) -> Source:
    """Return where a request came from, as the audit log keeps it."""
    client = scope.get("client")
    return Source(
        ip_hash=None if client is None else _ip_hash(client[0]),
        user_agent=headers.get("user-agent"),
    )


@lru_cache(maxsize=1024)
def _ip_hash(address: str) -> str:
    """Docs: "redacted IP hash" (privacy). Assumed: the first 16 digits of a SHA-256."""
    return sha256(address.encode()).hexdigest()[:16]


def why_refused(scope: Scope, headers: Mapping[str, str], settings: Settings) -> str | None:
    """Return why a request is not even looked at, or None. Guards against DNS rebinding."""
    host = headers.get("host")
    if host is not None and not is_allowed_host(host, settings):
        return f"Host {host!r} is neither loopback nor allowed; start with --allowed-host {host}."
    origin = headers.get("origin")
    is_control = "/_emulator" in scope["path"]
    if is_control and origin is not None and not is_allowed_origin(origin, settings):
        return f"Origin {origin!r} may not control the emulator; start with --allowed-origin."
    return None


def forbidden(message: str) -> Answer:
    """Return the answer to a request that is not looked at."""
    body = orjson.dumps({"error": {"code": "forbidden", "message": message}})
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    return Answer(status=403, headers=headers, content=body)
