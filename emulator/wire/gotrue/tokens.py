"""JSON web tokens as Supabase Auth issues them: access tokens, the anon and the service key."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jwt
from jwt import api_jws

from emulator.settings import Settings
from emulator.wire.gotrue import signing_keys
from emulator.wire.json_reader import STORED_DEPTH_MAX, load_json
from emulator.world.core.json_text import json_object
from emulator.world.core.times import SECOND
from emulator.world.core.world import DEFAULT, World
from emulator.world.records.identity import Session, User

LIFE_SECONDS_VIRTUAL = 2_300_000_000
"""Real clients judge `exp` by the machine's clock, so under a virtual one it lies in 2098 or so."""

ISSUED_LATEST_VIRTUAL = 1_767_225_600
"""2026-01-01T00:00:00Z in Unix seconds. Real clients judge `iat` by the machine's clock too, so
under a virtual clock, which may be ahead of it, no token is issued later than this.
"""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """When an access token is issued and when it expires, in Unix seconds."""

    issued_at: int
    expires_at: int

    @property
    def seconds(self) -> int:
        """How long the token is good, which is what `expires_in` says."""
        return self.expires_at - self.issued_at


def lifetime(world: World, settings: Settings) -> Lifetime:
    """Return the lifetime of an access token that is issued now, by the clients' clock."""
    now = world.now // SECOND
    if settings.is_wall_clock:
        return Lifetime(issued_at=now, expires_at=now + LIFE_SECONDS_WALL)
    issued_at = min(now, ISSUED_LATEST_VIRTUAL)
    return Lifetime(issued_at=issued_at, expires_at=issued_at + LIFE_SECONDS_VIRTUAL)


def app_metadata(user: User) -> dict[str, Any]:
    """Return what GoTrue keeps of a user besides what the user may write."""
    return {"provider": "email", "providers": ["email"], **json_object(user.app_metadata)}


def access_token(world: World, settings: Settings, user: User, session: Session) -> str:
    """Return a signed access token for a live session, issued now.

    Real: the claims of GoTrue; there is no `jti`, so two of one second are the same.
    """
    life = lifetime(world, settings)
    claims: dict[str, Any] = {
        "iss": settings.supabase_url,
        "sub": user.id,
        "aud": "authenticated",
        "exp": life.expires_at,
        "iat": life.issued_at,
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
        return signing_keys.sign_es256(_of_world(world, claims))
    return _signed(world, settings, claims)


def read_token(token: str, settings: Settings) -> Claims | None:
    """Return the claims of a token that we signed, or None. Its times are not judged here: the
    machine's clock has no say in an answer, so that it can be replayed on another day.
    """
    return _read(token, settings.jwt_secret)


@lru_cache(maxsize=4096)
def _read(token: str, secret: str) -> Claims | None:
    # Remembered: a pure function of its arguments, and a signature takes longer than most answers.
    claims = _verified(token, secret)
    role, world = _text(claims, "role"), _text({WORLD_CLAIM: DEFAULT, **claims}, WORLD_CLAIM)
    expires_at = _seconds(claims.get("exp"))
    if role is None or world is None or expires_at is None:
        return None
    return Claims(
        role=role,
        world=world,
        expires_at=expires_at,
        session_id=_text(claims, "session_id"),
        user_id=_text(claims, "sub"),
    )


def _verified(token: str, secret: str) -> dict[str, Any]:
    """Return the claims of a token whose signature is ours, or none of any other."""
    try:
        header = _decoded(token.partition(".")[0])
        is_es256 = isinstance(header, dict) and header.get("alg") == signing_keys.ES256
        payload = api_jws.decode(
            token,
            signing_keys.public_key() if is_es256 else secret,
            algorithms=[signing_keys.ES256 if is_es256 else "HS256"],
        )
        claims = load_json(payload, depth_max=STORED_DEPTH_MAX)
    except (jwt.InvalidTokenError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _decoded(segment: str) -> Any:
    """Return what a segment of a token holds. Raises ValueError."""
    return load_json(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))


def _text(claims: dict[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) else None


def _seconds(value: Any) -> int | None:
    """Return a JSON number as whole seconds, or None for what is not one within 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return math.floor(value) if -_SECONDS_END <= value < _SECONDS_END else None


_SECONDS_END = 2**63
"""Real: golang-jwt keeps a time as a 64-bit number; one beyond it is refused here."""


def anon_key(world: World, settings: Settings) -> str:
    """Return the public key of a world's Supabase project. Real: that of every local Supabase."""
    return _signed(world, settings, {"iss": "supabase-demo", "role": ANON, "exp": _KEYS_EXPIRE})


def service_key(world: World, settings: Settings) -> str:
    """Return the secret key of a world's Supabase project, which may do everything."""
    claims = {"iss": "supabase-demo", "role": SERVICE, "exp": _KEYS_EXPIRE}
    return _signed(world, settings, claims)


_KEYS_EXPIRE = 1983812996


def _signed(world: World, settings: Settings, claims: dict[str, Any]) -> str:
    payload = signing_keys.payload_of(_of_world(world, claims))
    return api_jws.encode(payload, settings.jwt_secret, algorithm="HS256")


def _of_world(world: World, claims: dict[str, Any]) -> dict[str, Any]:
    return claims if world.name == DEFAULT else {**claims, WORLD_CLAIM: world.name}
