"""JSON Web Tokens as Supabase Auth issues them: access tokens, the anon and the service key."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from emulator.settings import Settings
from emulator.wire.gotrue import signing_keys
from emulator.wire.json_reader import STORED_DEPTH_MAX, load_json
from emulator.world.core.json_text import json_object
from emulator.world.core.times import SECOND
from emulator.world.core.world import DEFAULT, World
from emulator.world.records.identity import Session, User

LIFE_SECONDS_VIRTUAL = 2_300_000_000
"""Real clients compare `exp` with the wall clock, so under a virtual clock it lies around 2098."""

ISSUED_LATEST_VIRTUAL = 1_767_225_600
"""2026-01-01T00:00:00Z in Unix seconds. Real clients compare `iat` with the wall clock too. A
virtual clock may be ahead of it, so that under one no token is issued later than this.
"""

LIFE_SECONDS_WALL = 3600
"""Real: the default of GOTRUE_JWT_EXP (supabase/auth internal/conf/configuration.go)."""

WORLD_CLAIM = "emulator_world"

ANON = "anon"
SERVICE = "service_role"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """The claims of a token that are used: role, world, expiry in Unix seconds, and for a user's
    token the session and the user.
    """

    role: str
    world: str
    expires_at: int
    session_id: str | None
    user_id: str | None

    @property
    def is_key_of_default(self) -> bool:
        """Whether it is a key of the default world, which is valid in every world."""
        return self.world == DEFAULT and self.session_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """When an access token is issued and when it expires, in Unix seconds."""

    issued_at: int
    expires_at: int

    @property
    def seconds(self) -> int:
        """How long the token is valid: `expires_in`."""
        return self.expires_at - self.issued_at


def lifetime(world: World, settings: Settings) -> Lifetime:
    """Return the lifetime of an access token issued now, as clients judge it."""
    now = world.now // SECOND
    if settings.is_wall_clock:
        return Lifetime(issued_at=now, expires_at=now + LIFE_SECONDS_WALL)
    issued_at = min(now, ISSUED_LATEST_VIRTUAL)
    return Lifetime(issued_at=issued_at, expires_at=issued_at + LIFE_SECONDS_VIRTUAL)


def app_metadata(user: User) -> dict[str, Any]:
    """Return the metadata of a user that only GoTrue and administrators write."""
    return {"provider": "email", "providers": ["email"], **json_object(user.app_metadata)}


def access_token(world: World, settings: Settings, user: User, session: Session) -> str:
    """Return a signed access token for a live session, issued now.

    Real: the claims are those of supabase/auth internal/tokens/service.go. Without a `jti`, two
    tokens of the same second are equal.
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
    """Return the claims of a token that the emulator signed, or None.

    An expired token is read like any other: see `is_expired`.
    """
    return _read(token, settings.jwt_secret)


def is_expired(
    claims: Claims, world: World, settings: Settings, *, margin_seconds: int = 0
) -> bool:
    """Return whether a token has expired, or will within a margin.

    Under a virtual clock no token expires, since its session alone decides, and a response does
    not depend on the day of its replay.
    """
    if not settings.is_wall_clock:
        return False
    return claims.expires_at <= world.now // SECOND + margin_seconds


@lru_cache(maxsize=4096)
def _read(token: str, secret: str) -> Claims | None:
    # Cached: verifying a signature takes longer than most requests do.
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
    """Return the claims of a token with the emulator's signature; none of any other token."""
    # Imported with the first token: 35 ms with cryptography, and requests with API keys need none.
    import jwt
    from jwt import api_jws

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
    """Return the JSON in a segment of a token. Raises ValueError."""
    return load_json(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))


def _text(claims: dict[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) else None


def _seconds(value: Any) -> int | None:
    """Return a JSON number as whole seconds, or None for other values and beyond 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return math.floor(value) if -_SECONDS_END <= value < _SECONDS_END else None


_SECONDS_END = 2**63
"""Real: golang-jwt (types.go) stores times as 64-bit numbers; larger numbers are refused here."""


def anon_key(world: World, settings: Settings) -> str:
    """Return the public key of a world's Supabase project.

    Real: its claims are those of the key that `supabase start` prints.
    """
    return _signed(world, settings, {"iss": "supabase-demo", "role": ANON, "exp": _KEYS_EXPIRE})


def service_key(world: World, settings: Settings) -> str:
    """Return the secret key of a world's Supabase project, which bypasses all access rules."""
    claims = {"iss": "supabase-demo", "role": SERVICE, "exp": _KEYS_EXPIRE}
    return _signed(world, settings, claims)


_KEYS_EXPIRE = 1983812996


def _signed(world: World, settings: Settings, claims: dict[str, Any]) -> str:
    return signing_keys.sign_hs256(_of_world(world, claims), settings.jwt_secret)


def _of_world(world: World, claims: dict[str, Any]) -> dict[str, Any]:
    return claims if world.name == DEFAULT else {**claims, WORLD_CLAIM: world.name}
