"""Session and workspace of a call of the dashboard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.bff.proxy import REFUSED
from emulator.wire.gotrue.session_cookie import (
    NO_STORE,
    read_cookies,
    read_session,
    session_cookies,
)
from emulator.wire.gotrue.tokens import is_expired, read_token
from emulator.wire.gotrue.views import session_view
from emulator.wire.http.context import RequestContext, context_of
from emulator.wire.http.headers import header_of
from emulator.wire.http.queries import query_members
from emulator.wire.world_tags import untagged
from emulator.world.core.access import Actor
from emulator.world.core.refusals import (
    LoginRequired,
    SessionExpired,
    UnknownRefreshToken,
    UserBanned,
)
from emulator.world.identity.sessions import refresh_session, session_actor

WORKSPACE_COOKIE = "worldflux_workspace"
"""The cookie with the workspace that the switcher chose. Assumed: the cookie's name is not
documented, so it is the product's name with what the cookie holds."""

MARGIN_SECONDS = 90
"""Real: auth-js, which @supabase/ssr calls, renews a token that has less time left
(@supabase/auth-js, lib/constants.ts, EXPIRY_MARGIN_MS)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSession:
    """A session that has neither ended nor expired."""

    actor: Actor
    token: str
    expires_at: int
    """Unix seconds."""

    renewed: dict[str, Any] | None = None
    """What the cookie is to hold from now on, where its token was about to expire."""

    def set_cookies(self, request: Request, response: Response) -> Response:
        """Return the response, with the cookies of a renewed session unless it refuses: a refused
        request changes nothing.
        """
        if self.renewed is not None and response.status_code < REFUSED:
            name = context_of(request).settings.session_cookie
            response.headers.update(NO_STORE)
            for cookie in session_cookies(name, self.renewed, request.headers.get("cookie")):
                response.headers.append("set-cookie", cookie)
        return response


def require_session(request: Request) -> LiveSession:
    """Return the session of a request's cookies, renewed if need be. Raises LoginRequired."""
    context = context_of(request)
    cookies = header_of(request.scope, b"cookie")
    stored = read_session(cookies, context.settings.session_cookie) or {}
    token = stored.get("access_token")
    claims = read_token(token, context.settings) if isinstance(token, str) else None
    world = context.world
    if claims is None or claims.world != world.name or claims.session_id is None:
        raise LoginRequired
    if is_expired(claims, world, context.settings, margin_seconds=MARGIN_SECONDS - 1):
        return _renewed(context, stored.get("refresh_token"))
    actor = context.outcome.actor = session_actor(world, claims.session_id, source=context.source)
    return LiveSession(actor=actor, token=str(token), expires_at=claims.expires_at)


def _renewed(context: RequestContext, refresh_token: Any) -> LiveSession:
    """Return the session of a refresh token, as @supabase/ssr renews it before any page."""
    world = context.world
    bare = untagged(refresh_token, world) if isinstance(refresh_token, str) else None
    try:
        signed_in = refresh_session(world, refresh_token=bare or "")
    except (UnknownRefreshToken, SessionExpired, UserBanned):
        raise LoginRequired from None
    renewed = session_view(world, context.settings, signed_in)
    return LiveSession(
        actor=session_actor(world, signed_in.session.id, source=context.source),
        token=renewed["access_token"],
        expires_at=renewed["expires_at"],
        renewed=renewed,
    )


def workspace_context(request: Request) -> str | None:
    """Return the id of the workspace that a call names, or None to leave it to the upstream.

    Assumed: the workspace comes from the header, else the query, else the cookie, else it is the
    user's first; the page says only that the BFF adds the workspace context.
    """
    scope = request.scope
    named = header_of(scope, b"x-workspace-id")
    if not named and scope["query_string"]:
        named = query_members(scope["query_string"]).get("workspace_id")
    if not named:
        cookies = header_of(scope, b"cookie") or ""
        named = read_cookies(cookies).get(WORKSPACE_COOKIE) if WORKSPACE_COOKIE in cookies else None
    return named or None
