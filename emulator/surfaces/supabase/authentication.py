"""Authentication of GoTrue's callers: a session's access token, or the service key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from starlette.requests import Request

from emulator.contract.catalog import Caller
from emulator.surfaces.supabase.errors import GoTrueError
from emulator.wire.gotrue.tokens import SERVICE, Claims, is_expired, read_token
from emulator.wire.http.context import context_of
from emulator.wire.http.headers import header_of
from emulator.world.core.refusals import LoginRequired
from emulator.world.identity import sessions
from emulator.world.identity.accounts import is_banned
from emulator.world.records.identity import User

NO_AUTHORIZATION = partial(
    GoTrueError, "no_authorization", "This endpoint requires a valid Bearer token"
)
BAD_JWT = partial(GoTrueError, "bad_jwt", "invalid JWT: unable to parse or verify signature")
NO_SUBJECT = partial(GoTrueError, "bad_jwt", "invalid claim: missing sub claim")
USER_DELETED = partial(
    GoTrueError, "user_not_found", "User from sub claim in JWT does not exist", status=403
)
SESSION_NOT_FOUND = partial(
    GoTrueError, "session_not_found", "Session from session_id claim in JWT does not exist"
)
"""The session has ended. Clients take this code, and only this one, as signed out."""

BANNED = partial(GoTrueError, "user_banned", "User is banned")
NOT_ADMIN = partial(GoTrueError, "not_admin", "User not allowed")


def require_caller(request: Request, caller: Caller) -> None:
    """Check who calls, and note the user behind a session.

    Raises GoTrueError for anyone that an operation is not for.
    """
    _CHECKS[caller](request)


def _require_user(request: Request) -> None:
    context = context_of(request)
    claims = _claims(request)
    if claims.session_id is None or claims.user_id is None:
        raise NO_SUBJECT()
    user = context.world.get(User, claims.user_id)
    if user is None:
        raise USER_DELETED()
    try:
        actor = sessions.session_actor(context.world, claims.session_id, source=context.source)
    except LoginRequired:
        raise SESSION_NOT_FOUND() from None
    if is_banned(user, context.world.now):
        raise BANNED()
    context.outcome.actor = actor


def _require_service(request: Request) -> None:
    if _claims(request).role != SERVICE:
        raise NOT_ADMIN()


_CHECKS: Mapping[Caller, Callable[[Request], None]] = {
    "anyone": lambda _: None,
    "user": _require_user,
    "service": _require_service,
}
"""The check of each kind of caller that an operation of GoTrue declares."""


def _claims(request: Request) -> Claims:
    context = context_of(request)
    scheme, _, token = (header_of(request.scope, b"authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NO_AUTHORIZATION()
    claims = read_token(token.strip(), context.settings)
    world = context.world
    if claims is None or (claims.world != world.name and not claims.is_key_of_default):
        raise BAD_JWT()
    if is_expired(claims, world, context.settings):
        raise BAD_JWT()
    return claims
