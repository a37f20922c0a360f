"""Users and sessions as GoTrue shows them; the session cookie holds the same."""

from __future__ import annotations

from typing import Any

from emulator.settings import Settings
from emulator.wire.credentials import tagged
from emulator.wire.tokens import access_token, life_seconds
from emulator.world import mint
from emulator.world.accounts import SignedIn
from emulator.world.records import Instant, User
from emulator.world.texts import json_object
from emulator.world.times import SECOND, to_text
from emulator.world.world import World


def user_view(world: World, user: User) -> dict[str, Any]:
    """Return a user as `/auth/v1/user` shows it. Real: GoTrue's User (clients.md 2.3)."""
    identity_data = {
        "email": user.email,
        "email_verified": user.email_confirmed_at is not None,
        "phone_verified": False,
        "sub": user.id,
    }
    created = to_text(user.created_at)
    view: dict[str, Any] = {
        "id": user.id,
        "aud": "authenticated",
        "role": "authenticated",
        "email": user.email,
        "phone": "",
        "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": {**json_object(user.user_metadata), **identity_data},
        "identities": [
            {
                "identity_id": mint.as_uuid(world.derive("identity", user.id)),
                "id": user.id,
                "user_id": user.id,
                "identity_data": identity_data,
                "provider": "email",
                "last_sign_in_at": _text(user.last_sign_in_at) or created,
                "created_at": created,
                "updated_at": created,
                "email": user.email,
            }
        ],
        "created_at": created,
        "updated_at": to_text(user.updated_at),
        "is_anonymous": False,
    }
    moments = {
        "email_confirmed_at": _text(user.email_confirmed_at),
        "confirmed_at": _text(user.email_confirmed_at),
        "last_sign_in_at": _text(user.last_sign_in_at),
    }
    return view | {name: moment for name, moment in moments.items() if moment is not None}


def session_view(world: World, settings: Settings, signed_in: SignedIn) -> dict[str, Any]:
    """Return a session as `/auth/v1/token` sends it and @supabase/ssr keeps it."""
    life = life_seconds(settings)
    return {
        "access_token": access_token(world, settings, signed_in.user, signed_in.session),
        "token_type": "bearer",
        "expires_in": life,
        "expires_at": world.now // SECOND + life,
        "refresh_token": tagged(signed_in.refresh_token.id, world),
        "user": user_view(world, signed_in.user),
    }


def _text(moment: Instant | None) -> str | None:
    return None if moment is None else to_text(moment)
