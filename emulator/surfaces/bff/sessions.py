"""Whose session a call of the dashboard carries, and which workspace it is about."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from starlette.requests import cookie_parser

from emulator.wire.cookies import read_session
from emulator.wire.exchange import exchange_of
from emulator.wire.tokens import read_token
from emulator.world.access import Actor
from emulator.world.refusals import LoginRequired
from emulator.world.sessions import session_actor
from emulator.world.times import SECOND

WORKSPACE_COOKIE = "worldflux_workspace"
"""Assumed: how the BFF keeps the workspace that the switcher chose is documented nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSession:
    """A session that is good, as the cookie held it; `expires_at` is in Unix seconds."""

    actor: Actor
    token: str
    expires_at: int


def require_session(request: Request) -> LiveSession:
    """Return the session of a request's cookies. Refuses LoginRequired."""
    exchange = exchange_of(request)
    stored = read_session(request.headers.get("cookie"), exchange.settings.session_cookie)
    token = (stored or {}).get("access_token")
    claims = read_token(token, exchange.settings) if isinstance(token, str) else None
    world = exchange.world
    if claims is None or claims.world != world.name or claims.session_id is None:
        raise LoginRequired
    if exchange.settings.is_wall_clock and claims.expires_at <= world.now // SECOND:
        raise LoginRequired
    actor = exchange.actor = session_actor(world, claims.session_id, source=exchange.source)
    return LiveSession(actor=actor, token=str(token), expires_at=claims.expires_at)


def workspace_context(request: Request) -> str | None:
    """Return the id of the workspace that a call names, or None to leave it to the upstream.

    Assumed: the header, else the query, else the cookie, else the user's first workspace.
    """
    return (
        request.headers.get("x-workspace-id")
        or request.query_params.get("workspace_id")
        or cookie_parser(request.headers.get("cookie", "")).get(WORKSPACE_COOKIE)
        or None
    )
