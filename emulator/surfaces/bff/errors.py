"""BFF error shape: `{"error": {"code", "message", "details"?}}`.

Docs: "The BFF normalizes failures into one shape" (API reference, Error shape).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from emulator.wire.http.codes import CODES, STATUS, Code, InjectedError, NoSuchRoute
from emulator.wire.http.context import context_of
from emulator.wire.http.errors import problem_of, problem_response
from emulator.world.core.refusals import LoginRequired, Refusal

TABLE = CODES
"""Refusal → code; every refusal has a row."""

CLI_SYNC_PATH = "/api/e2e/cli-sync"
"""The path that is routed only while the e2e fixtures are on."""


def render(request: Request, refusal: Refusal, headers: Mapping[str, str]) -> Response:
    """Return the response of a refusal."""
    status = refusal.status if isinstance(refusal, InjectedError) else None
    if isinstance(refusal, NoSuchRoute) and request.url.path == CLI_SYNC_PATH:
        message = f"{CLI_SYNC_PATH} is off because the e2e fixtures are; start with --e2e-fixtures."
        refusal = NoSuchRoute(CLI_SYNC_PATH, message)
    problem = problem_of(refusal, TABLE, context_of(request))
    return problem_response("error", problem, headers, status=status)


def normalized(request: Request, status: int, body: bytes) -> Response:
    """Return a failure of the upstream in the BFF's shape.

    The dashboard redirects to /login on `login_required`, so every 401 of a forwarded call becomes
    that code.
    """
    if status == STATUS[Code.LOGIN_REQUIRED]:
        return render(request, LoginRequired(), {})
    problem: dict[str, Any] = orjson.loads(body)["detail"]
    return problem_response("error", problem, {})
