"""World names in a request: what names a world, strongest first.

The port by which it came, the path prefix `/_w/{name}` or the header `X-Emulator-World`; else the
cookie `emulator_world`; else the tag of a credential. Two that disagree are refused by name, except
that cookies, which browsers share across ports, give way to the first three. A path of control,
`/_emulator/worlds/{name}/…`, names it alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote

from emulator.pipeline.credential_places import CredentialPlaces
from emulator.registry.ports import PortMap
from emulator.registry.registry import WorldRegistry
from emulator.wire.gotrue.tokens import Claims, read_token
from emulator.wire.http.credentials import Credentials, is_jwt
from emulator.wire.http.incoming_request import IncomingRequest
from emulator.wire.json_reader import load_json
from emulator.wire.world_address import COOKIE, HEADER
from emulator.wire.world_tags import MARK, tag_of
from emulator.world.core.world import DEFAULT

PREFIX_SOURCE = "the path prefix"
HEADER_SOURCE = "the header X-Emulator-World"
COOKIE_SOURCE = f"the cookie {COOKIE}"
SESSION_SOURCE = "the session cookie"

_RAW_HEADER = HEADER.encode()
_COOKIES = re.compile(rf"(?:^|;)\s*{COOKIE}=([^;\s]+)")

Names = Iterator[tuple[str, str]]
"""Yields where a name stands and the name."""


def names_by_address(ports: PortMap, request: IncomingRequest) -> Names:
    """Yield the worlds that the port, the prefix and the header name."""
    server = request.server
    by_port = ports.name_at(server[1]) if server and server[1] is not None else None
    if by_port is not None:
        yield "the port", by_port
    if request.world_prefix is not None:
        yield PREFIX_SOURCE, request.world_prefix
    if HEADER in request.headers:
        values = (value for name, value in request.raw_headers if name == _RAW_HEADER)
        names = dict.fromkeys(value.decode("latin-1").strip() for value in values)
        for place, name in enumerate(names):
            yield f"{HEADER_SOURCE} once more" if place else HEADER_SOURCE, name


def names_by_cookies(credentials: Credentials, registry: WorldRegistry) -> Names:
    """Yield the worlds that cookies name.

    Assumed: the session cookie of a world that does not exist is ignored. Browsers keep it for
    longer than worlds live, and would be refused everywhere, the login included. So is that of the
    default world where the world's cookie names another: that browser is not signed in there.
    """
    sent = credentials.headers.get("cookie")
    if not sent:
        return
    chosen = credentials.cookies.get(COOKIE)
    if chosen:
        for place, name in enumerate(dict.fromkeys(_COOKIES.findall(sent))):
            yield f"{COOKIE_SOURCE} once more" if place else COOKIE_SOURCE, unquote(name)
    token = credentials.session_token
    if token is None:
        return
    of_session = _world_of(token, credentials.session_claims)
    if of_session is None or of_session == DEFAULT:
        return
    if of_session == chosen or registry.exists(of_session):
        yield SESSION_SOURCE, of_session


def depends_on_other_worlds(credentials: Credentials, world_name: str) -> bool:
    """Return whether a request that reached a world might reach another once further worlds exist:
    its session cookie names a world that it did not reach.
    """
    if "cookie" not in credentials.headers:
        return False
    token = credentials.session_token
    of_session = None if token is None else _world_of(token, credentials.session_claims)
    return of_session not in (None, DEFAULT, world_name)


def names_by_credentials(request: IncomingRequest, places: CredentialPlaces) -> Names:
    """Yield the worlds whose tags the credentials of a request carry."""
    credentials = request.credentials
    bearer, apikey = credentials.bearer, credentials.apikey
    if bearer:
        name = _world_of(bearer, credentials.claims if is_jwt(bearer) else None)
        if name is not None:
            yield "the credential in Authorization", name
    if apikey and (name := _world_of_key(apikey, credentials)) is not None:
        yield "the credential in apikey", name
    if request.query:
        yield from _in_query(request, places)
    if MARK in request.path and request.path.startswith(places.links):
        for segment in request.path.split("/"):
            if (name := tag_of(segment)) is not None:
                yield "the link", name
    members = places.bodies.get(request.path.rstrip("/"))
    if members is not None and MARK.encode() in request.body:
        yield from _in_body(request.body, members)


def _in_query(request: IncomingRequest, places: CredentialPlaces) -> Names:
    members = places.queries.get(request.path.rstrip("/"), ())
    if not members and b"apikey=" not in request.query:
        return
    query = dict(parse_qsl(request.query.decode("latin-1")))
    name = _world_of_key(query.get("apikey", ""), request.credentials)
    if name is not None:
        yield "the apikey of the query", name
    for member in members:
        if (name := tag_of(query.get(member, ""))) is not None:
            yield "the link", name


def _in_body(body: bytes, members: tuple[str, ...]) -> Names:
    try:
        value = load_json(body)
    except ValueError:
        return
    for member in members if isinstance(value, dict) else ():
        credential = value.get(member)
        name = tag_of(credential) if isinstance(credential, str) else None
        if name is not None:
            yield f"the body's {member}", name


def _world_of_key(key: str, credentials: Credentials) -> str | None:
    return _world_of(key, read_token(key, credentials.settings) if is_jwt(key) else None)


def _world_of(credential: str, claims: Claims | None) -> str | None:
    """Return the world of a credential, or None where it names none: the keys of the default world,
    which `env` prints, are good in whichever world a request is for.
    """
    if not is_jwt(credential):
        return tag_of(credential)
    return None if claims is None or claims.is_key_of_default else claims.world
