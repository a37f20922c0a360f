"""Which world a request is for.

The port it came in by, the path prefix `/_w/{name}` or the `X-Emulator-World` header name it; else
the cookie `emulator_world`; else a credential's tag; else it is the default world. Two that
disagree are refused by name, except that cookies, which browsers share across ports, give way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.datastructures import Headers
from starlette.requests import cookie_parser

from emulator.settings import Settings
from emulator.wire.cookies import read_session
from emulator.wire.credentials import MARK
from emulator.wire.tokens import read_token
from emulator.world.refusals import Conflict
from emulator.world.world import DEFAULT
from emulator.worlds import Live, Worlds

HEADER = "x-emulator-world"
COOKIE = "emulator_world"
PREFIX = "/_w/"

LINKS = ("/api/public/r/", "/api/public/shares/", "/exports/", "/stripe/")
"""Paths with a credential in one of their segments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The world of a request, and the path without the prefix that named it."""

    live: Live
    path: str


def find_world(worlds: Worlds, scope: Mapping[str, Any], headers: Headers) -> Found:
    """Return the world of a request. Refuses Conflict by name, NotFound, Invalid."""
    path, prefixed = _without_prefix(scope["path"])
    named = dict(_explicit(worlds, scope, headers, prefixed))
    told = dict(_told(scope, path, headers, worlds.settings))
    cookies = {} if named else dict(_by_cookies(headers, worlds.settings))
    everything = {**named, **told, **cookies}
    _require_agreement(everything)
    name = next(iter(everything.values()), DEFAULT)
    # A credential alone makes no world.
    makes = bool(named) or COOKIE_SOURCE in cookies
    return Found(live=worlds.named(name) if makes else worlds.live(name), path=path)


COOKIE_SOURCE = f"the cookie {COOKIE}"


def _without_prefix(path: str) -> tuple[str, str | None]:
    if not path.startswith(PREFIX):
        return path, None
    name, slash, rest = path.removeprefix(PREFIX).partition("/")
    return slash + rest or "/", name


def _explicit(
    worlds: Worlds, scope: Mapping[str, Any], headers: Headers, prefixed: str | None
) -> Iterator[tuple[str, str]]:
    server = scope.get("server")
    by_port = worlds.of_port(server[1]) if server else None
    if by_port is not None:
        yield "the port", by_port
    if prefixed is not None:
        yield "the path prefix", prefixed
    if HEADER in headers:
        yield f"the header {HEADER}", headers[HEADER].strip()


def _told(
    scope: Mapping[str, Any], path: str, headers: Headers, settings: Settings
) -> Iterator[tuple[str, str]]:
    """Yield the worlds that credentials of a request are tagged with."""
    for header in ("authorization", "apikey"):
        value = headers.get(header, "")
        name = _tag_of(value.removeprefix("Bearer ").strip(), settings) if value else None
        if name is not None:
            yield f"the credential in {header}", name
    if path.startswith(LINKS) and MARK in path:
        for segment in path.split("/"):
            if MARK in segment:
                yield "the link", segment.partition(MARK)[2]
    query: bytes = scope["query_string"]
    if path == "/auth/v1/verify" and query:
        token = dict(parse_qsl(query.decode("latin-1"))).get("token", "")
        if MARK in token:
            yield "the link", token.partition(MARK)[2]


def _tag_of(credential: str, settings: Settings) -> str | None:
    if MARK in credential:
        return credential.partition(MARK)[2]
    if credential.count(".") != _JWT_DOTS:
        return None
    claims = read_token(credential, settings)
    return None if claims is None or claims.world == DEFAULT else claims.world


_JWT_DOTS = 2


def _by_cookies(headers: Headers, settings: Settings) -> Iterator[tuple[str, str]]:
    sent = headers.get("cookie")
    if not sent:
        return
    chosen = cookie_parser(sent).get(COOKIE)
    if chosen:
        yield COOKIE_SOURCE, unquote(chosen)
    token = (read_session(sent, settings.session_cookie) or {}).get("access_token")
    name = _tag_of(token, settings) if isinstance(token, str) else None
    if name is not None:
        yield "the session cookie", name


def _require_agreement(named: Mapping[str, str]) -> None:
    (first, name), *others = list(named.items()) or [("", "")]
    for source, other in others:
        if other != name:
            raise Conflict(
                f"The request names two worlds: {first} says {name!r}, {source} says {other!r}. "
                "Send one of them."
            )
