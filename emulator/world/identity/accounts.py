"""Accounts, shared by the BFF and Supabase Auth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

from emulator.world.core.access import Actor, require_writer
from emulator.world.core.audit import record_audit
from emulator.world.core.json_text import json_object, json_text
from emulator.world.core.refusals import EmailTaken, Forbidden, Invalid, SamePassword
from emulator.world.core.world import World
from emulator.world.identity.passwords import has_password, has_salt, hash_password, require_strong
from emulator.world.records.identity import OneTimeCode, User
from emulator.world.records.types import Instant, JsonText, OneTimeSlot


def create_user(
    world: World,
    *,
    email: str,
    password: str | None,
    name: str,
    metadata: JsonText,
    is_confirmed: bool = True,
    signs_up: bool = True,
    pin: str | None = None,
    known_hash: str | None = None,
) -> User:
    """Create an account; without a password, only mailed codes sign in to it.

    `known_hash` is a hash of this password, which saves hashing it if it has the account's salt.

    Real: a sign-up copies the metadata to the identity, and the address to the metadata, where it
    stays unchanged; an account created by an administrator has neither (supabase/auth
    internal/api/signup.go, admin.go). Raises EmailTaken, WeakPassword, Invalid.
    """
    email = email.lower()
    if world.find(User, "email", email) is not None:
        raise EmailTaken
    if pin is not None and world.get(User, pin) is not None:
        raise Invalid("id", f"Two users have the id {pin}.")
    if password is not None:
        require_strong(world, password)
    user_id, ordinal = world.new_id("user", pin=pin)
    identity = {"email": email, "email_verified": False, "phone_verified": False, "sub": user_id}
    identity_data = json_text(identity)
    if signs_up:
        identity_data = metadata = merge_metadata(metadata, identity)
    user = User(
        id=user_id,
        email=email,
        name=name,
        password_hash="" if password is None else _hash(world, user_id, password, known_hash),
        created_at=world.now,
        updated_at=world.now,
        ordinal=ordinal,
        email_confirmed_at=None,
        last_sign_in_at=None,
        user_metadata=metadata,
        app_metadata="{}",
        identity_data=identity_data,
        analytics_opt_in=False,
        product_mail_opt_in=False,
    )
    world.put(user)
    return verify_identity(world, confirm_email(world, user)) if is_confirmed else user


def _hash(world: World, user_id: str, password: str, known_hash: str | None = None) -> str:
    ordinal = world.ordinal("salt")
    salt = world.derive("salt", user_id, ordinal)[:16]
    if known_hash is not None and has_salt(known_hash, salt):
        return known_hash
    return hash_password(password, salt=salt)


def change_password(world: World, user: User, *, password: str) -> User:
    """Change the password of an account. Raises SamePassword, WeakPassword, Invalid."""
    require_strong(world, password)
    if has_password(user, password):
        raise SamePassword
    return set_password(world, user, password=password)


def set_password(world: World, user: User, *, password: str) -> User:
    """Set the password of an account, as an administrator may, and revoke its mailed codes.

    Raises WeakPassword, Invalid.
    """
    require_strong(world, password)
    revoke_codes(world, user)
    changed = replace(
        user,
        password_hash=_hash(world, user.id, password),
        confirmation_sent_at=None,
        recovery_sent_at=None,
        email_change_sent_at=None,
    )
    return put_user(world, changed)


def revoke_codes(world: World, user: User) -> None:
    """Revoke every mailed code of an account. Real: GoTrue does so whenever a code is used up
    (supabase/auth internal/models/one_time_token.go).
    """
    for slot in get_args(OneTimeSlot):
        code = world.find(OneTimeCode, "slot", (user.id, slot))
        if code is not None:
            world.remove(code)


def change_email(world: World, user: User, *, email: str, is_verified: bool) -> User:
    """Change the address of an account, verified or not, and revoke its mailed codes.

    Raises EmailTaken.
    """
    require_free_email(world, user, email)
    revoke_codes(world, user)
    email = email.lower()
    changed = replace(
        user,
        email=email,
        new_email=None,
        is_change_half_confirmed=False,
        identity_data=merge_metadata(
            user.identity_data, {"email": email, "email_verified": is_verified}
        ),
    )
    return put_user(world, changed)


def require_free_email(world: World, user: User, email: str) -> None:
    """Raise EmailTaken if another account has the address."""
    owner = world.find(User, "email", email.lower())
    if owner is not None and owner.id != user.id:
        raise EmailTaken


def merge_metadata(current: JsonText, changes: dict[str, Any]) -> JsonText:
    """Return metadata with some members changed; null removes a member.

    Real: GoTrue merges metadata so (supabase/auth internal/models/user.go).
    """
    merged = {**json_object(current), **changes}
    return json_text({key: value for key, value in merged.items() if value is not None})


def put_user(world: World, user: User) -> User:
    """Write a changed account with its time of update, and return it."""
    user = replace(user, updated_at=world.now)
    world.put(user)
    return user


def confirm_email(world: World, user: User) -> User:
    """Confirm the address of an account, unless it is confirmed already."""
    if user.email_confirmed_at is not None:
        return user
    metadata = merge_metadata(user.user_metadata, {"email_verified": True})
    return put_user(world, replace(user, email_confirmed_at=world.now, user_metadata=metadata))


def verify_identity(world: World, user: User) -> User:
    """Mark the address as verified in the identity, since its mailed confirmation was used.

    Real: an address that was confirmed in another way is not marked (supabase/auth
    internal/api/verify.go: only `signupVerify` does it).
    """
    verified = merge_metadata(user.identity_data, {"email_verified": True})
    if verified == user.identity_data:
        return user
    return put_user(world, replace(user, identity_data=verified))


def is_banned(user: User, now: Instant) -> bool:
    """Return whether the account is banned at `now`."""
    return user.banned_until is not None and user.banned_until > now


def update_profile(
    world: World,
    actor: Actor,
    *,
    name: str | None,
    analytics_opt_in: bool | None,
    product_mail_opt_in: bool | None,
) -> User:
    """Change the given fields of the actor's profile. Raises Forbidden for an API key."""
    if actor.api_key_id is not None:
        raise Forbidden("An API key cannot change a profile; sign in instead.")
    require_writer(world, actor)
    user = world.expect(User, actor.user_id)
    changed = replace(
        user,
        name=user.name if name is None else name,
        analytics_opt_in=_or(analytics_opt_in, user.analytics_opt_in),
        product_mail_opt_in=_or(product_mail_opt_in, user.product_mail_opt_in),
    )
    if _profile(changed) == _profile(user):
        return user
    record_audit(world, actor, "profile.updated", user)
    return put_user(world, changed)


def _or(given: bool | None, current: bool) -> bool:
    return current if given is None else given


def _profile(user: User) -> tuple[str, bool, bool]:
    return (user.name, user.analytics_opt_in, user.product_mail_opt_in)
