"""Views of users and sessions in GoTrue's format; the session cookie contains the same."""

from __future__ import annotations

from typing import Any

from emulator.settings import Settings
from emulator.wire.gotrue.tokens import access_token, app_metadata, lifetime
from emulator.wire.world_tags import tagged
from emulator.world.core.json_text import json_object
from emulator.world.core.times import to_text
from emulator.world.core.world import World
from emulator.world.identity.sessions import SignedIn
from emulator.world.records.identity import User
from emulator.world.store import ids


def user_view(world: World, user: User) -> dict[str, Any]:
    """Return a user as `/auth/v1/user` shows it.

    Real: the members of User in supabase/auth internal/models/user.go.
    """
    created = to_text(user.created_at)
    identity = {
        "identity_id": ids.as_uuid(world.derive("identity", user.id)),
        "id": user.id,
        "user_id": user.id,
        "identity_data": json_object(user.identity_data),
        "provider": "email",
        # Real: a sign-in by password or code does not update this.
        "last_sign_in_at": created,
        "created_at": created,
        "updated_at": created,
        "email": user.email,
    }
    view: dict[str, Any] = {
        "id": user.id,
        "aud": "authenticated",
        "role": "authenticated",
        "email": user.email,
        "phone": "",
        "app_metadata": app_metadata(user),
        "user_metadata": json_object(user.user_metadata),
        "identities": [identity],
        "created_at": created,
        "updated_at": to_text(user.updated_at),
        "is_anonymous": False,
    }
    return view | _set_members(user)


def _set_members(user: User) -> dict[str, Any]:
    """Return the members that GoTrue leaves out unless they are set."""
    moments = {
        "email_confirmed_at": user.email_confirmed_at,
        "confirmed_at": user.email_confirmed_at,
        "confirmation_sent_at": user.confirmation_sent_at,
        "recovery_sent_at": user.recovery_sent_at,
        "last_sign_in_at": user.last_sign_in_at,
        "invited_at": user.invited_at,
        "email_change_sent_at": user.email_change_sent_at,
        "banned_until": user.banned_until,
    }
    shown: dict[str, Any] = {
        name: to_text(moment) for name, moment in moments.items() if moment is not None
    }
    return shown if user.new_email is None else {**shown, "new_email": user.new_email}


def obfuscated_id(world: World, email: str) -> str:
    """Return an id that no user has, for a sign-up with a taken address."""
    return ids.as_uuid(world.derive("obfuscated user", email))


def obfuscated_user_view(world: World, email: str, metadata: dict[str, Any]) -> dict[str, Any]:
    """Return the user that a sign-up with a taken address shows, which hides that it is taken.

    Real: supabase/auth internal/api/signup.go (sanitizeUser): a random id, no identities, no role,
    nothing confirmed, and the submitted metadata.
    """
    now = to_text(world.now)
    return {
        "id": obfuscated_id(world, email),
        "aud": "authenticated",
        "role": "",
        "email": email,
        "phone": "",
        "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": metadata,
        "identities": [],
        "confirmation_sent_at": now,
        "created_at": now,
        "updated_at": now,
        "is_anonymous": False,
    }


def session_view(world: World, settings: Settings, signed_in: SignedIn) -> dict[str, Any]:
    """Return a session as `/auth/v1/token` sends it and @supabase/ssr stores it."""
    life = lifetime(world, settings)
    return {
        "access_token": access_token(world, settings, signed_in.user, signed_in.session),
        "token_type": "bearer",
        "expires_in": life.seconds,
        "expires_at": life.expires_at,
        "refresh_token": tagged(signed_in.refresh_token.id, world),
        "user": user_view(world, signed_in.user),
    }
