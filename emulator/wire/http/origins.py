"""Allowed hosts, origins and sites: loopback, and those that the settings list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from emulator.settings import Settings

LOOPBACK_ORIGIN = r"https?://(?:(?:[a-z0-9-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?"
"""Origins of pages on this machine, on any port."""

_LOOPBACK = re.compile(LOOPBACK_ORIGIN, re.IGNORECASE)
_HOST = re.compile(
    r"(?:(?P<name>[a-z0-9._-]+)|\[(?P<address>[0-9a-f:.]+)\])(?::\d+)?", re.IGNORECASE | re.ASCII
)


def is_allowed_host(host: str, settings: Settings) -> bool:
    """Return whether a Host header, with or without a port, names this server."""
    name = host_name(host)
    if name is None:
        return False
    if name in settings.allowed_hosts or name == urlsplit(settings.public_url).hostname:
        return True
    return is_loopback_host(name)


def host_name(host: str) -> str | None:
    """Return the name in a Host header in lower case, or None where the header is malformed."""
    parts = _HOST.fullmatch(host)
    return None if parts is None else (parts["name"] or parts["address"]).lower()


def is_loopback_host(name: str) -> bool:
    """Return whether a host name without a port is this machine's own."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def is_allowed_origin(origin: str, settings: Settings) -> bool:
    """Return whether pages of that origin may read responses and control the emulator."""
    return origin in settings.allowed_origins or _LOOPBACK.fullmatch(origin) is not None


def is_of_another_site(headers: Mapping[str, str], settings: Settings) -> bool:
    """Return whether a page of another site, whose origin is not allowed, made a browser send this.

    Browsers state it in Sec-Fetch-Site; an image or a link of such a page carries no Origin.
    """
    if headers.get("sec-fetch-site") != "cross-site":
        return False
    origin = headers.get("origin")
    return origin is None or not is_allowed_origin(origin, settings)
