"""JSON web tokens as Supabase Auth issues them: access tokens, the anon and the service key."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jwt

from emulator.settings import Settings
from emulator.wire import signing
from emulator.world.records import Session, User
from emulator.world.texts import json_object
from emulator.world.times import SECOND
from emulator.world.world import DEFAULT, World

LIFE_SECONDS_VIRTUAL = 2_300_000_000
"""Real clients judge `exp` by the machine's clock, so under a virtual one it lies in 2098 or so."""

LIFE_SECONDS_WALL = 3600
"""Real: GoTrue's default GOTRUE_JWT_EXP."""

WORLD_CLAIM = "emulator_world"

ANON = "anon"
SERVICE = "service_role"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What is read of a token: its role, in which world, until when (Unix seconds), and of a
    user's token whose session it is.
    """

    role: str
    world: str
    expires_at: int
    session_id: str | None
    user_id: str | None

    @property
    def is_key_of_default(self) -> bool:
        """Whether it is a key that `env` prints, no user's token; those are good in every world."""
        return self.world == DEFAULT and self.session_id is None


def life_seconds(settings: Settings) -> int:
    """Return how long an access token is good, by the clients' clock."""
    return LIFE_SECONDS_WALL if settings.is_wall_clock else LIFE_SECONDS_VIRTUAL


def app_metadata(user: User) -> dict[str, Any]:
    """Return what GoTrue keeps of a user besides what the user may write."""
    return {"provider": "email", "providers": ["email"], **json_object(user.app_metadata)}


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
        "app_metadata": app_metadata(user),
        "user_metadata": json_object(user.user_metadata),
        "role": "authenticated",
        "aal": "aal1",
        "amr": [{"method": session.method, "timestamp": session.created_at // SECOND}],
        "session_id": session.id,
        "is_anonymous": False,
    }
    if world.auth.signing == "ES256":
        return signing.sign_es256(_of_world(world, claims))
    return _signed(world, settings, claims)


def read_token(token: str, settings: Settings) -> Claims | None:
    """Return the claims of a token that we signed, or None. Neither `exp` nor `iat` is judged."""
    return _read(token, settings.jwt_secret)


@lru_cache(maxsize=4096)
def _read(token: str, secret: str) -> Claims | None:
    # Remembered: a pure function of its arguments, and a signature takes longer than most answers.
    try:
        is_es256 = jwt.get_unverified_header(token).get("alg") == signing.ES256
        claims = jwt.decode(
            token,
            signing.public_key() if is_es256 else secret,
            algorithms=[signing.ES256 if is_es256 else "HS256"],
            options={"verify_exp": False, "verify_iat": False, "verify_aud": False},
        )
        return Claims(
            role=str(claims["role"]),
            world=str(claims.get(WORLD_CLAIM, DEFAULT)),
            expires_at=int(claims["exp"]),
            session_id=_text(claims, "session_id"),
            user_id=_text(claims, "sub"),
        )
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError):
        return None


def _text(claims: dict[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) else None


def anon_key(world: World, settings: Settings) -> str:
    """Return the public key of a world's Supabase project. Real: that of every local Supabase."""
    return _signed(world, settings, {"iss": "supabase-demo", "role": ANON, "exp": _KEYS_EXPIRE})


def service_key(world: World, settings: Settings) -> str:
    """Return the secret key of a world's Supabase project, which may do everything."""
    claims = {"iss": "supabase-demo", "role": SERVICE, "exp": _KEYS_EXPIRE}
    return _signed(world, settings, claims)


_KEYS_EXPIRE = 1983812996


def _signed(world: World, settings: Settings, claims: dict[str, Any]) -> str:
    return jwt.encode(_of_world(world, claims), settings.jwt_secret, algorithm="HS256")


def _of_world(world: World, claims: dict[str, Any]) -> dict[str, Any]:
    return claims if world.name == DEFAULT else {**claims, WORLD_CLAIM: world.name}
