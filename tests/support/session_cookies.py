"""Session cookies in every form that @supabase/ssr writes or reads."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

from tests.support.checked_client import Emulator
from tests.support.fixture_seed import PEOPLE

NAME = "sb-localhost-auth-token"


def session_of(emulator: Emulator, name: str) -> dict[str, Any]:
    """Return a session of one of the people as GoTrue sends it."""
    email, password = emulator.worlds.planted.logins[PEOPLE[name]]
    answer = emulator.client().post(
        "/auth/v1/token?grant_type=password", json={"email": email, "password": password}
    )
    session: dict[str, Any] = answer.json()
    return session


def encoded(session: object) -> str:
    """Return a session as the cookie's value holds it."""
    text = json.dumps(session).encode()
    return "base64-" + base64.urlsafe_b64encode(text).decode().rstrip("=")


def decoded(value: str) -> Any:
    """Return what a cookie's value holds."""
    plain = value.removeprefix("base64-")
    return json.loads(base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4)))


def raw(session: object) -> str:
    """Return a session as `cookieEncoding: 'raw'` writes it."""
    return quote(json.dumps(session, separators=(",", ":")), safe="")


def header(cookies: dict[str, str]) -> dict[bytes, bytes]:
    """Return a Cookie header."""
    text = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return {b"Cookie": text.encode("latin-1")}


def chunked(value: str, size: int, name: str = NAME) -> dict[str, str]:
    """Return a value cut into numbered cookies."""
    pieces = [value[at : at + size] for at in range(0, len(value), size)]
    return {f"{name}.{place}": piece for place, piece in enumerate(pieces)}
