"""One-time codes: issued, mailed, and used up by typing them or by following a link.

Real: as in GoTrue (supabase/auth internal/api/mail.go), a code has six digits. Its link carries
`token_hash`, the SHA-224 of the address and the code, prefixed with `pkce_` in a PKCE flow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha224

from emulator.world.core import outbox
from emulator.world.core.refusals import CodeExpired
from emulator.world.core.times import SECOND
from emulator.world.core.world import World
from emulator.world.identity import accounts
from emulator.world.identity.pkce import PKCE_PREFIX, Challenge, begin_flow
from emulator.world.records.identity import OneTimeCode, User
from emulator.world.records.types import AuthMethod, MailKind, OneTimeKind, OneTimeSlot

CODE_SECONDS = 3600
"""Real: GOTRUE_MAILER_OTP_EXP as the hosted service and the Supabase CLI set it."""

MAILS: Mapping[OneTimeKind, MailKind] = {
    "signup": "confirmation",
    "invite": "invitation",
    "magiclink": "magic_link",
    "recovery": "reset",
    "email_change": "email_change",
    "email_change_old": "email_change",
}
"""Kind of code → the mail that carries it."""

SLOTS: Mapping[OneTimeKind, OneTimeSlot] = {
    "signup": "confirmation",
    "invite": "confirmation",
    "magiclink": "recovery",
    "recovery": "recovery",
    "email_change": "email_change",
    "email_change_old": "email_change_old",
}
"""Kind of code → the slot that holds it. Real: GoTrue's types of one-time tokens
(supabase/auth internal/models/one_time_token.go)."""

METHODS: Mapping[OneTimeKind, AuthMethod] = {
    "signup": "email/signup",
    "invite": "invite",
    "magiclink": "magiclink",
    "recovery": "recovery",
    "email_change": "email_change",
    "email_change_old": "email_change",
}
"""Kind of code → the method of the session that its PKCE flow opens. Real: GoTrue stores it with
the flow, while a code without a flow opens a session by `otp`."""


def issue_code(
    world: World,
    user: User,
    kind: OneTimeKind,
    *,
    email: str | None = None,
    challenge: Challenge | None = None,
) -> OneTimeCode:
    """Issue a code of a kind, which replaces the older code in its slot."""
    email = (email or user.email).lower()
    expires_at = world.now + CODE_SECONDS * SECOND
    flow = None
    if challenge is not None:
        flow = begin_flow(
            world, user, challenge=challenge, method=METHODS[kind], expires_at=expires_at
        )
    number = int.from_bytes(world.derive("one-time code", world.ordinal("code"))[:8])
    code = f"{number % 1_000_000:06d}"
    token_hash = _token_hash(email, code)
    older = world.find(OneTimeCode, "slot", (user.id, SLOTS[kind]))
    if older is not None:
        world.remove(older)
    issued = OneTimeCode(
        id=token_hash if flow is None else PKCE_PREFIX + token_hash,
        user_id=user.id,
        slot=SLOTS[kind],
        email=email,
        code=code,
        flow_id=None if flow is None else flow.id,
        expires_at=expires_at,
    )
    world.put(issued)
    return issued


def _token_hash(email: str, code: str) -> str:
    return sha224(f"{email}{code}".encode()).hexdigest()


def mail_code(
    world: World,
    user: User,
    kind: OneTimeKind,
    *,
    email: str | None = None,
    redirect_to: str | None = None,
    challenge: Challenge | None = None,
) -> User:
    """Mail a code of a kind and return the user with the time of that. Raises RateLimited."""
    issued = issue_code(world, user, kind, email=email, challenge=challenge)
    outbox.send(
        world,
        MAILS[kind],
        user,
        to=issued.email,
        token=issued.id,
        code=issued.code,
        redirect_to=redirect_to,
    )
    return record_sent(world, user, kind)


def mail_change(
    world: World,
    user: User,
    *,
    email: str,
    redirect_to: str | None = None,
    challenge: Challenge | None = None,
) -> User:
    """Mail both addresses of a user to confirm that it changes to `email`. Raises RateLimited.

    Real: GOTRUE_MAILER_SECURE_EMAIL_CHANGE_ENABLED is on by default.
    """
    user = accounts.put_user(world, replace(user, new_email=email, is_change_half_confirmed=False))
    recipients: tuple[tuple[OneTimeKind, str], ...] = (
        ("email_change_old", user.email),
        ("email_change", email),
    )
    for kind, address in recipients:
        user = mail_code(
            world, user, kind, email=address, redirect_to=redirect_to, challenge=challenge
        )
    return user


def record_sent(world: World, user: User, kind: OneTimeKind) -> User:
    """Record on a user that a code of a kind was sent now, and return the user."""
    if kind in ("recovery", "magiclink"):
        return accounts.put_user(world, replace(user, recovery_sent_at=world.now))
    if kind == "signup":
        return accounts.put_user(world, replace(user, confirmation_sent_at=world.now))
    if kind == "invite":
        return accounts.put_user(
            world, replace(user, invited_at=world.now, confirmation_sent_at=world.now)
        )
    return accounts.put_user(world, replace(user, email_change_sent_at=world.now))


def take_link(world: World, token_hash: str, *, slots: tuple[OneTimeSlot, ...]) -> OneTimeCode:
    """Use up the code of a link and return it. Raises CodeExpired."""
    code = world.get(OneTimeCode, token_hash)
    if code is None or code.slot not in slots or code.expires_at <= world.now:
        raise CodeExpired(is_link=True)
    world.remove(code)
    return code


def take_code(
    world: World, *, email: str, code: str, slots: tuple[OneTimeSlot, ...]
) -> OneTimeCode:
    """Use up a code that was typed with its address, and return it. Raises CodeExpired."""
    token_hash = _token_hash(email.lower(), code)
    for code_id in (token_hash, PKCE_PREFIX + token_hash):
        issued = world.get(OneTimeCode, code_id)
        if issued is not None and issued.slot in slots and issued.expires_at > world.now:
            world.remove(issued)
            return issued
    raise CodeExpired(is_link=False)
