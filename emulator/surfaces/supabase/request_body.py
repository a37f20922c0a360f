"""Request body of GoTrue: a JSON object of any declared type, read member by member."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from emulator.surfaces.supabase.errors import GoTrueError
from emulator.wire.fields import Email
from emulator.wire.http.bodies import body_of, parse_json
from emulator.world.core.refusals import Invalid
from emulator.world.identity.pkce import Challenge

BAD_JSON = partial(GoTrueError, "bad_json", "Could not parse request body as JSON")

_EMAIL = TypeAdapter(Email)


async def read_body(request: Request) -> dict[str, Any]:
    """Return the JSON object of the body.

    Its declared type is ignored, and unknown members are allowed, because clients send both.
    Raises GoTrueError.
    """
    try:
        body = parse_json(await body_of(request))
    except Invalid:
        raise BAD_JSON() from None
    if not isinstance(body, dict):
        raise BAD_JSON()
    return body


def given_text(body: Mapping[str, Any], name: str) -> str | None:
    """Return a member that is a string, or None where it is absent or null. Raises GoTrueError."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise BAD_JSON()
    return value


def optional_text(body: Mapping[str, Any], name: str) -> str | None:
    """Return a member that is a string, or None where it is absent, null or empty."""
    return given_text(body, name) or None


def text_member(body: Mapping[str, Any], name: str, message: str) -> str:
    """Return a member that must be a string and not empty. Raises Invalid with the message."""
    value = given_text(body, name)
    if not value:
        raise Invalid(name, message)
    return value


def email_member(
    body: Mapping[str, Any], name: str = "email", *, absent: str = "An email address is required"
) -> str:
    """Return a member that must be an e-mail address, in lower case; `absent` is the message where
    it is missing. Raises Invalid, GoTrueError.
    """
    try:
        return _EMAIL.validate_python(text_member(body, name, absent))
    except ValidationError:
        raise Invalid(name, "Unable to validate email address: invalid format") from None


def require_one_way(body: Mapping[str, Any], message: str) -> None:
    """Raise Invalid with the message where a body has both an address and a phone number."""
    if optional_text(body, "email") and optional_text(body, "phone"):
        raise Invalid("phone", message)


def object_member(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a member that is an object, empty where it is null or absent. Raises GoTrueError."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BAD_JSON()
    return value


_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def challenge_of(body: Mapping[str, Any]) -> Challenge | None:
    """Return the PKCE challenge that starts a flow, or None. Raises Invalid, GoTrueError.

    Real: the length and the characters of RFC 7636, section 4.1.
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
