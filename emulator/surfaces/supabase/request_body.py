"""What GoTrue's handlers read of a request: who asks, the body, where to go on to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson
from fastapi import Request, Response
from pydantic import TypeAdapter, ValidationError

from emulator.surfaces.supabase.errors import (
    BadJson,
    BadJwt,
    Banned,
    NoAuthorization,
    NotAdmin,
    SessionNotFound,
    UserGone,
)
from emulator.wire.fields import Email
from emulator.wire.gotrue.session_cookie import NO_STORE
from emulator.wire.gotrue.tokens import SERVICE, Claims, read_token
from emulator.wire.http.bodies import body_of, parse_json
from emulator.wire.http.context import context_of
from emulator.wire.http.origins import is_allowed_origin
from emulator.world.core.access import Actor
from emulator.world.core.refusals import Invalid, LoginRequired
from emulator.world.core.times import SECOND
from emulator.world.identity import sessions
from emulator.world.identity.accounts import is_banned
from emulator.world.identity.pkce import Challenge
from emulator.world.records.identity import User

_EMAIL = TypeAdapter(Email)


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


def given_text(body: Mapping[str, Any], name: str) -> str | None:
    """Return a member that is a string, or None where it is absent or null. Refuses BadJson."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise BadJson
    return value


def optional_text(body: Mapping[str, Any], name: str) -> str | None:
    """Return a member that is a string, or None where it is absent, null or empty."""
    return given_text(body, name) or None


def text_member(body: Mapping[str, Any], name: str, message: str) -> str:
    """Return a member that must be a string and not empty. Refuses Invalid with the message."""
    value = given_text(body, name)
    if not value:
        raise Invalid(name, message)
    return value


def email_member(
    body: Mapping[str, Any], name: str = "email", *, absent: str = "An email address is required"
) -> str:
    """Return a member that must be an e-mail address, in lower case; `absent` is what is said where
    there is none. Refuses Invalid, BadJson.
    """
    try:
        return _EMAIL.validate_python(text_member(body, name, absent))
    except ValidationError:
        raise Invalid(name, "Unable to validate email address: invalid format") from None


def require_one_way(body: Mapping[str, Any], message: str) -> None:
    """Refuse Invalid with the message where a body has both an address and a number."""
    if optional_text(body, "email") and optional_text(body, "phone"):
        raise Invalid("phone", message)


def object_member(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a member that is an object; null and absent are an empty one. Refuses BadJson."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadJson
    return value


_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def challenge_of(body: Mapping[str, Any]) -> Challenge | None:
    """Return the PKCE challenge that a body begins a flow with, or None. Refuses Invalid, BadJson.

    Real: the length and the letters of RFC 7636.
    """
    value = optional_text(body, "code_challenge")
    method = (optional_text(body, "code_challenge_method") or "").lower()
    if value is None and not method:
        return None
    if value is None or not method:
        raise Invalid(
            "code_challenge", "PKCE flow requires code_challenge_method and code_challenge"
        )
    if not _CHALLENGE.fullmatch(value):
        raise Invalid("code_challenge", "code challenge has to be 43 to 128 unreserved characters")
    if method == "s256":
        return Challenge(value=value, method="s256")
    if method == "plain":
        return Challenge(value=value, method="plain")
    raise Invalid("code_challenge_method", "code challenge method must be s256 or plain")


def redirect_of(request: Request) -> str | None:
    """Return the `redirect_to` of the query if it may be gone on to, else the page that calls, else
    None for the site URL.

    Real: GoTrue falls back silently.
    """
    wanted = allowed_redirect(request, request.query_params.get("redirect_to"))
    return wanted or allowed_redirect(request, request.headers.get("referer"))


_UNSAFE = re.compile(r"[\x00-\x20\x7f]")


def allowed_redirect(request: Request, url: str | None) -> str | None:
    """Return a URL if it may be gone on to, else None.

    Assumed: loopback, the site's own origin and --allowed-origin are the allow-list.
    """
    context = context_of(request)
    if not url or _UNSAFE.search(url):
        return None
    origin, site = _origin(url), _origin(context.world.auth.site_url)
    if origin is None:
        return None
    return url if origin == site or is_allowed_origin(origin, context.settings) else None


def _origin(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return f"{parts.scheme}://{parts.netloc}"


def _claims(request: Request) -> Claims:
    context = context_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NoAuthorization
    claims = read_token(token.strip(), context.settings)
    world = context.world
    if claims is None or (claims.world != world.name and not claims.is_key_of_default):
        raise BadJwt
    if context.settings.is_wall_clock and claims.expires_at <= world.now // SECOND:
        raise BadJwt
    return claims


def bearer(request: Request) -> Actor:
    """Return the actor of the bearer token. Refuses as GoTrue does a bad one."""
    context = context_of(request)
    claims = _claims(request)
    if claims.session_id is None or claims.user_id is None:
        raise BadJwt("invalid claim: missing sub claim")
    user = context.world.get(User, claims.user_id)
    if user is None:
        raise UserGone
    try:
        actor = sessions.session_actor(context.world, claims.session_id, source=context.source)
    except LoginRequired:
        raise SessionNotFound from None
    if is_banned(user, context.world.now):
        raise Banned
    context.outcome.actor = actor
    return actor


def require_service(request: Request) -> None:
    """Refuse NoAuthorization, BadJwt, NotAdmin unless the bearer is the service key."""
    if _claims(request).role != SERVICE:
        raise NotAdmin


def reply(view: Any, *, status: int = 200, headers: Mapping[str, str] = NO_STORE) -> Response:
    """Return a view as an answer that no cache keeps."""
    return Response(
        orjson.dumps(view), status_code=status, media_type="application/json", headers=headers
    )
