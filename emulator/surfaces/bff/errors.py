"""The BFF's error shape: `{"error": {"code", "message", "details"?}}`.

Docs: "The BFF normalizes failures into one shape" (API reference, Error shape).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import Request, Response

from emulator.wire.http.context import context_of
from emulator.wire.http.errors import (
    CODES,
    STATUS,
    Code,
    InjectedError,
    problem_of,
    problem_response,
)
from emulator.world.core.refusals import LoginRequired, Refusal

TABLE = CODES
"""Refusal → code; every refusal has a row."""


def render(request: Request, refusal: Refusal, headers: Mapping[str, str]) -> Response:
    """Return the answer that a refusal takes."""
    status = refusal.status if isinstance(refusal, InjectedError) else None
    problem = problem_of(refusal, TABLE, context_of(request))
    return problem_response("error", problem, headers, status=status)


def normalised(request: Request, status: int, body: bytes, headers: Mapping[str, str]) -> Response:
    """Return a failure of the upstream in the BFF's shape.

    The dashboard redirects to /login on `login_required`, so every 401 of a forwarded call is it.
    """
    if status == STATUS[Code.LOGIN_REQUIRED]:
        return render(request, LoginRequired(), {})
    problem: dict[str, Any] = orjson.loads(body)["detail"]
    return problem_response("error", problem, headers)
