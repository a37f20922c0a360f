"""The codes, their statuses, and how a surface turns every failure into its own error shape."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Route

from emulator.wire.http.context import RequestContext, context_of
from emulator.wire.http.validation_messages import message_for
from emulator.world.core import refusals
from emulator.world.core.refusals import Invalid, QuotaExceeded, Refusal, WeakPassword
from emulator.world.core.times import text_or_none

log = logging.getLogger("emulator")


class Code(StrEnum):
    """Every code an error of the upstream or the BFF may carry; stable.

    Docs: the first five (API reference, Error shape). Assumed: the codes beside those five.
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
"""Assumed: no status is documented; "Method not allowed" and "does not exist" suggest two."""


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
    """The method is not allowed here; `allow` lists those that are."""

    def __init__(self, method: str, path: str, *, allow: str) -> None:
        super().__init__(f"{method} is not allowed on {path}; use {allow or 'another path'}.")
        self.allow = allow


class BadCredentials(Refusal):
    """The Authorization header is missing or of no kind that is known."""

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
    """A fault that a test armed, or asked for with `Prefer: code=…`.

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
        self.said = code
        """The code as it was asked for; None leaves it to the surface."""
        self.code = code or code_of(status)
        self.claimed = claimed


class Malformed(InjectedError):  # noqa: N818 - a refusal, as its parent is
    """The request is none that HTTP allows, or its head is too large.

    Assumed: it has no code of its own, as the documents name none for it.
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
    """Return the code that a status alone means. Assumed: where none has it, the nearest."""
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
"""Every refusal's code on the upstream, the BFF and control, unless one of them says otherwise."""


BILLING_PATH = "/billing"
"""Assumed: where the dashboard's Billing panel lies below the site's URL."""


def details_of(refusal: Refusal, context: RequestContext) -> dict[str, Any] | None:
    """Return the facts of a refusal that clients read, or None."""
    if isinstance(refusal, InjectedError) and refusal.claimed is not None:
        refusal = refusal.claimed
    if isinstance(refusal, BadInput):
        errors = refusal.problems
        return {"path": errors[0]["path"], "errors": errors}
    if isinstance(refusal, Invalid):
        problem = {"path": refusal.path, "message": refusal.message}
        return {"path": refusal.path, "errors": [problem]}
    if isinstance(refusal, WeakPassword):
        problem = {"path": "password", "message": refusal.message}
        return {"path": "password", "errors": [problem]}
    if isinstance(refusal, QuotaExceeded):
        billing = context.world.auth.site_url.rstrip("/") + BILLING_PATH
        return {
            "meter": refusal.meter,
            "used": refusal.used,
            "limit": refusal.limit,
            "limit_source": refusal.limit_source,
            "plan": refusal.plan,
            "resets_at": text_or_none(refusal.resets_at),
            "upgrade_url": billing if refusal.upgrade_helps else None,
        }
    return None


def problems_of(errors: Sequence[Any], *, skip: int = 0) -> list[dict[str, str]]:
    """Return pydantic's complaints by path, members joined by dots; `skip` leaves out the first."""
    return [
        {
            "path": ".".join(str(step) for step in one["loc"][skip:]),
            "message": message_for(one),
        }
        for one in errors
    ]


def problem_of(
    refusal: Refusal, table: Mapping[type[Refusal], Code], context: RequestContext
) -> dict[str, Any]:
    """Return `{"code", "message", "details"?}` for a refusal."""
    details = details_of(refusal, context)
    code = refusal.code if isinstance(refusal, InjectedError) else table[type(refusal)]
    problem = {"code": code, "message": refusal.message}
    return problem if details is None else {**problem, "details": details}


def problem_response(
    member: str,
    problem: Mapping[str, Any],
    headers: Mapping[str, str],
    *,
    status: int | None = None,
) -> Response:
    """Return the answer whose one member holds a problem, with the status of its code if none is
    named.
    """
    return Response(
        written({member: problem}),
        status_code=STATUS[Code(problem["code"])] if status is None else status,
        headers=dict(headers),
        media_type="application/json",
    )


def written(body: Mapping[str, Any]) -> bytes:
    """Return the body of a refusal as JSON, also where orjson cannot write what it tells of: a
    failure here would take the place of the refusal.
    """
    try:
        return orjson.dumps(body)
    except TypeError:
        return json.dumps(body, default=str).encode()


Render = Callable[[Request, Refusal, Mapping[str, str]], Response]
"""Turns a request's refusal and extra headers into a surface's answer."""


def allowed_methods(app: FastAPI, path: str) -> list[str]:
    """Return the methods that some route of the app takes on a path, sorted."""
    methods: set[str] = set()
    for route in app.router.routes:
        if isinstance(route, Route) and route.path_regex.match(path):
            methods |= set(route.methods or ())
    if "GET" in methods:
        methods.add("HEAD")
    return sorted(methods)


def install(app: FastAPI, render: Render) -> None:
    """Make every failure of a surface an answer of its own shape: refusals, bad input, unknown
    paths and methods, bugs. The handlers are async, as sync ones would leave the event loop.
    """
    app.state.render = render

    async def on_refusal(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)
        context_of(request).outcome.keep_writes = error.commits
        headers = {"Allow": error.allow} if isinstance(error, UnsupportedAction) else {}
        return render(request, error, headers)

    async def on_bad_input(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return render(request, BadInput(problems_of(error.errors(), skip=1)), {})

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        headers = dict(error.headers or {})
        path = request.url.path
        if error.status_code == STATUS[Code.NOT_FOUND]:
            return render(request, NoSuchRoute(path), headers)
        if error.status_code == STATUS[Code.UNSUPPORTED_ACTION]:
            allow = ", ".join(allowed_methods(app, path))
            refusal = UnsupportedAction(request.method, path, allow=allow)
            return render(request, refusal, {"Allow": allow})
        raise error

    async def on_bug(request: Request, error: Exception) -> Response:
        log.error("%s %s broke", request.method, request.url.path, exc_info=error)
        return render(request, InternalError(), {})

    app.add_exception_handler(Refusal, on_refusal)
    app.add_exception_handler(RequestValidationError, on_bad_input)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_bug)


async def answered(
    app: FastAPI, handle: Callable[[Request], Awaitable[Response]], request: Request
) -> Response:
    """Return what a handler answers, a failure as `install` has it, without FastAPI's layers."""
    try:
        return await handle(request)
    except Exception as error:
        kind = next(one for one in type(error).__mro__ if one in app.exception_handlers)
        refuse: Any = app.exception_handlers[kind]
        response: Response = await refuse(request, error)
        return response
