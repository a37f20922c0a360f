"""JSON web tokens as Supabase Auth issues them: access tokens, the anon and the service key."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jwt

from emulator.settings import Settings
from emulator.world.records import Session, User
from emulator.world.texts import json_object
from emulator.world.times import SECOND
from emulator.world.world import DEFAULT, World

LIFE_SECONDS_VIRTUAL = 2_300_000_000
"""Real clients judge `exp` by the machine's clock, so under a virtual one it lies in 2098 or so."""

LIFE_SECONDS_WALL = 3600
"""Real: GoTrue's default GOTRUE_JWT_EXP."""

WORLD_CLAIM = "emulator_world"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What is read of an access token: whose session, in which world, until when (Unix seconds)."""

    session_id: str
    user_id: str
    world: str
    expires_at: int


def life_seconds(settings: Settings) -> int:
    """Return how long an access token is good, by the clients' clock."""
    return LIFE_SECONDS_WALL if settings.is_wall_clock else LIFE_SECONDS_VIRTUAL


def access_token(world: World, settings: Settings, user: User, session: Session) -> str:
    """Return a signed access token for a live session, issued now.

    Real: the claims of GoTrue; there is no `jti`, so two of one second are the same.
    """
    issued = world.now // SECOND
    claims: dict[str, Any] = {
        "iss": settings.supabase_url,
        "sub": user.id,
        "aud": "authenticated",
        "exp": issued + life_seconds(settings),
        "iat": issued,
        "email": user.email,
        "phone": "",
        "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": json_object(user.user_metadata),
        "role": "authenticated",
        "aal": "aal1",
        "amr": [{"method": "password", "timestamp": session.created_at // SECOND}],
        "session_id": session.id,
        "is_anonymous": False,
    }
    return _signed(world, settings, claims)


def read_access_token(token: str, settings: Settings) -> Claims | None:
    """Return the claims of a token that we signed, or None. Neither `exp` nor `iat` is judged."""
    return _read(token, settings.jwt_secret)


@lru_cache(maxsize=4096)
def _read(token: str, secret: str) -> Claims | None:
    # Remembered: a pure function of its arguments, and a signature takes longer than most answers.
    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            options={"verify_exp": False, "verify_iat": False, "verify_aud": False},
        )
        session_id, expires_at = claims["session_id"], claims["exp"]
        user_id, world = claims["sub"], claims.get(WORLD_CLAIM, DEFAULT)
    except (jwt.InvalidTokenError, KeyError):
        return None
    # The secret is known to all, so a token of somebody's own making may hold anything.
    if not isinstance(session_id, str) or not isinstance(expires_at, int):
        return None
    return Claims(session_id=session_id, user_id=user_id, world=world, expires_at=expires_at)


def anon_key(world: World, settings: Settings) -> str:
    """Return the public key of a world's Supabase project. Real: that of every local Supabase."""
    return _signed(world, settings, {"iss": "supabase-demo", "role": "anon", "exp": _KEYS_EXPIRE})


def service_key(world: World, settings: Settings) -> str:
    """Return the secret key of a world's Supabase project, which may do everything."""
    claims = {"iss": "supabase-demo", "role": "service_role", "exp": _KEYS_EXPIRE}
    return _signed(world, settings, claims)


_KEYS_EXPIRE = 1983812996


def _signed(world: World, settings: Settings, claims: dict[str, Any]) -> str:
    if world.name != DEFAULT:
        claims = {**claims, WORLD_CLAIM: world.name}
    return jwt.encode(claims, settings.jwt_secret, algorithm="HS256")
