"""Redirects: where a request may send a browser, and what the URL then carries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.supabase.errors import status_and_code
from emulator.wire.http.context import context_of
from emulator.wire.http.locations import location_of
from emulator.wire.http.origins import is_allowed_origin
from emulator.world.core.refusals import Refusal


def requested_redirect(request: Request) -> str | None:
    """Return the `redirect_to` of the query if it is allowed, else the calling page if that is
    allowed, else None, which stands for the site URL.

    Real: GoTrue falls back silently (supabase/auth internal/utilities/request.go, `GetReferrer`).
    """
    wanted = allowed_redirect(request, request.query_params.get("redirect_to"))
    return wanted or allowed_redirect(request, request.headers.get("referer"))


_UNSAFE = re.compile(r"[\x00-\x20\x7f]")


def allowed_redirect(request: Request, url: str | None) -> str | None:
    """Return a URL if a browser may be sent there, else None.

    Assumed: the allow-list is loopback, the site's own origin, and `--allowed-origin`.
    """
    context = context_of(request)
    if not url or _UNSAFE.search(url):
        return None
    origin, site = _origin(url), _origin(context.world.auth.site_url)
    if origin is None:
        return None
    return url if origin == site or is_allowed_origin(origin, context.settings) else None


def _origin(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return f"{parts.scheme}://{parts.netloc}"


_OAUTH_ERRORS = {400: "invalid_request", 403: "access_denied"}
"""Real: the names of OAuth 2 that GoTrue adds (supabase/auth internal/api/errors.go)."""


def redirect_refused(target: str, refusal: Refusal, *, is_pkce: bool) -> Response:
    """Return the redirect that carries a refusal."""
    status, code = status_and_code(refusal)
    error = {"error": _OAUTH_ERRORS[status]} if status in _OAUTH_ERRORS else {}
    members = {**error, "error_code": code, "error_description": refusal.message}
    return redirect_with_message(target, members, is_pkce=is_pkce)


def redirect_with_message(target: str, members: Mapping[str, str], *, is_pkce: bool) -> Response:
    """Return a redirect that carries members in its fragment; in a PKCE flow, in its query too."""
    if is_pkce:
        target = _with_query(target, members)
    bare, _, _ = target.partition("#")
    return redirect_with_fragment(bare, {**members, "sb": ""})


def redirect_with_query(target: str, members: Mapping[str, str]) -> Response:
    """Return a redirect that carries members in its query."""
    return _redirect(_with_query(target, members))


def redirect_with_fragment(target: str, members: Mapping[str, object]) -> Response:
    """Return a redirect that carries members in its fragment."""
    return _redirect(f"{target}#{urlencode(members)}")


def _with_query(url: str, members: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    joined = "&".join(part for part in (parts.query, urlencode(members)) if part)
    return urlunsplit(parts._replace(query=joined))


def _redirect(url: str) -> Response:
    return Response(status_code=303, headers={"Location": location_of(url)})
