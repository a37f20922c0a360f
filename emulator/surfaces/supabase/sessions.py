"""Signing in, refreshing, the user behind a token, signing out."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import Request, Response

from emulator import __version__
from emulator.surfaces.supabase.errors import (
    BadJson,
    BadJwt,
    NoAuthorization,
    SessionNotFound,
    UnknownGrant,
)
from emulator.wire.bodies import body_of, parse_json
from emulator.wire.cookies import NO_STORE
from emulator.wire.credentials import untagged
from emulator.wire.exchange import exchange_of
from emulator.wire.gotrue import session_view, user_view
from emulator.wire.tokens import read_access_token
from emulator.world import accounts
from emulator.world.access import Actor
from emulator.world.records import User
from emulator.world.refusals import Invalid, LoginRequired, UnknownRefreshToken
from emulator.world.times import SECOND

SCOPES = ("global", "local", "others")


async def read_body(request: Request) -> dict[str, Any]:
    """Return the JSON object of the body, whatever its declared type: clients send noise, and
    unknown members are theirs to send. Refuses BadJson.
    """
    try:
        body = parse_json(await body_of(request))
    except Invalid:
        raise BadJson from None
    if not isinstance(body, dict):
        raise BadJson
    return body


def text_member(body: dict[str, Any], name: str) -> str:
    """Return a member that must be a non-empty string. Refuses Invalid."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Invalid(name, f"{name} is required and should be a string")
    return value


def bearer(request: Request) -> Actor:
    """Return the actor of the bearer token. Refuses NoAuthorization, BadJwt, SessionNotFound."""
    exchange = exchange_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NoAuthorization
    claims = read_access_token(token.strip(), exchange.settings)
    world = exchange.world
    if claims is None or claims.world != world.name:
        raise BadJwt
    if exchange.settings.is_wall_clock and claims.expires_at <= world.now // SECOND:
        raise BadJwt
    try:
        return accounts.session_actor(world, claims.session_id)
    except LoginRequired:
        raise SessionNotFound from None


async def issue_token(request: Request) -> Response:
    """`POST /token?grant_type=password|refresh_token`: a session for a proof."""
    exchange = exchange_of(request)
    world = exchange.world
    grant = request.query_params.get("grant_type")
    if grant not in ("password", "refresh_token"):
        raise UnknownGrant
    body = await read_body(request)
    if grant == "password":
        signed_in = accounts.sign_in(
            world, email=text_member(body, "email"), password=text_member(body, "password")
        )
    else:
        bare = untagged(text_member(body, "refresh_token"), world)
        if bare is None:
            raise UnknownRefreshToken
        signed_in = accounts.refresh_session(world, refresh_token=bare)
    return _json(session_view(world, exchange.settings, signed_in))


async def get_user(request: Request) -> Response:
    """`GET /user`: the user of the bearer token."""
    world = exchange_of(request).world
    return _json(user_view(world, world.expect(User, bearer(request).user_id)))


async def logout(request: Request) -> Response:
    """`POST /logout?scope=global|local|others`: end sessions; the body is not read."""
    actor = bearer(request)
    scope = request.query_params.get("scope", "global")
    if scope not in SCOPES:
        raise Invalid("scope", f"Unsupported logout scope {scope!r}; use one of {SCOPES}")
    accounts.sign_out(exchange_of(request).world, actor, scope=scope)
    return Response(status_code=204)


async def get_health(_: Request) -> Response:
    """`GET /health`: who answers."""
    return _json(
        {
            "version": f"worldflux-emulator {__version__}",
            "name": "GoTrue",
            "description": "GoTrue is a user registration and authentication API",
        }
    )


def _json(view: dict[str, Any]) -> Response:
    return Response(orjson.dumps(view), media_type="application/json", headers=NO_STORE)
