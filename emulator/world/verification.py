"""What a one-time code proves: an address, a change of one, or that a reset is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from emulator.world import accounts, one_time
from emulator.world.access import UNKNOWN, Source
from emulator.world.records import OneTimeCode, OneTimeKind, User
from emulator.world.refusals import CodeExpired
from emulator.world.sessions import SignedIn, open_session
from emulator.world.world import World

KINDS: Mapping[str, tuple[OneTimeKind, ...]] = {
    "signup": ("signup",),
    "invite": ("invite",),
    "magiclink": ("magiclink",),
    "recovery": ("recovery",),
    "email": ("signup", "magiclink"),
    "email_change": ("email_change", "email_change_old"),
}
"""What a client calls a verification → the kinds of code that it takes. Real: GoTrue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a code led to: a session, or the `auth_code` of a PKCE flow, or, after the first half
    of a change of address that both addresses must confirm, neither.
    """

    user: User
    kind: OneTimeKind
    signed_in: SignedIn | None = None
    auth_code: str | None = None


def verify_link(
    world: World, *, token_hash: str, kind: str, is_followed: bool, source: Source = UNKNOWN
) -> Verified:
    """Use the code of a link that was followed by a browser or handed in by a client.

    Only a followed link of a PKCE flow gives an `auth_code`. Refuses CodeExpired, UserBanned.
    """
    code = one_time.take_link(world, token_hash, kinds=KINDS.get(kind, ()))
    return _verified(world, code, is_followed=is_followed, source=source)


def verify_code(
    world: World, *, email: str, code: str, kind: str, source: Source = UNKNOWN
) -> Verified:
    """Use a code that was typed. Refuses CodeExpired, UserBanned."""
    taken = one_time.take_code(world, email=email, code=code, kinds=KINDS.get(kind, ()))
    return _verified(world, taken, is_followed=False, source=source)


def _verified(world: World, code: OneTimeCode, *, is_followed: bool, source: Source) -> Verified:
    user = world.get(User, code.user_id)
    if user is None:
        raise CodeExpired(is_link=True)
    if code.kind in ("email_change", "email_change_old"):
        other: OneTimeKind = "email_change_old" if code.kind == "email_change" else "email_change"
        if world.find(OneTimeCode, "kind", (user.id, other)) is not None:
            return Verified(user=user, kind=code.kind)
        user = accounts.change_email(world, user, email=user.new_email or user.email)
    user = accounts.confirm_email(world, user)
    if is_followed and code.flow_id is not None:
        flow = one_time.prove_flow(world, code.flow_id)
        return Verified(user=user, kind=code.kind, auth_code=flow.auth_code)
    signed_in = open_session(world, user, method="otp", source=source)
    return Verified(user=signed_in.user, kind=code.kind, signed_in=signed_in)
