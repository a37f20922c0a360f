"""Sign-up, by password or by a mailed link."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.world.core.access import UNKNOWN, Actor, Source
from emulator.world.core.audit import record_audit
from emulator.world.core.refusals import EmailTaken, SignupsDisabled
from emulator.world.core.world import World
from emulator.world.identity import accounts, one_time_codes, passwords
from emulator.world.identity.pkce import Challenge
from emulator.world.identity.sessions import SignedIn, open_session
from emulator.world.records.identity import User
from emulator.world.records.types import JsonText, OneTimeKind
from emulator.world.workspaces.workspaces import open_workspace

WORKSPACE_NAME = "My workspace"
"""The name of the workspace that a sign-up creates. Assumed: the name has no part of the user's
name or address, so that erasing the user leaves nothing behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedUp:
    """The result of a sign-up: a session, or a user who must confirm its address first, or neither,
    so as not to reveal that the address is taken.
    """

    user: User | None = None
    signed_in: SignedIn | None = None


def require_open(world: World) -> None:
    """Raise SignupsDisabled if sign-ups are disabled."""
    if not world.auth.allows_signups:
        raise SignupsDisabled


def sign_up(
    world: World,
    *,
    email: str,
    password: str,
    name: str,
    metadata: JsonText,
    redirect_to: str | None = None,
    challenge: Challenge | None = None,
    source: Source = UNKNOWN,
) -> SignedUp:
    """Create an account, and open a session or mail a confirmation.

    Real: an address that is taken but was never confirmed gets another mail, or is confirmed if no
    mail is needed, and its account keeps its password (supabase/auth internal/api/signup.go).
    Raises SignupsDisabled, EmailTaken, WeakPassword, Invalid, RateLimited.
    """
    require_open(world)
    needs_mail = world.auth.confirms_email
    passwords.require_strong(world, password)
    user = world.find(User, "email", email.lower())
    if user is not None and user.email_confirmed_at is not None:
        if needs_mail:
            return SignedUp()
        raise EmailTaken
    if user is None:
        user = open_account(
            world, email=email, password=password, name=name, metadata=metadata, source=source
        )
    if needs_mail:
        user = one_time_codes.mail_code(
            world, user, "signup", redirect_to=redirect_to, challenge=challenge
        )
        return SignedUp(user=user)
    user = accounts.confirm_email(world, user)
    signed_in = open_session(world, user, method="password", source=source)
    return SignedUp(user=signed_in.user, signed_in=signed_in)


def open_account(
    world: World,
    *,
    email: str,
    password: str | None,
    name: str,
    metadata: JsonText,
    signs_up: bool = True,
    pin: str | None = None,
    source: Source = UNKNOWN,
) -> User:
    """Create an unconfirmed account with a workspace of its own.

    Assumed: an account that was invited or created by an administrator has a workspace too, since
    otherwise the dashboard has nothing to show. Raises EmailTaken, WeakPassword, Invalid.
    """
    user = accounts.create_user(
        world,
        email=email,
        password=password,
        name=name,
        metadata=metadata,
        is_confirmed=False,
        signs_up=signs_up,
        pin=pin,
    )
    actor = Actor(user_id=user.id, source=source)
    record_audit(world, actor, "account.created", user)
    open_workspace(world, actor, name=WORKSPACE_NAME)
    return user


def mail_sign_in(
    world: World,
    *,
    email: str,
    name: str,
    metadata: JsonText,
    redirect_to: str | None = None,
    challenge: Challenge | None = None,
    source: Source = UNKNOWN,
) -> None:
    """Mail a link that signs in, and create the account if necessary; an unconfirmed address gets
    the confirmation instead.

    Real: GoTrue's `/otp` signs up unconfirmed addresses (supabase/auth internal/api/otp.go). Raises
    SignupsDisabled, RateLimited.
    """
    user = world.find(User, "email", email.lower())
    kind: OneTimeKind = "magiclink"
    if user is None or user.email_confirmed_at is None:
        require_open(world)
        if user is None:
            user = open_account(
                world, email=email, password=None, name=name, metadata=metadata, source=source
            )
        if world.auth.confirms_email:
            kind = "signup"
        else:
            user = accounts.confirm_email(world, user)
    one_time_codes.mail_code(world, user, kind, redirect_to=redirect_to, challenge=challenge)
