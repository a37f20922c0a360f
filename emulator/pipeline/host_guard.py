"""Which requests are looked at at all, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256

from starlette.types import Scope

from emulator.settings import Settings
from emulator.wire.http.origins import (
    host_name,
    is_allowed_host,
    is_allowed_origin,
    is_of_another_site,
)
from emulator.world.core.access import Source
from emulator.world.core.refusals import Forbidden


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


_UNASKED_TYPES = ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data")
"""The types of bodies that a browser sends to another site without asking by a preflight."""


def refusal_of(
    scope: Scope, headers: Mapping[str, str], settings: Settings, *, surface: str
) -> Forbidden | None:
    """Return why a request goes no further, or None: a Host that is not ours (DNS rebinding), or a
    page of another site that would control the emulator or act on the dashboard's BFF.
    """
    host = headers.get("host")
    if host is not None and not is_allowed_host(host, settings):
        return Forbidden(_of_host(host))
    origin = headers.get("origin")
    if surface == "control" and origin is not None and not is_allowed_origin(origin, settings):
        said = f"Origin {origin!r} may not control the emulator"
        return Forbidden(f"{said}; start with --allowed-origin.")
    is_foreign = is_of_another_site(headers, settings)
    remedy = "start with --allowed-origin and the origin of that page"
    if surface == "control" and is_foreign and not _is_navigation(scope, headers):
        return Forbidden(f"A page of another site may not control the emulator; {remedy}.")
    if (
        surface == "bff"
        and _is_unasked_body(headers)
        and (is_foreign or _crosses(headers, settings))
    ):
        said = "A page of another site may send the BFF no body but application/json"
        return Forbidden(f"{said}; {remedy}.")
    return None


def _crosses(headers: Mapping[str, str], settings: Settings) -> bool:
    """Tell whether a page of another host sent this, by its origin: where the emulator is reached
    over http by another name than loopback, browsers send no Sec-Fetch-Site.
    """
    origin = headers.get("origin")
    is_own = origin is None or origin.partition("://")[2] == headers.get("host")
    return not is_own and not is_allowed_origin(str(origin), settings)


def _of_host(host: str) -> str:
    name = host_name(host)
    if name is None:
        return f"Host {host!r} is not a name with an optional port; send one, such as localhost."
    return f"Host {host!r} is neither loopback nor allowed; start with --allowed-host {name}."


def _is_navigation(scope: Scope, headers: Mapping[str, str]) -> bool:
    """Tell whether a person follows a link, which a page can have a browser do but not read."""
    return scope["method"] == "GET" and headers.get("sec-fetch-dest") == "document"


def _is_unasked_body(headers: Mapping[str, str]) -> bool:
    """Tell whether there is a body that the BFF would read and no preflight came before."""
    has_body = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return has_body and media_type in _UNASKED_TYPES
