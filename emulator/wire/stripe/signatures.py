"""Webhook signatures as Stripe makes and checks them.

Real: `t=<seconds>,v1=<hex>`, HMAC-SHA256 under the whole `whsec_…` of `<t>.<body>`; old ones are
refused, future ones are not (clients.md 3.2).
"""

from __future__ import annotations

import hmac
from hashlib import sha256

from emulator.world.core.refusals import BadSignature

HEADER = "Stripe-Signature"
TOLERANCE_SECONDS = 300


def sign(body: bytes, secret: str, *, at_seconds: int) -> str:
    """Return the header that signs a body at a time, which clients judge by the wall."""
    return f"t={at_seconds},v1={_mac(body, secret, at_seconds)}"


def verify(body: bytes, header: str | None, secret: str, *, now_seconds: int) -> None:
    """Refuse BadSignature unless one `v1` of the header signs the body, not too long ago."""
    parts = [part.strip().partition("=")[::2] for part in (header or "").split(",")]
    times = [value for name, value in parts if name == "t" and value.isascii() and value.isdigit()]
    given = [value for name, value in parts if name == "v1"]
    if not times or not given:
        raise BadSignature(f"Send a {HEADER} header with t= and v1=, as Stripe does.")
    at = int(times[0][:_DIGITS_MAX])
    if not any(hmac.compare_digest(_mac(body, secret, at), one) for one in given if one.isascii()):
        raise BadSignature("The signature is not that of this body under the endpoint's secret.")
    if at < now_seconds - TOLERANCE_SECONDS:
        raise BadSignature(f"The signature is older than {TOLERANCE_SECONDS} seconds.")


_DIGITS_MAX = 15
"""A time with more digits is none, and is not worth a long computation."""


def _mac(body: bytes, secret: str, at: int) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, sha256).hexdigest()
