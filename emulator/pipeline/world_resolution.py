"""Which world a request is for.

The port it came in by, the path prefix `/_w/{name}` or the `X-Emulator-World` header name it; else
the cookie `emulator_world`; else a credential's tag; else it is the default world. Two that
disagree are refused by name, except that cookies, which browsers share across ports, give way.

Prefix, header and cookie make a world on first use, a credential and the port of a deleted world
never; nor does reading control, so that a bookmark of a deleted world does not bring it back, nor
what a page of another site has a browser send.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from emulator.registry.live_world import LiveWorld
from emulator.registry.registry import WorldRegistry
from emulator.settings import Settings
from emulator.wire.gotrue.session_cookie import read_cookies, read_session
from emulator.wire.gotrue.tokens import read_token
from emulator.wire.http.origins import is_of_another_site
from emulator.wire.json_reader import load_json
from emulator.wire.world_address import COOKIE, HEADER, without_prefix
from emulator.wire.world_tags import MARK, tag_of
from emulator.world.core.refusals import Conflict
from emulator.world.core.world import DEFAULT, World

_RAW_HEADER = HEADER.encode()

WORLDLESS = ("/_emulator/worlds", "/_emulator/export", "/_emulator/import")
"""Control's paths that are about all worlds; what names one there is not looked at, so that a
client that names its world in every call may make it, too."""

ASIDE = frozenset({"/favicon.ico", "/docs", "/docs/", "/openapi.json"})
"""What a browser or a person asks for on the side, no part of the product's API: it is treated as
reading control is."""

COOKIELESS = ASIDE | {"/healthz", "/_emulator/health"}
"""Paths on which cookies name no world: they are about the server, whatever a browser holds."""

CONTROL = "/_emulator"

LINKS = ("/api/public/r/", "/api/public/shares/", "/exports/", "/stripe/")
"""Paths with a credential in one of their segments."""

BODIES: Mapping[str, tuple[str, ...]] = {
    "/auth/v1/token": ("refresh_token", "auth_code"),
    "/auth/v1/verify": ("token_hash",),
}
"""Paths whose body may hold credentials, and the members that are ones."""

_COOKIE_SOURCE = f"the cookie {COOKIE}"
_SESSION_SOURCE = "the session cookie"
_COOKIES = re.compile(rf"(?:^|;)\s*{COOKIE}=([^;\s]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A request as far as its world is concerned; `path` is without the prefix."""

    method: str
    path: str
    prefixed: str | None
    query: bytes
    headers: Mapping[str, str]
    body: bytes
    port: int | None
    named: tuple[str, ...]
    """What the header says, each time that it was sent."""


def asking(scope: Mapping[str, Any], headers: Mapping[str, str], body: bytes) -> Asking:
    """Return what of a request tells its world."""
    path, prefixed = without_prefix(scope["path"])
    server = scope.get("server")
    return Asking(
        method=scope["method"],
        path=path,
        prefixed=prefixed,
        query=scope["query_string"],
        headers=headers,
        body=body,
        port=server[1] if server else None,
        named=tuple(
            dict.fromkeys(
                value.decode("latin-1").strip()
                for name, value in scope["headers"]
                if name == _RAW_HEADER
            )
        )
        if HEADER in headers
        else (),
    )


def resolve_world(worlds: WorldRegistry, request: Asking) -> LiveWorld:
    """Return the world of a request. Refuses Conflict by name, NotFound, Invalid."""
    if request.path.startswith(WORLDLESS):
        return worlds.get(DEFAULT)
    sources = _sources(worlds, request)
    _require_agreement(sources)
    name = next(iter(sources.values()), DEFAULT)
    if _may_make(request, sources, worlds.settings):
        return worlds.get_or_create(name)
    return worlds.get(name)


def _sources(worlds: WorldRegistry, request: Asking) -> dict[str, str]:
    """Return what names a world, strongest first, with the name."""
    named = dict(_worlds_named(worlds, request))
    is_told_by_cookies = not named and request.path not in COOKIELESS
    cookies = dict(_worlds_of_cookies(request.headers, worlds)) if is_told_by_cookies else {}
    return {**named, **cookies, **dict(_worlds_of_credentials(request, worlds.settings))}


def _may_make(request: Asking, sources: Mapping[str, str], settings: Settings) -> bool:
    """Tell whether a world that is named but not there may be made."""
    is_control = request.path.startswith(CONTROL) or request.path in ASIDE
    if is_control and request.method in ("GET", "HEAD"):
        return False
    is_named = any(source in sources for source in ("the path prefix", _HEADER, _COOKIE_SOURCE))
    return is_named and not is_of_another_site(request.headers, settings)


