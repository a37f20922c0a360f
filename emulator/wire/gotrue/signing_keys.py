"""Signing keys of tokens: a project's secret, for HS256, or a fixed key, for ES256.

Projects that use JWKS, as new hosted projects do, have ES256. Its key is derived from a constant
and protects nothing. Signatures are deterministic (RFC 6979).
"""

from __future__ import annotations

import base64
import hmac
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import (
        EllipticCurvePrivateKey,
        EllipticCurvePublicKey,
    )

ES256 = "ES256"
KEY_ID = "worldflux-emulator-es256"
_SCALAR = int.from_bytes(sha256(b"worldflux-emulator signing key").digest()) >> 1
_BYTES = 32


@lru_cache(maxsize=1)
def _private_key() -> EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.derive_private_key(_SCALAR, ec.SECP256R1())


def public_key() -> EllipticCurvePublicKey:
    """Return the key that verifies the signatures of `sign_es256`."""
    return _private_key().public_key()


def sign_es256(claims: dict[str, Any]) -> str:
    """Return the claims as a JWT signed with the fixed key."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    message = _message({"alg": ES256, "kid": KEY_ID, "typ": "JWT"}, claims)
    algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    r, s = decode_dss_signature(_private_key().sign(message, algorithm))
    signature = _base64url(r.to_bytes(_BYTES) + s.to_bytes(_BYTES))
    return b".".join((message, signature)).decode()


def sign_hs256(claims: dict[str, Any], secret: str) -> str:
    """Return the claims as a JWT signed with a secret."""
    message = _message({"alg": "HS256", "typ": "JWT"}, claims)
    signature = _base64url(hmac.digest(secret.encode(), message, "sha256"))
    return b".".join((message, signature)).decode()


def _message(header: dict[str, str], claims: dict[str, Any]) -> bytes:
    return b".".join(_base64url(payload_of(part)) for part in (header, claims))


_ESCAPED = {
    "<": b"\\u003c",
    ">": b"\\u003e",
    "&": b"\\u0026",
    "\u2028": b"\\u2028",
    "\u2029": b"\\u2029",
}


def payload_of(claims: dict[str, Any]) -> bytes:
    """Return claims as JSON, as GoTrue writes them.

    Real: Go's encoding/json writes UTF-8 and escapes these five characters.
    """
    text = orjson.dumps(claims)
    for character, escape in _ESCAPED.items():
        text = text.replace(character.encode(), escape)
    return text


def public_jwk() -> dict[str, Any]:
    """Return the public key as `/.well-known/jwks.json` lists it."""
    numbers = public_key().public_numbers()
    return {
        "alg": ES256,
        "crv": "P-256",
        "ext": True,
        "key_ops": ["verify"],
        "kid": KEY_ID,
        "kty": "EC",
        "use": "sig",
        "x": _base64url(numbers.x.to_bytes(_BYTES)).decode(),
        "y": _base64url(numbers.y.to_bytes(_BYTES)).decode(),
    }


def _base64url(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
