"""Sessions and their refresh tokens; signing in and out."""

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
"""The kind of the job that ends a session whose time is limited."""

FORGET = "forget session"
"""The kind of the job that forgets a session whose time was up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A live session with its user and the refresh token that is now good."""

    user: User
    session: Session
    refresh_token: RefreshToken


def sign_in(world: World, *, email: str, password: str, source: Source = UNKNOWN) -> SignedIn:
    """Open a session. Refuses BadPassword for an unknown e-mail as for a wrong password,
    UserBanned, and EmailNotConfirmed only to who knows the password.

    Real: GoTrue's order; an address that was never confirmed is refused even where sign-ups need no
    confirmation.
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
    """Open a session for a user who has proved who it is. Refuses UserBanned."""
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
    """Open the session of a PKCE flow that was proved. Refuses UnknownFlow, ExpiredFlow,
    BadVerifier, UserBanned.
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

    Real: GoTrue's rotation. The parent of the active token may come again (two tabs, a lost
    answer) and yields the active one; an older one revokes the family. Refuses
    UnknownRefreshToken, UserBanned, SessionExpired, ReusedRefreshToken, judged in this order.
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
    fresh = _issue_refresh_token(world, session, parent=token.id)
    return SignedIn(user=user, session=session, refresh_token=fresh)


def _revoke_family(world: World, session: Session) -> None:
    for token in world.all(RefreshToken, "session", session.id):
        if not token.is_used:
            world.put(replace(token, is_used=True))


def live_session(world: World, session_id: str) -> Session | None:
    """Return a session that is still good, or None."""
    session = world.get(Session, session_id)
    return None if session is None or session.expired_at is not None else session


def session_actor(world: World, session_id: str, *, source: Source = UNKNOWN) -> Actor:
    """Return the actor of a live session. Refuses LoginRequired."""
    session = live_session(world, session_id)
    if session is None:
        raise LoginRequired
    return Actor(user_id=session.user_id, session_id=session.id, source=source)


def end_session(world: World, session: Session, *, source: Source = UNKNOWN) -> None:
    """End a session and forget its refresh tokens; of one whose time was up, what is left."""
    for token in world.all(RefreshToken, "session", session.id):
        world.remove(token)
    for kind in (TIMEBOX, FORGET):
        jobs.cancel(world, kind, session.id)
    world.remove(session)
    if session.expired_at is None:
        _record_end(world, session, source=source)


def _record_end(world: World, session: Session, *, source: Source = UNKNOWN) -> None:
    actor = Actor(user_id=session.user_id, session_id=session.id, source=source)
    record_audit(world, actor, "session.ended", session)


def end_timeboxed(world: World, session_id: str) -> None:
    """End a session whose time is up; for a day its refresh tokens are told so.

    Real: GoTrue's cleanup deletes it 24 hours later; from then on they are unknown.
    """
    session = replace(world.expect(Session, session_id), expired_at=world.now)
    world.put(session)
    jobs.schedule(world, FORGET, session.id, due=world.now + DAY)
    _record_end(world, session)


def forget_timeboxed(world: World, session_id: str) -> None:
    """Forget a session whose time was up a day ago, and its refresh tokens."""
    end_session(world, world.expect(Session, session_id))


def sign_out(world: World, actor: Actor, *, scope: str) -> None:
    """End the actor's session (`local`), all of its user's (`global`), or all but it (`others`)."""
    for session in world.all(Session, "user", actor.user_id):
        is_own = session.id == actor.session_id
        if scope == "global" or is_own == (scope == "local"):
            end_session(world, session, source=actor.source)


def end_all_sessions(world: World, *, user_id: str | None = None) -> int:
    """End every session, or every one of a user, and return how many were still good."""
    if user_id is not None:
        sessions = world.all(Session, "user", user_id)
    else:
        sessions = world.all(Session, "all", ())
    for session in sessions:
        end_session(world, session)
    return sum(session.expired_at is None for session in sessions)
