"""GoTrue's error shapes, statuses and codes.

Real: with the header `X-Supabase-Api-Version: 2024-01-01` an error is `{"code", "message"}`,
without it `{"code": <status>, "error_code", "msg"}`; both carry `x-sb-error-code` (clients.md 2.4).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import Request, Response

from emulator.wire.gotrue.error_codes import GOTRUE_STATUS
from emulator.wire.http import errors as wire
from emulator.world.core import refusals
from emulator.world.core.refusals import RateLimited, Refusal, WeakPassword

VERSION_HEADER = "X-Supabase-Api-Version"
VERSION = "2024-01-01"


class NoAuthorization(Refusal):
    """The request has no bearer token."""

    def __init__(self) -> None:
        super().__init__("This endpoint requires a valid Bearer token")


class BadJwt(Refusal):
    """The bearer token is malformed, of another world, or no user's."""

    def __init__(self, message: str = "invalid JWT: unable to parse or verify signature") -> None:
        super().__init__(message)


class SessionNotFound(Refusal):
    """The token's session has ended; clients take this, and only this, as signed out."""

    def __init__(self) -> None:
        super().__init__("Session from session_id claim in JWT does not exist")


class BadJson(Refusal):
    """The body is no JSON object, or a member of it has another type than it should."""

    def __init__(self) -> None:
        super().__init__("Could not parse request body as JSON")


class UnknownGrant(Refusal):
    """The grant type is not supported."""

    def __init__(self) -> None:
        super().__init__("unsupported_grant_type")


class NotAdmin(Refusal):
    """The bearer is not the service key."""

    def __init__(self, message: str = "User not allowed") -> None:
        super().__init__(message)


class UserNotFound(Refusal):
    """No account has this id or address."""

    def __init__(self, message: str = "User not found") -> None:
        super().__init__(message)


class UserGone(Refusal):
    """The token's user has been deleted."""

    def __init__(self) -> None:
        super().__init__("User from sub claim in JWT does not exist")


class Banned(Refusal):
    """The account may not sign in, said to whoever has proved that it is its own."""

    def __init__(self) -> None:
        super().__init__("User is banned")


class EmailExists(Refusal):
    """Another account has the address."""

    def __init__(self) -> None:
        super().__init__("A user with this email address has already been registered")


class PhoneDisabled(Refusal):
    """Accounts have addresses, not numbers."""

    def __init__(self, message: str = "Unsupported phone provider") -> None:
        super().__init__(message)


class PhoneLoginsDisabled(Refusal):
    """Nobody signs in with a number. Real: another status than elsewhere."""

    def __init__(self) -> None:
        super().__init__("Phone logins are disabled")


class AnonymousDisabled(Refusal):
    """Nobody signs up without an address."""

    def __init__(self) -> None:
        super().__init__("Anonymous sign-ins are disabled")


class OtpDisabled(Refusal):
    """A link was asked for an address without an account, and none may be made."""

    def __init__(self) -> None:
        super().__init__("Signups not allowed for otp")


