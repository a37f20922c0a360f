"""GoTrue's errors: their codes, statuses and shapes.

Real: with the header `X-Supabase-Api-Version: 2024-01-01` an error is `{"code", "message"}`,
without it `{"code": <status>, "error_code", "msg"}` (supabase/auth internal/api/errors.go,
`HandleResponseError`). Both carry the header `x-sb-error-code`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from emulator.wire.gotrue.error_codes import CODE_OF_STATUS, GOTRUE_STATUS
from emulator.wire.http import codes as wire
from emulator.world.core import refusals
from emulator.world.core.refusals import RateLimited, Refusal, WeakPassword

VERSION_HEADER = "X-Supabase-Api-Version"
VERSION = "2024-01-01"


class GoTrueError(Refusal):
    """A refusal of GoTrue itself, by its code.

    `status` is for the places that send a code with another status than most others do.
    """

    def __init__(self, code: str, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = GOTRUE_STATUS[code] if status is None else status


class GatewayRefusal(Refusal):
    """The API gateway in front of GoTrue stops a request; it has no code, but a hint."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


TABLE: Mapping[type[Refusal], str] = {
    refusals.NotFound: "not_found",
    refusals.Forbidden: "forbidden",
    refusals.Invalid: "validation_failed",
    refusals.Conflict: "conflict",
    refusals.QuotaExceeded: "over_request_rate_limit",
    refusals.LoginRequired: "session_not_found",
    refusals.BadKey: "bad_jwt",
    refusals.BadPassword: "invalid_credentials",
    refusals.EmailTaken: "user_already_exists",
    refusals.WeakPassword: "weak_password",
    refusals.UnknownRefreshToken: "refresh_token_not_found",
    refusals.SessionExpired: "session_expired",
    refusals.ReusedRefreshToken: "refresh_token_already_used",
    refusals.SignupsDisabled: "signup_disabled",
    refusals.EmailNotConfirmed: "email_not_confirmed",
    refusals.UserBanned: "user_banned",
    refusals.SamePassword: "same_password",
    refusals.CodeExpired: "otp_expired",
    refusals.UnknownFlow: "flow_state_not_found",
    refusals.ExpiredFlow: "flow_state_expired",
    refusals.BadVerifier: "bad_code_verifier",
    refusals.RateLimited: "over_request_rate_limit",
    refusals.CardDeclined: "conflict",
    refusals.SessionClosed: "conflict",
    refusals.BadSignature: "validation_failed",
    wire.BadInput: "validation_failed",
    wire.UnsupportedMediaType: "bad_json",
    wire.PayloadTooLarge: "request_too_large",
    wire.NotImplementedHere: "not_implemented",
    wire.UnsupportedAction: "method_not_allowed",
    wire.BadCredentials: "no_authorization",
    wire.NoSuchRoute: "not_found",
    wire.InternalError: "unexpected_failure",
    wire.InjectedError: "unexpected_failure",
    wire.Malformed: "validation_failed",
}
"""Refusal → code; every refusal of the world and the wire has a row."""

_OTHER_STATUS: Mapping[type[Refusal], int] = {refusals.UserBanned: 400}
"""Real: signing in sends `user_banned` with 400, everything else with 403 (supabase/auth
internal/api/token.go)."""

_FOREIGN = frozenset(map(str, wire.Code)) - frozenset(GOTRUE_STATUS)
"""The emulator's codes that GoTrue does not have. An injected error with one of them takes the code
of its status; any other code is sent as it was requested."""


def status_and_code(refusal: Refusal) -> tuple[int, str]:
    """Return the status and the code that a refusal takes."""
    if isinstance(refusal, GoTrueError):
        return refusal.status, refusal.code
    if isinstance(refusal, wire.InjectedError):
        return refusal.status, _injected_code(refusal)
    code = TABLE[type(refusal)]
    if isinstance(refusal, RateLimited) and refusal.kind == "mail":
        code = "over_email_send_rate_limit"
    return _OTHER_STATUS.get(type(refusal), GOTRUE_STATUS[code]), code


def _injected_code(refusal: wire.InjectedError) -> str:
    if refusal.requested_code is None or refusal.requested_code in _FOREIGN:
        return CODE_OF_STATUS.get(refusal.status, "unexpected_failure")
    return refusal.requested_code


def render(request: Request, refusal: Refusal, headers: Mapping[str, str]) -> Response:
    """Return the response of a refusal, in the shape that the request's version asks for."""
    if isinstance(refusal, GatewayRefusal):
        body: dict[str, Any] = {"message": refusal.message, "hint": refusal.hint}
        return error_response(401, body, headers)
    status, code = status_and_code(refusal)
    if _knows_version(request):
        body = {"code": code, "message": refusal.message}
        headers = {VERSION_HEADER: VERSION, **headers}
    else:
        body = {"code": status, "error_code": code, "msg": refusal.message}
    if isinstance(refusal, WeakPassword):
        body["weak_password"] = {"reasons": list(refusal.reasons)}
    return error_response(status, body, {"x-sb-error-code": code, **headers})


def error_response(status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    """Return an error as JSON."""
    return Response(
        orjson.dumps(body), status_code=status, headers=dict(headers), media_type="application/json"
    )


_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}")


def _knows_version(request: Request) -> bool:
    """Return whether a client knows the newer shape.

    Real: a later date counts, anything that is not a date does not (supabase/auth
    internal/api/apiversions.go).
    """
    version = request.headers.get(VERSION_HEADER, "")
    return _VERSION.fullmatch(version) is not None and version >= VERSION
