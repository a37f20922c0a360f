"""Accounts, sessions and their refresh tokens: the one store behind the BFF and Supabase Auth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import scrypt
from hmac import compare_digest

from emulator.world import mint
from emulator.world.access import Actor
from emulator.world.records import JsonText, RefreshToken, Session, User
from emulator.world.refusals import (
    BadPassword,
    EmailTaken,
    Forbidden,
    LoginRequired,
    ReusedRefreshToken,
    UnknownRefreshToken,
    WeakPassword,
)
from emulator.world.workspaces import open_workspace
from emulator.world.world import World

_SCRYPT_COST = 512
"""scrypt's N: a real password hash at about a millisecond, since tests sign in by the thousand."""

PASSWORD_LENGTH_MIN = 6
"""Real: GoTrue's default GOTRUE_PASSWORD_MIN_LENGTH."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A live session with its user and the refresh token that is now good."""

    user: User
    session: Session
    refresh_token: RefreshToken


def hash_password(password: str, *, salt: bytes) -> str:
    """Return `scrypt$N$salt$hash`, the last two in hexadecimal."""
    key = scrypt(password.encode(), salt=salt, n=_SCRYPT_COST, r=8, p=1, dklen=32)
    return f"scrypt${_SCRYPT_COST}${salt.hex()}${key.hex()}"


def has_password(user: User, password: str) -> bool:
    """Tell whether this is the user's password."""
    salt = bytes.fromhex(user.password_hash.split("$")[2])
    return compare_digest(hash_password(password, salt=salt), user.password_hash)


def create_user(
    world: World,
    *,
    email: str,
    password: str,
    name: str,
    metadata: JsonText,
    pin: str | None = None,
) -> User:
    """Create an account whose e-mail counts as confirmed. Refuses EmailTaken, WeakPassword."""
    email = email.lower()
    if world.find(User, "email", email) is not None:
        raise EmailTaken
    require_strong(password)
    user_id, ordinal = world.new_id("user", pin=pin)
    user = User(
        id=user_id,
        email=email,
        name=name,
        password_hash=hash_password(password, salt=world.derive("salt", user_id)[:16]),
        created_at=world.now,
        updated_at=world.now,
        ordinal=ordinal,
        email_confirmed_at=world.now,
        last_sign_in_at=None,
        user_metadata=metadata,
        analytics_opt_in=False,
        product_mail_opt_in=False,
    )
    world.put(user)
    return user


def require_strong(password: str) -> None:
    """Refuse WeakPassword for a password that GoTrue's default rules refuse."""
    if len(password) < PASSWORD_LENGTH_MIN:
        raise WeakPassword(
            f"Password should be at least {PASSWORD_LENGTH_MIN} characters.", reasons=("length",)
        )


def sign_up(world: World, *, email: str, password: str, name: str, metadata: JsonText) -> SignedIn:
    """Create an account, a workspace of its own and a session. Refuses as `create_user`."""
    user = create_user(world, email=email, password=password, name=name, metadata=metadata)
    open_workspace(world, user_id=user.id, name=f"{name or email.partition('@')[0]}'s workspace")
    return _open_session(world, user)


def sign_in(world: World, *, email: str, password: str) -> SignedIn:
    """Open a session. Refuses BadPassword for an unknown e-mail as for a wrong password."""
    user = world.find(User, "email", email.lower())
    if user is None or not has_password(user, password):
        raise BadPassword
    return _open_session(world, user)


def _open_session(world: World, user: User) -> SignedIn:
    user = replace(user, last_sign_in_at=world.now, updated_at=world.now)
    world.put(user)
    session_id, ordinal = world.new_id("session")
    session = Session(id=session_id, user_id=user.id, created_at=world.now, ordinal=ordinal)
    world.put(session)
    world.record_audit("session.created", session, workspace_id=None, user_id=user.id)
    return SignedIn(
        user=user, session=session, refresh_token=_issue_refresh_token(world, session, parent=None)
    )


def _issue_refresh_token(world: World, session: Session, *, parent: str | None) -> RefreshToken:
    ordinal = world.ordinal("refresh_token")
    token = RefreshToken(
        id=mint.as_base36(world.derive("refresh_token", ordinal), length=12),
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
    UnknownRefreshToken, ReusedRefreshToken.
    """
    token = world.get(RefreshToken, refresh_token)
    if token is None:
        raise UnknownRefreshToken
    session = world.expect(Session, token.session_id)
    user = world.expect(User, session.user_id)
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


def session_actor(world: World, session_id: str) -> Actor:
    """Return the actor of a live session. Refuses LoginRequired."""
    session = world.get(Session, session_id)
    if session is None:
        raise LoginRequired
    return Actor(user_id=session.user_id, session_id=session.id)


def end_session(world: World, session: Session) -> None:
    """End a session and forget its refresh tokens."""
    for token in world.all(RefreshToken, "session", session.id):
        world.remove(token)
    world.remove(session)
    world.record_audit("session.ended", session, workspace_id=None, user_id=session.user_id)


def sign_out(world: World, actor: Actor, *, scope: str) -> None:
    """End the actor's session (`local`), all of its user's (`global`), or all but it (`others`)."""
    for session in world.all(Session, "user", actor.user_id):
        is_own = session.id == actor.session_id
        if scope == "global" or is_own == (scope == "local"):
            end_session(world, session)


def update_profile(
    world: World,
    actor: Actor,
    *,
    name: str | None,
    analytics_opt_in: bool | None,
    product_mail_opt_in: bool | None,
) -> User:
    """Change what is given of the actor's own profile. Refuses Forbidden to an API key."""
    if actor.api_key_id is not None:
        raise Forbidden("An API key cannot change a profile; sign in for that.")
    user = world.expect(User, actor.user_id)
    changed = replace(
        user,
        name=user.name if name is None else name,
        analytics_opt_in=_or(analytics_opt_in, user.analytics_opt_in),
        product_mail_opt_in=_or(product_mail_opt_in, user.product_mail_opt_in),
    )
    if _profile(changed) == _profile(user):
        return user
    user = replace(changed, updated_at=world.now)
    world.put(user)
    world.record_audit("profile.updated", user, workspace_id=None, user_id=user.id)
    return user


def _or(given: bool | None, present: bool) -> bool:
    return present if given is None else given


def _profile(user: User) -> tuple[str, bool, bool]:
    return (user.name, user.analytics_opt_in, user.product_mail_opt_in)
