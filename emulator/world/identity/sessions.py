"""Sessions and their refresh tokens: signing in, refreshing and signing out."""

from __future__ import annotations

from dataclasses import dataclass, replace

from emulator.world.core import jobs
from emulator.world.core.access import UNKNOWN, Actor, Source
from emulator.world.core.audit import record_audit
from emulator.world.core.refusals import (
    BadPassword,
    EmailNotConfirmed,
    LoginRequired,
    ReusedRefreshToken,
    SessionExpired,
    UnknownRefreshToken,
    UserBanned,
)
from emulator.world.core.times import DAY, SECOND
from emulator.world.core.world import World
from emulator.world.identity import accounts, passwords, pkce
from emulator.world.records.identity import RefreshToken, Session, User
from emulator.world.records.types import AuthMethod
from emulator.world.store import ids

TIMEBOX = "end session"
"""The job that ends a session at its time limit."""

REMOVE = "forget session"
"""The job that removes a session a day after its time limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A live session with its user and its active refresh token."""

    user: User
    session: Session
    refresh_token: RefreshToken


def sign_in(world: World, *, email: str, password: str, source: Source = UNKNOWN) -> SignedIn:
    """Open a session for an e-mail and password.

    Raises BadPassword, also for an unknown e-mail, UserBanned, and EmailNotConfirmed only if the
    password is right. Real: GoTrue's order of checks; an unconfirmed address is refused even if
    sign-ups need no confirmation (supabase/auth internal/api/token.go).
    """
    user = world.find(User, "email", email.lower())
    has_password = passwords.has_password(user, password)
    if user is None or not user.password_hash:
        raise BadPassword
    if accounts.is_banned(user, world.now):
        raise UserBanned
    if not has_password:
        raise BadPassword
    if user.email_confirmed_at is None:
        raise EmailNotConfirmed
    return open_session(world, user, method="password", source=source)


def open_session(
    world: World, user: User, *, method: AuthMethod, source: Source = UNKNOWN
) -> SignedIn:
    """Open a session for an authenticated user. Raises UserBanned."""
    if accounts.is_banned(user, world.now):
        raise UserBanned
    user = accounts.put_user(world, replace(user, last_sign_in_at=world.now))
    session_id, ordinal = world.new_id("session")
    session = Session(
        id=session_id, user_id=user.id, method=method, created_at=world.now, ordinal=ordinal
    )
    world.put(session)
    timebox = world.auth.session_timebox_seconds
    if timebox is not None:
        jobs.schedule(world, TIMEBOX, session.id, due=world.now + timebox * SECOND)
    actor = Actor(user_id=user.id, session_id=session.id, source=source)
    record_audit(world, actor, "session.created", session)
    token = _issue_refresh_token(world, session, parent=None)
    return SignedIn(user=user, session=session, refresh_token=token)


def exchange_flow(
    world: World, *, auth_code: str, verifier: str, source: Source = UNKNOWN
) -> SignedIn:
    """Open the session of a proved PKCE flow.

    Raises UnknownFlow, ExpiredFlow, BadVerifier, UserBanned.
    """
    flow = pkce.redeem_flow(world, auth_code=auth_code, verifier=verifier)
    user = world.expect(User, flow.user_id)
    return open_session(world, user, method=flow.method, source=source)


def _issue_refresh_token(world: World, session: Session, *, parent: str | None) -> RefreshToken:
    ordinal = world.ordinal("refresh_token")
    token = RefreshToken(
        id=ids.as_base36(world.derive("refresh_token", ordinal), length=12),
        session_id=session.id,
        parent=parent,
        is_used=False,
        created_at=world.now,
        ordinal=ordinal,
    )
    world.put(token)
    return token


def refresh_session(world: World, *, refresh_token: str) -> SignedIn:
    """Exchange a refresh token for the next one.

    Real: the parent of the active token can be reused (by two tabs, or after a lost response) and
    returns the active token; an older token revokes the family (supabase/auth
    internal/tokens/service.go). Raises UnknownRefreshToken, UserBanned, SessionExpired,
    ReusedRefreshToken, checked in this order.
    """
    token = world.get(RefreshToken, refresh_token)
    if token is None:
        raise UnknownRefreshToken
    session = world.expect(Session, token.session_id)
    user = world.expect(User, session.user_id)
    if accounts.is_banned(user, world.now):
        raise UserBanned("Invalid Refresh Token: User Banned")
    if session.expired_at is not None:
        raise SessionExpired
    active = world.newest(RefreshToken, "session", session.id, limit=1)[0]
    if not active.is_used and token.id == active.parent:
        return SignedIn(user=user, session=session, refresh_token=active)
    if token.is_used:
        _revoke_family(world, session)
        raise ReusedRefreshToken
    world.put(replace(token, is_used=True))
    successor = _issue_refresh_token(world, session, parent=token.id)
    return SignedIn(user=user, session=session, refresh_token=successor)


def _revoke_family(world: World, session: Session) -> None:
    for token in world.all(RefreshToken, "session", session.id):
        if not token.is_used:
            world.put(replace(token, is_used=True))


def live_session(world: World, session_id: str) -> Session | None:
    """Return a session that has not ended, or None."""
    session = world.get(Session, session_id)
    return None if session is None or session.expired_at is not None else session


def session_actor(world: World, session_id: str, *, source: Source = UNKNOWN) -> Actor:
    """Return the actor of a live session. Raises LoginRequired."""
    session = live_session(world, session_id)
    if session is None:
        raise LoginRequired
    return Actor(user_id=session.user_id, session_id=session.id, source=source)


def end_session(world: World, session: Session, *, source: Source = UNKNOWN) -> None:
    """End a session: remove it, its refresh tokens and its jobs."""
    for token in world.all(RefreshToken, "session", session.id):
        world.remove(token)
    for kind in (TIMEBOX, REMOVE):
        jobs.cancel(world, kind, session.id)
    world.remove(session)
    if session.expired_at is None:
        _record_end(world, session, source=source)


def _record_end(world: World, session: Session, *, source: Source = UNKNOWN) -> None:
    actor = Actor(user_id=session.user_id, session_id=session.id, source=source)
    record_audit(world, actor, "session.ended", session)


def end_timeboxed(world: World, session_id: str) -> None:
    """End a session at its time limit, as a job; its refresh tokens raise SessionExpired for a day.

    Real: GoTrue's cleanup deletes the session after 24 hours, and then its tokens are unknown
    (supabase/auth internal/models/cleanup.go).
    """
    session = replace(world.expect(Session, session_id), expired_at=world.now)
    world.put(session)
    jobs.schedule(world, REMOVE, session.id, due=world.now + DAY)
    _record_end(world, session)


def remove_timeboxed(world: World, session_id: str) -> None:
    """Remove a session whose time limit was a day ago, as a job."""
    end_session(world, world.expect(Session, session_id))


def sign_out(world: World, actor: Actor, *, scope: str) -> None:
    """End the actor's session (`local`), all of its user (`global`), or all others (`others`)."""
    for session in world.all(Session, "user", actor.user_id):
        is_current = session.id == actor.session_id
        if scope == "global" or is_current == (scope == "local"):
            end_session(world, session, source=actor.source)


def end_all_sessions(world: World, *, user_id: str | None = None) -> int:
    """End every session, or every session of a user, and return how many were live."""
    if user_id is not None:
        sessions = world.all(Session, "user", user_id)
    else:
        sessions = world.all(Session, "all", ())
    for session in sessions:
        end_session(world, session)
    return sum(session.expired_at is None for session in sessions)
