"""Webhook signatures, as Stripe's libraries make and verify them.

Real: stripe-python 16, stripe/_webhook.py. `t=<seconds>,v1=<hex>`, the HMAC-SHA256 of `<t>.<body>`
under the whole `whsec_…`; signatures that are too old are refused, those of the future are not.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

from emulator.world.core.refusals import BadSignature

HEADER = "Stripe-Signature"
TOLERANCE_SECONDS = 300


def sign(body: bytes, secret: str, *, at_seconds: int) -> str:
    """Return the header that signs a body at a time, which clients compare with the wall clock."""
    return f"t={at_seconds},v1={_mac(body, secret, at_seconds)}"


def verify(body: bytes, header: str | None, secret: str, *, now_seconds: int) -> None:
    """Raise BadSignature unless a `v1` of the header signs the body and is recent enough."""
    parts = [part.strip().partition("=")[::2] for part in (header or "").split(",")]
    times = [value for name, value in parts if name == "t" and value.isascii() and value.isdigit()]
    given = [value for name, value in parts if name == "v1"]
    if not times or not given:
        raise BadSignature(f"Send a {HEADER} header with t= and v1=, as Stripe does.")
    at = int(times[0][:_DIGITS_MAX])
    expected = _mac(body, secret, at)
    if not any(hmac.compare_digest(expected, mac) for mac in given if mac.isascii()):
        raise BadSignature("The signature does not match this body and the endpoint's secret.")
    if at < now_seconds - TOLERANCE_SECONDS:
        raise BadSignature(f"The signature is older than {TOLERANCE_SECONDS} seconds.")


_DIGITS_MAX = 15
"""More digits are not a time, and would make the computation long."""


def _mac(body: bytes, secret: str, at: int) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, sha256).hexdigest()
