"""Host and Origin guard: protects against DNS rebinding and against pages of other sites."""

from __future__ import annotations

from functools import lru_cache, partial

from emulator.settings import Settings
from emulator.wire.http.incoming_request import IncomingRequest
from emulator.wire.http.origins import (
    host_name,
    is_allowed_host,
    is_allowed_origin,
    is_of_another_site,
)
from emulator.wire.http.surface import CONTROL
from emulator.world.core.refusals import Forbidden

_SIMPLE_TYPES = ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data")
"""The types of bodies that a browser sends to another site without a preflight."""

_REMEDY = "start with --allowed-origin and the origin of that page"


class HostGuard:
    """Rejects requests before their body is read."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # Not of the module: a key with the settings takes longer to hash than to compare.
        self._is_allowed_host = lru_cache(maxsize=1024)(partial(is_allowed_host, settings=settings))

    def refusal_of(self, request: IncomingRequest) -> Forbidden | None:
        """Return why a request is refused, or None: a Host that is not allowed (DNS rebinding), or
        a page of another site that would control the emulator or act on the dashboard's BFF.
        """
        host = request.headers.get("host")
        if host is not None and not self._is_allowed_host(host):
            return Forbidden(_host_message(host))
        if request.surface.name == CONTROL:
            return self._refusal_by_control(request)
        if request.surface.name == "bff":
            return self._refusal_by_bff(request)
        return None

    def _refusal_by_bff(self, request: IncomingRequest) -> Forbidden | None:
        if not _has_simple_body(request):
            return None
        is_foreign = is_of_another_site(request.headers, self._settings)
        if not is_foreign and not self._is_cross_origin(request):
            return None
        message = "A page of another site may send the BFF only bodies of application/json"
        return Forbidden(f"{message}; {_REMEDY}.")

    def _refusal_by_control(self, request: IncomingRequest) -> Forbidden | None:
        origin = request.headers.get("origin")
        if origin is not None and not is_allowed_origin(origin, self._settings):
            message = f"Origin {origin!r} may not control the emulator"
            return Forbidden(f"{message}; start with --allowed-origin.")
        is_foreign = is_of_another_site(request.headers, self._settings)
        if is_foreign and not _is_navigation(request):
            message = "A page of another site may not control the emulator"
            return Forbidden(f"{message}; {_REMEDY}.")
        return None

    def _is_cross_origin(self, request: IncomingRequest) -> bool:
        """Return whether a page of another host sent this, judged by its origin: browsers send
        Sec-Fetch-Site only to loopback and over https.
        """
        origin = request.headers.get("origin")
        if origin is None or origin.partition("://")[2] == request.headers.get("host"):
            return False
        return not is_allowed_origin(origin, self._settings)


def _host_message(host: str) -> str:
    name = host_name(host)
    if name is None:
        return f"Host {host!r} is not a name with an optional port; send one, such as localhost."
    return f"Host {host!r} is neither loopback nor allowed; start with --allowed-host {name}."


def _is_navigation(request: IncomingRequest) -> bool:
    """Return whether a person follows a link, which a page can cause but whose response it cannot
    read.
    """
    return request.sent_method == "GET" and request.headers.get("sec-fetch-dest") == "document"


def _has_simple_body(request: IncomingRequest) -> bool:
    """Return whether there is a body that the BFF would read and that needed no preflight."""
    headers = request.headers
    has_body = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return has_body and media_type in _SIMPLE_TYPES
