"""One-time codes and the PKCE flows they may belong to.

Real: GoTrue. A code has six digits; its link carries `token_hash`, the SHA-224 of the address and
the code, with `pkce_` before it where the flow began with a challenge.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha224, sha256
from hmac import compare_digest
from typing import Literal

from emulator.world.core import outbox
from emulator.world.core.refusals import BadVerifier, CodeExpired, ExpiredFlow, UnknownFlow
from emulator.world.core.times import SECOND
from emulator.world.core.world import World
from emulator.world.identity import accounts
from emulator.world.records.identity import Flow, OneTimeCode, User
from emulator.world.records.types import AuthMethod, MailKind, OneTimeKind, OneTimeSlot
from emulator.world.store.ids import as_uuid

CODE_SECONDS = 3600
"""Real: GOTRUE_MAILER_OTP_EXP as the hosted service and the CLI set it."""

FLOW_SECONDS = 300
"""Real: GoTrue's default GOTRUE_EXTERNAL_FLOW_STATE_EXPIRY_DURATION."""

PKCE_PREFIX = "pkce_"

MAILS: Mapping[OneTimeKind, MailKind] = {
    "signup": "confirmation",
    "invite": "invitation",
    "magiclink": "magic_link",
    "recovery": "reset",
    "email_change": "email_change",
    "email_change_old": "email_change",
}
"""Which mail carries a code of each kind."""

SLOTS: Mapping[OneTimeKind, OneTimeSlot] = {
    "signup": "confirmation",
    "invite": "confirmation",
    "magiclink": "recovery",
    "recovery": "recovery",
    "email_change": "email_change",
    "email_change_old": "email_change_old",
}
"""Where a code of each kind lies. Real: GoTrue's types of one-time tokens."""

METHODS: Mapping[OneTimeKind, AuthMethod] = {
    "signup": "email/signup",
    "invite": "invite",
    "magiclink": "magiclink",
    "recovery": "recovery",
    "email_change": "email_change",
    "email_change_old": "email_change",
}
"""The method of a session that a PKCE flow of each kind opens. Real: GoTrue keeps it with a flow,
while a code opens one by `otp`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """How a client began a PKCE flow."""

    value: str
    method: Literal["s256", "plain"]


def issue_code(
    world: World,
    user: User,
    kind: OneTimeKind,
    *,
    email: str | None = None,
    challenge: Challenge | None = None,
) -> OneTimeCode:
    """Make a code of that kind, which replaces the older one of its slot."""
    email = (email or user.email).lower()
    flow = None if challenge is None else _begin_flow(world, user, kind, challenge)
    number = int.from_bytes(world.derive("one-time code", world.ordinal("code"))[:8])
    code = f"{number % 1_000_000:06d}"
    digest = sha224(f"{email}{code}".encode()).hexdigest()
    older = world.find(OneTimeCode, "slot", (user.id, SLOTS[kind]))
    if older is not None:
        world.remove(older)
    issued = OneTimeCode(
        id=digest if flow is None else PKCE_PREFIX + digest,
        user_id=user.id,
        slot=SLOTS[kind],
        email=email,
        code=code,
        flow_id=None if flow is None else flow.id,
        expires_at=world.now + CODE_SECONDS * SECOND,
    )
    world.put(issued)
    return issued


def mail_code(
    world: World,
    user: User,
    kind: OneTimeKind,
    *,
    email: str | None = None,
    redirect_to: str | None = None,
    challenge: Challenge | None = None,
) -> User:
    """Mail a code of that kind and return the user with the moment noted. Refuses RateLimited."""
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
    return note_sent(world, user, kind)


def mail_change(
    world: World,
    user: User,
    *,
    email: str,
    redirect_to: str | None = None,
    challenge: Challenge | None = None,
) -> User:
    """Ask both addresses of a user to confirm that it changes to `email`. Refuses RateLimited.

    Real: GoTrue's secure change of address, its default.
    """
    user = accounts.put_user(world, replace(user, new_email=email, is_change_half_confirmed=False))
    asked: tuple[tuple[OneTimeKind, str], ...] = (
        ("email_change_old", user.email),
        ("email_change", email),
    )
    for kind, address in asked:
        user = mail_code(
            world, user, kind, email=address, redirect_to=redirect_to, challenge=challenge
        )
    return user


def note_sent(world: World, user: User, kind: OneTimeKind) -> User:
    """Return the user with the moment noted at which a code of that kind was sent."""
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
    """Use up the code of a link. Refuses CodeExpired."""
    code = world.get(OneTimeCode, token_hash)
    if code is None or code.slot not in slots or code.expires_at <= world.now:
        raise CodeExpired(is_link=True)
    world.remove(code)
    return code


def take_code(
    world: World, *, email: str, code: str, slots: tuple[OneTimeSlot, ...]
) -> OneTimeCode:
    """Use up a code that was typed with its address. Refuses CodeExpired."""
    digest = sha224(f"{email.lower()}{code}".encode()).hexdigest()
    for token_hash in (digest, PKCE_PREFIX + digest):
        known = world.get(OneTimeCode, token_hash)
        if known is not None and known.slot in slots and known.expires_at > world.now:
            world.remove(known)
            return known
    raise CodeExpired(is_link=False)


def _begin_flow(world: World, user: User, kind: OneTimeKind, challenge: Challenge) -> Flow:
    flow_id, ordinal = world.new_id("flow")
    flow = Flow(
        id=flow_id,
        user_id=user.id,
        method=METHODS[kind],
        challenge=challenge.value,
        challenge_method=challenge.method,
        auth_code=None,
        created_at=world.now,
        ordinal=ordinal,
        expires_at=world.now + CODE_SECONDS * SECOND,
    )
    world.put(flow)
    return flow


def prove_flow(world: World, flow_id: str) -> Flow:
    """Note that the mailed link of a flow was followed and return it with its `auth_code`."""
    flow = world.expect(Flow, flow_id)
    proved = replace(
        flow,
        auth_code=as_uuid(world.derive("auth code", flow.id)),
        expires_at=world.now + FLOW_SECONDS * SECOND,
    )
    world.put(proved)
    return proved


def proved_flow(world: World, *, auth_code: str, verifier: str) -> Flow:
    """Use up a proved flow. Refuses UnknownFlow, ExpiredFlow, BadVerifier."""
    flow = world.find(Flow, "auth code", auth_code)
    if flow is None:
        raise UnknownFlow
    if flow.expires_at <= world.now:
        raise ExpiredFlow
    expected = verifier
    if flow.challenge_method == "s256":
        digest = sha256(verifier.encode()).digest()
        expected = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    if not compare_digest(expected.encode(), flow.challenge.encode()):
        raise BadVerifier
    world.remove(flow)
    return flow
