"""Verification of one-time codes: of an address, a change of address, a sign-in or a reset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from emulator.world.core.access import UNKNOWN, Actor, Source
from emulator.world.core.audit import record_audit
from emulator.world.core.refusals import UserBanned
from emulator.world.core.world import World
from emulator.world.identity import accounts, one_time_codes, pkce
from emulator.world.identity.sessions import SignedIn, open_session
from emulator.world.records.identity import OneTimeCode, User
from emulator.world.records.types import OneTimeSlot

SLOTS: Mapping[str, tuple[OneTimeSlot, ...]] = {
    "signup": ("confirmation",),
    "invite": ("confirmation",),
    "magiclink": ("recovery",),
    "recovery": ("recovery",),
    "email": ("confirmation", "recovery"),
    "email_change": ("email_change", "email_change_old"),
}
"""Type of verification, as clients name it → the slots of the codes that it accepts. Real: GoTrue
(supabase/auth internal/api/verify.go)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The result of a verification: a session, or the `auth_code` of a PKCE flow, or neither, after
    the first of two addresses has confirmed a change.
    """

    kind: str
    """The type of verification, as clients name it."""
    signed_in: SignedIn | None = None
    auth_code: str | None = None


def verify_link(
    world: World, *, token_hash: str, kind: str, is_followed: bool, source: Source = UNKNOWN
) -> Verified:
    """Use up the code of a link that a browser followed or a client submitted.

    Only a followed link of a PKCE flow gives an `auth_code`. Raises CodeExpired, UserBanned,
    EmailTaken.
    """
    code = one_time_codes.take_link(world, token_hash, slots=SLOTS[kind])
    return _verify(world, code, kind, is_followed=is_followed, source=source)


def verify_code(
    world: World, *, email: str, code: str, kind: str, source: Source = UNKNOWN
) -> Verified:
    """Use up a code that was typed. Raises CodeExpired, UserBanned, EmailTaken."""
    taken = one_time_codes.take_code(world, email=email, code=code, slots=SLOTS[kind])
    return _verify(world, taken, kind, is_followed=False, source=source)


def _verify(
    world: World, code: OneTimeCode, kind: str, *, is_followed: bool, source: Source
) -> Verified:
    user = world.expect(User, code.user_id)
    if accounts.is_banned(user, world.now):
        raise UserBanned
    if kind == "email":
        kind = "signup" if code.slot == "confirmation" else "magiclink"
    if kind == "email_change":
        # Real: if addresses need no confirmation, one of the two mails is enough (supabase/auth
        # internal/api/verify.go).
        if world.auth.confirms_email and not user.is_change_half_confirmed:
            accounts.put_user(world, replace(user, is_change_half_confirmed=True))
            return Verified(kind=kind)
        user = accounts.change_email(
            world, user, email=user.new_email or user.email, is_verified=True
        )
        record_audit(world, Actor(user_id=user.id, source=source), "email.changed", user)
    accounts.revoke_codes(world, user)
    user = accounts.confirm_email(world, user)
    if code.slot == "confirmation":
        user = accounts.verify_identity(world, user)
    if is_followed and code.flow_id is not None:
        flow = pkce.prove_flow(world, code.flow_id)
        return Verified(kind=kind, auth_code=flow.auth_code)
    signed_in = open_session(world, user, method="otp", source=source)
    return Verified(kind=kind, signed_in=signed_in)
