"""Refusals: the expected reasons for which an operation fails.

A refusal carries facts and a message that tells a person what to do. Each surface decides its
status and shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from emulator.world.records.types import Instant, LimitSource, Meter
from emulator.world.records.workspaces import Plan

_FIGURES: Mapping[Meter, str] = {
    "runs": "has used {used} of {limit} runs this period",
    "storage_bytes": "has used {used} of {limit} bytes of storage",
    "projects": "has {used} of {limit} projects",
    "members": "has {used} of {limit} members",
    "api_keys": "has {used} of {limit} active API keys",
    "shares": "has {used} of {limit} active shares",
}


class Refusal(Exception):  # noqa: N818 - it is a refusal, not an error
    """The reason why an operation failed. It changed nothing, unless the refusal `commits`."""

    commits: ClassVar[bool] = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(Refusal):
    """The record does not exist or is invisible to the actor, without revealing which."""

    def __init__(self, what: str, key: str) -> None:
        super().__init__(f"No {what} {key!r} is visible to you.")
        self.what = what
        self.key = key


class Forbidden(Refusal):
    """The actor sees the record, but may not perform the operation."""


class Invalid(Refusal):
    """An argument is well formed but not acceptable; `path` is its place in the request."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


class Conflict(Refusal):
    """The operation contradicts the current state."""


class QuotaExceeded(Refusal):
    """A cap of the workspace would be exceeded: it uses `used` of `limit` on `meter`.

    `limit_source` is where the cap comes from. `resets_at` is when the meter starts again at zero,
    or None if it never does. `upgrade_helps` is whether a larger plan has enough room.
    """

    def __init__(
        self,
        *,
        meter: Meter,
        used: int,
        limit: int,
        limit_source: LimitSource,
        wanted: int,
        plan: Plan,
        resets_at: Instant | None,
        upgrade_helps: bool,
    ) -> None:
        figures = _FIGURES[meter].format(used=used, limit=limit)
        source = plan.title if limit_source == "plan" else "limit set by the seed"
        too_many = f"; {wanted} more would not fit" if used < limit else ""
        super().__init__(f"This workspace {figures} ({source}){too_many}.")
        self.meter = meter
        self.used = used
        self.limit = limit
        self.limit_source = limit_source
        self.plan = plan.id
        self.resets_at = resets_at
        self.upgrade_helps = upgrade_helps


class LoginRequired(Refusal):
    """The request has no session, or the session has ended."""

    def __init__(self) -> None:
        super().__init__("Please log in again.")


class BadKey(Refusal):
    """The API key is unknown, revoked or expired."""

    def __init__(self) -> None:
        super().__init__(
            "This API key is unknown, revoked or expired. Create a key in the dashboard and send "
            "it as 'Authorization: Bearer wbx_…'."
        )


class BadPassword(Refusal):
    """No account has this e-mail and password, without revealing which of the two is wrong."""

    def __init__(self) -> None:
        super().__init__("Invalid login credentials")


class EmailTaken(Refusal):
    """An account with this e-mail exists."""

    def __init__(self) -> None:
        super().__init__("User already registered")


class WeakPassword(Refusal):
    """The password breaks a rule; `reasons` are of GoTrue's: length, characters, pwned."""

    def __init__(self, message: str, *, reasons: tuple[str, ...]) -> None:
        super().__init__(message)
        self.reasons = reasons


class UnknownRefreshToken(Refusal):
    """No session has this refresh token."""

    def __init__(self) -> None:
        super().__init__("Invalid Refresh Token: Refresh Token Not Found")


class SessionExpired(Refusal):
    """The session of the refresh token reached its time limit."""

    def __init__(self) -> None:
        super().__init__("Invalid Refresh Token: Session Expired")


class ReusedRefreshToken(Refusal):
    """A refresh token that was replaced long ago was used again; its family is now revoked."""

    commits = True

    def __init__(self) -> None:
        super().__init__("Invalid Refresh Token: Already Used")


class RateLimited(Refusal):
    """Too many mails or requests in this minute of the world's clock.

    Real: the messages are GoTrue's (supabase/auth internal/api/errors.go, middleware.go), which
    applications read, since both limits have the same code.
    """

    def __init__(self, kind: Literal["mail", "request"], *, retry_after_seconds: int) -> None:
        after = f"you can only request this after {retry_after_seconds} seconds."
        for_mail = f"For security purposes, {after}"
        super().__init__(for_mail if kind == "mail" else "Request rate limit reached")
        self.kind = kind
        self.retry_after_seconds = retry_after_seconds


class SignupsDisabled(Refusal):
    """Sign-ups are disabled in this world."""

    def __init__(self) -> None:
        super().__init__("Signups not allowed for this instance")


class EmailNotConfirmed(Refusal):
    """The password is right, but the address has not been confirmed."""

    def __init__(self) -> None:
        super().__init__("Email not confirmed")


class UserBanned(Refusal):
    """The account is banned from signing in."""

    def __init__(self, message: str = "User is banned") -> None:
        super().__init__(message)


class SamePassword(Refusal):
    """The new password equals the old password."""

    def __init__(self) -> None:
        super().__init__("New password should be different from the old password.")


class CodeExpired(Refusal):
    """A one-time code or link is wrong, used or expired, without revealing which."""

    def __init__(self, *, is_link: bool) -> None:
        super().__init__(
            "Email link is invalid or has expired" if is_link else "Token has expired or is invalid"
        )


class UnknownFlow(Refusal):
    """No PKCE flow has this code."""

    def __init__(self) -> None:
        super().__init__("invalid flow state, no valid flow state found")


class ExpiredFlow(Refusal):
    """The PKCE flow has expired."""

    def __init__(self) -> None:
        super().__init__("invalid flow state, flow state has expired")


class BadVerifier(Refusal):
    """The PKCE code verifier does not match the challenge."""

    def __init__(self) -> None:
        super().__init__("code challenge does not match previously saved code verifier")


class CardDeclined(Refusal):
    """A card was not accepted or could not be charged; `code` is Stripe's. The attempt is kept on
    record.
    """

    commits = True

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class SessionClosed(Refusal):
    """A hosted checkout or portal page was completed or has expired."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


class BadSignature(Refusal):
    """A webhook was not signed with the endpoint's secret, or was signed too long ago."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
