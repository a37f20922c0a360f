"""GoTrue's error shapes, statuses and codes.

Real: with the header `X-Supabase-Api-Version: 2024-01-01` an error is `{"code", "message"}`,
without it `{"code": <status>, "error_code", "msg"}`; both carry `x-sb-error-code` (clients.md 2.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import Request, Response

from emulator.wire import errors as wire
from emulator.world import refusals
from emulator.world.refusals import Refusal, WeakPassword

VERSION_HEADER = "X-Supabase-Api-Version"
VERSION = "2024-01-01"


class NoAuthorization(Refusal):
    """The request has no bearer token."""

    def __init__(self) -> None:
        super().__init__("This endpoint requires a valid Bearer token")


class BadJwt(Refusal):
    """The bearer token is malformed, of another world, or no user's."""

    def __init__(self) -> None:
        super().__init__("invalid JWT: unable to parse or verify signature")


class SessionNotFound(Refusal):
    """The token's session has ended; clients take this, and only this, as signed out."""

    def __init__(self) -> None:
        super().__init__("Session from session_id claim in JWT does not exist")


class BadJson(Refusal):
    """The body is no JSON object."""

    def __init__(self) -> None:
        super().__init__("Could not parse request body as JSON")


class UnknownGrant(Refusal):
    """The grant type is not supported."""

    def __init__(self) -> None:
        super().__init__("unsupported_grant_type")


TABLE: Mapping[type[Refusal], tuple[int, str]] = {
    refusals.NotFound: (404, "not_found"),
    refusals.Forbidden: (403, "forbidden"),
    refusals.Invalid: (400, "validation_failed"),
    refusals.Conflict: (409, "conflict"),
    refusals.QuotaExceeded: (429, "over_request_rate_limit"),
    refusals.LoginRequired: (403, "session_not_found"),
    refusals.BadKey: (403, "bad_jwt"),
    refusals.BadPassword: (400, "invalid_credentials"),
    refusals.EmailTaken: (422, "user_already_exists"),
    refusals.WeakPassword: (422, "weak_password"),
    refusals.UnknownRefreshToken: (400, "refresh_token_not_found"),
    refusals.ReusedRefreshToken: (400, "refresh_token_already_used"),
    wire.BadInput: (400, "validation_failed"),
    wire.UnsupportedMediaType: (400, "bad_json"),
    wire.PayloadTooLarge: (413, "request_too_large"),
    wire.NotImplementedHere: (501, "not_implemented"),
    wire.UnsupportedAction: (405, "method_not_allowed"),
    wire.BadCredentials: (401, "no_authorization"),
    wire.NoSuchRoute: (404, "not_found"),
    wire.Broken: (500, "unexpected_failure"),
    NoAuthorization: (401, "no_authorization"),
    BadJwt: (403, "bad_jwt"),
    SessionNotFound: (403, "session_not_found"),
    BadJson: (400, "bad_json"),
    UnknownGrant: (400, "invalid_credentials"),
}
"""Refusal → status and code; every refusal has a row."""


def render(request: Request, refusal: Refusal, headers: Mapping[str, str]) -> Response:
    """Return the answer that a refusal takes, in the shape that the request's version asks for."""
    status, code = TABLE[type(refusal)]
    body: dict[str, Any]
    if VERSION_HEADER in request.headers:
        body = {"code": code, "message": refusal.message}
        headers = {VERSION_HEADER: VERSION, **headers}
    else:
        body = {"code": status, "error_code": code, "msg": refusal.message}
    if isinstance(refusal, WeakPassword):
        body["weak_password"] = {"reasons": list(refusal.reasons)}
    return Response(
        orjson.dumps(body),
        status_code=status,
        headers={"x-sb-error-code": code, **headers},
        media_type="application/json",
    )
