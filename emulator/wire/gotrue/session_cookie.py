"""Session cookie, as @supabase/ssr writes and reads it.

Real: @supabase/ssr 0.12, src/cookies.ts and src/utils/chunker.ts. The value is `base64-` and the
base64url of the session as JSON; above 3180 characters it is split into `<name>.0`, `<name>.1`, …
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import orjson

from emulator.wire.json_reader import STORED_DEPTH_MAX, load_json

CHUNK = 3180
MAX_AGE_SECONDS = 400 * 86_400
_ATTRIBUTES = "Path=/; SameSite=Lax"
_NAME = re.compile(r"^(sb-.+-auth-token)(?:\.(\d+))?$")
_PREFIX = "base64-"
_ESCAPE = re.compile(r"\\(?:([0-3][0-7][0-7])|(.))", re.DOTALL)

NO_STORE = {
    "Cache-Control": "private, no-cache, no-store, must-revalidate, max-age=0",
    "Expires": "0",
    "Pragma": "no-cache",
}
"""Real: sent with every cookie that @supabase/ssr 0.12 sets (src/cookies.ts)."""


def read_cookies(sent: str) -> dict[str, str]:
    """Return the cookies of a Cookie header by their names.

    Equal to Starlette's `cookie_parser`, which takes quadratic time on Python before 3.12.
    """
    jar: dict[str, str] = {}
    for part in sent.split(";"):
        name, equals, value = part.partition("=")
        name, value = (name.strip(), value.strip()) if equals else ("", part.strip())
        if name or value:
            jar[name] = _unquoted(value)
    return jar


def _unquoted(value: str) -> str:
    if len(value) < len('""') or value[0] != '"' or value[-1] != '"':
        return value
    return _ESCAPE.sub(lambda found: chr(int(found[1], 8)) if found[1] else found[2], value[1:-1])


def session_cookies(name: str, session: Mapping[str, Any], sent: str | None) -> list[str]:
    """Return the Set-Cookie values that store a session and clear stale cookies of `sent`."""
    text = orjson.dumps(session)
    value = _PREFIX + base64.urlsafe_b64encode(text).decode().rstrip("=")
    if len(value) <= CHUNK:
        parts = {name: value}
    else:
        pieces = [value[at : at + CHUNK] for at in range(0, len(value), CHUNK)]
        parts = {f"{name}.{place}": piece for place, piece in enumerate(pieces)}
    stale = [sent_name for sent_name in _session_names(sent) if sent_name not in parts]
    attributes = f"Max-Age={MAX_AGE_SECONDS}; {_ATTRIBUTES}"
    stored = [f"{part_name}={part}; {attributes}" for part_name, part in parts.items()]
    return stored + [_cleared(stale_name) for stale_name in stale]


def cleared_cookies(sent: str | None) -> list[str]:
    """Return the Set-Cookie values that clear every session cookie of a request."""
    return [_cleared(name) for name in _session_names(sent)]


def _cleared(name: str) -> str:
    return f"{name}=; Max-Age=0; {_ATTRIBUTES}"


def _session_names(sent: str | None) -> list[str]:
    return [name for name in read_cookies(sent or "") if _NAME.match(name)]


@lru_cache(maxsize=256)
def read_session(sent: str | None, preferred: str) -> Mapping[str, Any] | None:
    """Return the session in a Cookie header, or None; the cookie named `preferred` comes first.

    Any `sb-*-auth-token` is read, and an unreadable value is ignored. Cached: the same header is
    read several times in a request.
    """
    jar = read_cookies(sent or "")
    bases = {match[1]: None for name in jar if (match := _NAME.match(name))}
    for name in sorted(bases, key=lambda base: (base != preferred, base)):
        session = _decoded(_joined(jar, name))
        if session is not None:
            return session
    return None


def _joined(jar: Mapping[str, str], name: str) -> str:
    # Real: an empty cookie is ignored, and chunks are read up to the first gap (chunker.ts).
    return jar.get(name) or "".join(_chunks(jar, name))


def _chunks(jar: Mapping[str, str], name: str) -> Iterator[str]:
    place = 0
    while chunk := jar.get(f"{name}.{place}"):
        yield chunk
        place += 1


def _decoded(value: str) -> dict[str, Any] | None:
    try:
        if value.startswith(_PREFIX):
            encoded = value.removeprefix(_PREFIX)
            text = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        else:
            text = unquote(value).encode()
        session = load_json(text, depth_max=STORED_DEPTH_MAX)
    except (binascii.Error, ValueError):
        return None
    return session if isinstance(session, dict) else None