def has_stale_cookie(worlds: WorldRegistry, request: Asking) -> bool:
    """Tell whether cookies alone name a world that is not there and that naming does not make."""
    if worlds.settings.makes_worlds_lazily or request.path.startswith(WORLDLESS):
        return False
    sources = _sources(worlds, request)
    name = sources.get(_COOKIE_SOURCE)
    is_alone = sources.keys() <= {_COOKIE_SOURCE, _SESSION_SOURCE}
    return name is not None and is_alone and not worlds.exists(name)


_HEADER = "the header X-Emulator-World"


def world_of_url(worlds: WorldRegistry, scope: Mapping[str, Any]) -> World | None:
    """Return the live world that a URL names by its port or prefix, as it is; None if it names
    none, one that is not there, or two.
    """
    request = asking(scope, {}, b"")
    named = {name for _, name in _worlds_named(worlds, request)}
    if request.path.startswith(WORLDLESS):
        named = {DEFAULT}
    return worlds.peek(named.pop()) if len(named) == 1 else None


def _worlds_named(worlds: WorldRegistry, request: Asking) -> Iterator[tuple[str, str]]:
    by_port = None if request.port is None else worlds.of_port(request.port)
    if by_port is not None:
        yield "the port", by_port
    if request.prefixed is not None:
        yield "the path prefix", request.prefixed
    for place, name in enumerate(request.named):
        yield f"{_HEADER} once more" if place else _HEADER, name


def _worlds_of_credentials(request: Asking, settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield the worlds that credentials of a request are tagged with."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    given = {"Authorization": bearer if scheme.lower() == "bearer" else ""}
    given["apikey"] = request.headers.get("apikey", "")
    for header, value in given.items():
        name = _world_of(value.strip(), settings) if value else None
        if name is not None:
            yield f"the credential in {header}", name
    if b"apikey=" in request.query:
        key = dict(parse_qsl(request.query.decode("latin-1"))).get("apikey", "")
        if (name := _world_of(key, settings)) is not None:
            yield "the apikey of the query", name
    if MARK in request.path and request.path.startswith(LINKS):
        for segment in request.path.split("/"):
            if (name := tag_of(segment)) is not None:
                yield "the link", name
    if request.path.rstrip("/") == "/auth/v1/verify" and request.query:
        token = dict(parse_qsl(request.query.decode("latin-1"))).get("token", "")
        if (name := tag_of(token)) is not None:
            yield "the link", name
    yield from _in_body(request)


def _in_body(request: Asking) -> Iterator[tuple[str, str]]:
    members = BODIES.get(request.path.rstrip("/"))
    if members is None or MARK.encode() not in request.body:
        return
    try:
        body = load_json(request.body)
    except ValueError:
        return
    for member in members if isinstance(body, dict) else ():
        value = body.get(member)
        name = tag_of(value) if isinstance(value, str) else None
        if name is not None:
            yield f"the body's {member}", name


def _world_of(credential: str, settings: Settings) -> str | None:
    """Return the world that a credential is of, or None for one that names none: the keys of the
    default world, which are those of `env`, are good wherever the request is led otherwise.
    """
    if credential.count(".") != _JWT_DOTS:
        return tag_of(credential)
    claims = read_token(credential, settings)
    if claims is None or claims.is_key_of_default:
        return None
    return claims.world


_JWT_DOTS = 2


def _worlds_of_cookies(
    headers: Mapping[str, str], worlds: WorldRegistry
) -> Iterator[tuple[str, str]]:
    """Yield the worlds that cookies name.

    Assumed: the session cookie of a world that is no more is no session. Browsers keep it for
    longer than worlds live, and would be refused everywhere, signing in included. Nor is that of
    the default world in a world that the cookie names: who is brought there is not signed in.
    """
    sent = headers.get("cookie")
    if not sent:
        return
    chosen = read_cookies(sent).get(COOKIE)
    if chosen:
        for place, name in enumerate(dict.fromkeys(_COOKIES.findall(sent))):
            yield f"{_COOKIE_SOURCE} once more" if place else _COOKIE_SOURCE, unquote(name)
    token = (read_session(sent, worlds.settings.session_cookie) or {}).get("access_token")
    name = _world_of(token, worlds.settings) if isinstance(token, str) else None
    if name not in (None, DEFAULT) and (worlds.exists(name) or name == chosen):
        yield _SESSION_SOURCE, name


def _require_agreement(named: Mapping[str, str]) -> None:
    (first, name), *others = list(named.items()) or [("", "")]
    for source, other in others:
        if other != name:
            raise Conflict(
                f"The request names two worlds: {first} says {name!r}, {source} says {other!r}. "
                "Send one of them."
            )