class SwitchedOff(Refusal):
    """A feature that a new project has not; `code` is GoTrue's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ProviderDisabled(Refusal):
    """A token of another identity provider was to be exchanged for a session."""

    def __init__(self, issuer: str) -> None:
        super().__init__(f'Provider (issuer "{issuer}") is not enabled')


class Web3Disabled(Refusal):
    """A signature of a wallet was to be exchanged for a session."""

    def __init__(self) -> None:
        super().__init__("Web3 provider is disabled")


class BadEmail(Refusal):
    """What should be an address is missing or none. Real: another status than elsewhere."""

    def __init__(self, message: str = "Invalid email format") -> None:
        super().__init__(message)


class BadUserId(Refusal):
    """An account was asked for by something that is no UUID."""

    def __init__(self) -> None:
        super().__init__("user_id must be an UUID")


class FactorNotFound(Refusal):
    """The user has no second factor of this id."""

    def __init__(self) -> None:
        super().__init__("Factor not found")


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
    refusals.SessionExpired: (400, "session_expired"),
    refusals.ReusedRefreshToken: (400, "refresh_token_already_used"),
    refusals.SignupsDisabled: (422, "signup_disabled"),
    refusals.EmailNotConfirmed: (400, "email_not_confirmed"),
    refusals.UserBanned: (400, "user_banned"),
    refusals.SamePassword: (422, "same_password"),
    refusals.CodeExpired: (403, "otp_expired"),
    refusals.UnknownFlow: (404, "flow_state_not_found"),
    refusals.ExpiredFlow: (422, "flow_state_expired"),
    refusals.BadVerifier: (400, "bad_code_verifier"),
    refusals.RateLimited: (429, "over_request_rate_limit"),
    refusals.CardDeclined: (409, "conflict"),
    refusals.SessionClosed: (409, "conflict"),
    refusals.BadSignature: (400, "validation_failed"),
    wire.BadInput: (400, "validation_failed"),
    wire.UnsupportedMediaType: (400, "bad_json"),
    wire.PayloadTooLarge: (413, "request_too_large"),
    wire.NotImplementedHere: (501, "not_implemented"),
    wire.UnsupportedAction: (405, "method_not_allowed"),
    wire.BadCredentials: (401, "no_authorization"),
    wire.NoSuchRoute: (404, "not_found"),
    wire.InternalError: (500, "unexpected_failure"),
    wire.InjectedError: (500, "unexpected_failure"),
    wire.Malformed: (400, "validation_failed"),
    NoAuthorization: (401, "no_authorization"),
    BadJwt: (403, "bad_jwt"),
    SessionNotFound: (403, "session_not_found"),
    BadJson: (400, "bad_json"),
    UnknownGrant: (400, "invalid_credentials"),
    NotAdmin: (403, "not_admin"),
    UserNotFound: (404, "user_not_found"),
    UserGone: (403, "user_not_found"),
    Banned: (403, "user_banned"),
    EmailExists: (422, "email_exists"),
    PhoneDisabled: (400, "phone_provider_disabled"),
    PhoneLoginsDisabled: (422, "phone_provider_disabled"),
    AnonymousDisabled: (422, "anonymous_provider_disabled"),
    OtpDisabled: (422, "otp_disabled"),
    SwitchedOff: (404, "feature_disabled"),
    FactorNotFound: (404, "mfa_factor_not_found"),
    ProviderDisabled: (400, "provider_disabled"),
    Web3Disabled: (422, "web3_provider_disabled"),
    BadEmail: (422, "validation_failed"),
    BadUserId: (404, "validation_failed"),
}
"""Refusal → status and code; every refusal has a row."""


_INJECTED: Mapping[int, str] = {
    400: "validation_failed",
    401: "no_authorization",
    403: "bad_jwt",
    404: "not_found",
    409: "conflict",
    413: "request_too_large",
    414: "validation_failed",
    422: "validation_failed",
    429: "over_request_rate_limit",
    431: "validation_failed",
    501: "not_implemented",
    504: "request_timeout",
}
"""The code of a fault that says a status alone; else it is `unexpected_failure`."""


_FOREIGN = frozenset(map(str, wire.Code)) - frozenset(GOTRUE_STATUS)
"""The codes of ours that are none of GoTrue's; what is nobody's is sent as it was said."""


def status_and_code(refusal: Refusal) -> tuple[int, str]:
    """Return the status and the code that a refusal takes."""
    status, code = TABLE[type(refusal)]
    if isinstance(refusal, wire.InjectedError):
        status = refusal.status
        of_status = _INJECTED.get(status, "unexpected_failure")
        code = of_status if refusal.said in _FOREIGN or refusal.said is None else refusal.said
    if isinstance(refusal, RateLimited) and refusal.kind == "mail":
        code = "over_email_send_rate_limit"
    if isinstance(refusal, SwitchedOff):
        code = refusal.code
    return status, code


_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}")


def _asks_for_version(request: Request) -> bool:
    """Tell whether a request knows the newer shape. Real: a later date does, garbage does not."""
    said = request.headers.get(VERSION_HEADER, "")
    return _VERSION.fullmatch(said) is not None and said >= VERSION


def render(request: Request, refusal: Refusal, headers: Mapping[str, str]) -> Response:
    """Return the answer that a refusal takes, in the shape that the request's version asks for."""
    status, code = status_and_code(refusal)
    body: dict[str, Any]
    if _asks_for_version(request):
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
