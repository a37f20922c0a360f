"""Passwords: hashing, verification and strength."""

from __future__ import annotations

from functools import lru_cache
from hashlib import scrypt
from hmac import compare_digest

from emulator.world.core.refusals import Invalid, WeakPassword
from emulator.world.core.world import World
from emulator.world.records.identity import User

_SCRYPT_COST = 512
"""scrypt's N: a real hash in about a millisecond, since tests sign in thousands of times."""

PASSWORD_BYTES_MAX = 72
"""Real: GoTrue hashes with bcrypt, which ignores further bytes (supabase/auth
internal/api/password.go)."""


def hash_password(password: str, *, salt: bytes) -> str:
    """Return `scrypt$N$salt$hash`, the last two in hexadecimal."""
    key = scrypt(password.encode(), salt=salt, n=_SCRYPT_COST, r=8, p=1, dklen=32)
    return f"scrypt${_SCRYPT_COST}${salt.hex()}${key.hex()}"


def has_salt(hashed: str, salt: bytes) -> bool:
    """Return whether a hash was made with the salt, at the present cost."""
    return hashed.startswith(f"scrypt${_SCRYPT_COST}${salt.hex()}$")


_DUMMY_SALT = bytes(16)


def has_password(user: User | None, password: str) -> bool:
    """Return whether this is the user's password; False without a user or without a password.

    A wrong password is always hashed, so that timing does not reveal which accounts exist.
    """
    expected = "" if user is None else user.password_hash
    try:
        _require_match(password, expected)
    except _MismatchError:
        return False
    return True


class _MismatchError(Exception):
    """A password does not have a hash."""


@lru_cache(maxsize=1024)
def _require_match(password: str, expected: str) -> None:
    """Raise _MismatchError unless the password has a hash.

    Cached: tests sign the same few users in thousands of times, and hashing takes six times as long
    as the rest of it. Only the right password is, as a function that raises is not cached.
    """
    salt = bytes.fromhex(expected.split("$")[2]) if expected else _DUMMY_SALT
    if not compare_digest(hash_password(password, salt=salt), expected):
        raise _MismatchError


def require_strong(world: World, password: str) -> None:
    """Raise WeakPassword for a password that is too short, Invalid if it is too long."""
    shortest = world.auth.password_length_min
    length = len(password.encode())
    if length < shortest:
        raise WeakPassword(
            f"Password should be at least {shortest} characters.", reasons=("length",)
        )
    if length > PASSWORD_BYTES_MAX:
        raise Invalid("password", "Password cannot be longer than 72 characters")
