"""Leaving secrets out of what people are shown; memory and capsules keep requests whole."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

REDACTED = "[redacted]"

HEADERS = frozenset(
    {
        "authorization",
        "apikey",
        "cookie",
        "location",
        "proxy-authorization",
        "set-cookie",
        "stripe-signature",
        "x-api-key",
        "x-auth-token",
    }
)
MEMBERS = frozenset(
    {
        "access_token",
        "action_link",
        "api_key",
        "auth_code",
        "code_verifier",
        "current_password",
        "cvc",
        "email_otp",
        "hashed_token",
        "new_password",
        "nonce",
        "number",
        "password",
        "refresh_token",
        "secret",
        "token",
        "token_hash",
    }
)

_KEY = re.compile(r"wbx_[A-Za-z0-9_]+(?:~[a-z0-9-]+)?")
_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")
_LINK = re.compile(
    r"(/api/public/(?:r|shares)/|/exports/|/stripe/(?:checkout|portal|invoices)/)[^/?#\s\"']+"
)
_MEMBER = re.compile(rf'("(?:{"|".join(sorted(MEMBERS))})"\s*:\s*")[^"]*')
"""A member of what is no JSON, cut off or misspelt as it may be."""
_QUERY = re.compile(r"([?&#](?:token|token_hash|access_token|refresh_token)=)[^&#\s\"']+")


def _text(text: str) -> str:
    """Return a text without the credentials that stand in it: keys, tokens, links."""
    text = _KEY.sub(REDACTED, text)
    text = _JWT.sub(REDACTED, text)
    return _QUERY.sub(rf"\1{REDACTED}", redacted_path(text))


def redacted_path(path: str) -> str:
    """Return a path, or a link, without what opens a share, an export or a hosted page."""
    return _LINK.sub(rf"\1{REDACTED}", path)


def redacted_headers(headers: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Return headers as pairs, the values of credentials left out."""
    return [[name, REDACTED if name in HEADERS else _text(value)] for name, value in headers]


def redacted_query(query: str) -> str:
    """Return a query string, the values of credentials left out."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode(
        [(name, REDACTED if name in MEMBERS else _text(value)) for name, value in pairs], safe="[]"
    )


def redacted_body(body: bytes) -> Any:
    """Return a body as JSON with the values of credentials left out, else as text; empty is null.

    A form is shown as its members; what is no text is shown by its length.
    """
    if not body:
        return None
    try:
        return _redacted(orjson.loads(body))
    except orjson.JSONDecodeError:
        pass
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return f"[{len(body)} bytes]"
    if "=" in text and "\n" not in text and "<" not in text:
        return dict(parse_qsl(redacted_query(text), keep_blank_values=True))
    return _MEMBER.sub(rf"\1{REDACTED}", _text(text))


def _redacted(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: REDACTED if name in MEMBERS and isinstance(member, str) else _redacted(member)
            for name, member in value.items()
        }
    if isinstance(value, list):
        return [_redacted(member) for member in value]
    return _text(value) if isinstance(value, str) else value
