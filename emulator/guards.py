"""Which Host and Origin headers are let through: loopback, and what the settings list."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from emulator.settings import Settings

LOOPBACK_ORIGIN = r"https?://(?:(?:[a-z0-9-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?"
"""Origins of pages on this machine, on any port."""

_LOOPBACK = re.compile(LOOPBACK_ORIGIN, re.IGNORECASE)


@lru_cache(maxsize=1024)
def is_allowed_host(host: str, settings: Settings) -> bool:
    """Tell whether a Host header, with or without a port, names this server."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return False
    if name in settings.allowed_hosts or name == urlsplit(settings.public_url).hostname:
        return True
    return is_loopback_host(name)


def is_loopback_host(name: str) -> bool:
    """Tell whether a host name without a port is this machine's own."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def is_allowed_origin(origin: str, settings: Settings) -> bool:
    """Tell whether pages of that origin may read answers and control the emulator."""
    return origin in settings.allowed_origins or _LOOPBACK.fullmatch(origin) is not None
