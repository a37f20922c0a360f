"""Error codes, their statuses, and the refusals that concern HTTP rather than the world."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from emulator.world.core import refusals
from emulator.world.core.refusals import Invalid, QuotaExceeded, Refusal


class Code(StrEnum):
    """Every code an error of the upstream or the BFF may carry; stable.

    Docs: the first five (API reference, Error shape). Assumed: the other codes are ours.
    """

    LOGIN_REQUIRED = "login_required"
    VALIDATION_ERROR = "validation_error"
    QUOTA_EXCEEDED = "quota_exceeded"
    NOT_FOUND = "not_found"
    UNSUPPORTED_ACTION = "unsupported_action"
    INVALID_CREDENTIALS = "invalid_credentials"
    FORBIDDEN = "forbidden"
    CONFLICT = "conflict"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    RATE_LIMITED = "rate_limited"
    INTERNAL_ERROR = "internal_error"
    NOT_IMPLEMENTED = "not_implemented"


STATUS: Mapping[Code, int] = {
    Code.LOGIN_REQUIRED: 401,
    Code.VALIDATION_ERROR: 422,
    Code.QUOTA_EXCEEDED: 402,
    Code.NOT_FOUND: 404,
    Code.UNSUPPORTED_ACTION: 405,
    Code.INVALID_CREDENTIALS: 401,
    Code.FORBIDDEN: 403,
    Code.CONFLICT: 409,
    Code.PAYLOAD_TOO_LARGE: 413,
    Code.UNSUPPORTED_MEDIA_TYPE: 415,
    Code.RATE_LIMITED: 429,
    Code.INTERNAL_ERROR: 500,
    Code.NOT_IMPLEMENTED: 501,
}


"""Assumed: The documentation gives no statuses; "Method not allowed" and "does not exist" suggest
405 and 404."""


class UnsupportedMediaType(Refusal):
    """The body is not declared to be JSON."""

    def __init__(self, media_type: str) -> None:
        said = f", not as {media_type!r}" if media_type else "; it has no Content-Type"
        super().__init__(f"Send the body as application/json{said}.")


class PayloadTooLarge(Refusal):
    """The body is larger than this route takes."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"The body is larger than {limit_bytes // 2**20} MiB; send less at once.")


class NotImplementedHere(Refusal):
    """The operation exists upstream but is not emulated."""

    def __init__(self, operation: str, message: str | None = None) -> None:
        default = f"{operation} exists upstream but the emulator does not have it yet."
        super().__init__(message or default)


class UnsupportedAction(Refusal):
    """The method is not allowed here; `allow` lists the allowed methods."""

    def __init__(self, method: str, path: str, *, allow: str) -> None:
        super().__init__(f"{method} is not allowed on {path}; use {allow or 'another path'}.")
        self.allow = allow


class BadCredentials(Refusal):
    """The Authorization header is missing or of an unknown kind."""

    def __init__(self) -> None:
        super().__init__(
            "Send an API key or a session's access token as 'Authorization: Bearer …'."
        )


class NoSuchRoute(Refusal):
    """No route has this path."""

    def __init__(self, path: str, message: str | None = None) -> None:
        default = f"There is nothing at {path}; `worldflux-emulator routes` lists all."
        super().__init__(message or default)


class BadInput(Invalid):
    """A body or query that does not have the documented shape; `problems` lists each place."""

    def __init__(self, problems: list[dict[str, str]]) -> None:
        first = problems[0]
        where = f"{first['path']}: " if first["path"] else ""
        super().__init__(first["path"], f"{where}{first['message']}")
        self.problems = problems


class InjectedError(Refusal):
    """An error that a fault injects, or that the request asks for with `Prefer: code=…`.

    `claimed` is the refusal whose details it carries.
    """

    def __init__(
        self,
        status: int,
        code: str | None,
        message: str | None,
        *,
        claimed: QuotaExceeded | None = None,
    ) -> None:
        super().__init__(message or f"A fault was armed here: {status}.")
        self.status = status
        self.requested_code = code
        """The requested code; None leaves it to the surface."""
        self.code = code or code_of(status)
        self.claimed = claimed


class Malformed(InjectedError):  # noqa: N818 - a refusal, as its parent is
    """The request is not valid HTTP, or its head is too large.

    Assumed: It has no code of its own, as the documentation names none for it.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, None, message)


class InternalError(Refusal):
    """A bug of the emulator."""

    def __init__(self) -> None:
        super().__init__("The emulator has a bug here; its log has the traceback.")


_CODE_OF: Mapping[int, Code] = {
    **{status: code for code, status in reversed(list(STATUS.items()))},
    410: Code.NOT_FOUND,
    412: Code.CONFLICT,
}


def code_of(status: int) -> Code:
    """Return the code of a status. Assumed: A status without its own code takes the nearest one."""
    other = Code.VALIDATION_ERROR if status < STATUS[Code.INTERNAL_ERROR] else Code.INTERNAL_ERROR
    return _CODE_OF.get(status, other)


CODES: Mapping[type[Refusal], Code] = {
    refusals.NotFound: Code.NOT_FOUND,
    refusals.Forbidden: Code.FORBIDDEN,
    refusals.Invalid: Code.VALIDATION_ERROR,
    refusals.Conflict: Code.CONFLICT,
    refusals.QuotaExceeded: Code.QUOTA_EXCEEDED,
    refusals.LoginRequired: Code.LOGIN_REQUIRED,
    refusals.BadKey: Code.INVALID_CREDENTIALS,
    refusals.BadPassword: Code.INVALID_CREDENTIALS,
    refusals.EmailTaken: Code.CONFLICT,
    refusals.WeakPassword: Code.VALIDATION_ERROR,
    refusals.UnknownRefreshToken: Code.LOGIN_REQUIRED,
    refusals.SessionExpired: Code.LOGIN_REQUIRED,
    refusals.ReusedRefreshToken: Code.LOGIN_REQUIRED,
    refusals.SignupsDisabled: Code.FORBIDDEN,
    refusals.EmailNotConfirmed: Code.FORBIDDEN,
    refusals.UserBanned: Code.FORBIDDEN,
    refusals.SamePassword: Code.VALIDATION_ERROR,
    refusals.CodeExpired: Code.INVALID_CREDENTIALS,
    refusals.UnknownFlow: Code.INVALID_CREDENTIALS,
    refusals.ExpiredFlow: Code.INVALID_CREDENTIALS,
    refusals.BadVerifier: Code.INVALID_CREDENTIALS,
    refusals.RateLimited: Code.RATE_LIMITED,
    refusals.CardDeclined: Code.CONFLICT,
    refusals.SessionClosed: Code.CONFLICT,
    refusals.BadSignature: Code.VALIDATION_ERROR,
    BadInput: Code.VALIDATION_ERROR,
    UnsupportedMediaType: Code.UNSUPPORTED_MEDIA_TYPE,
    PayloadTooLarge: Code.PAYLOAD_TOO_LARGE,
    NotImplementedHere: Code.NOT_IMPLEMENTED,
    UnsupportedAction: Code.UNSUPPORTED_ACTION,
    BadCredentials: Code.INVALID_CREDENTIALS,
    NoSuchRoute: Code.NOT_FOUND,
    InternalError: Code.INTERNAL_ERROR,
    InjectedError: Code.INTERNAL_ERROR,
    Malformed: Code.VALIDATION_ERROR,
}


"""Every refusal's code on the upstream, the BFF and control, unless a surface overrides it."""
