"""Control's error shape: the BFF's, with the same codes."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request, Response

from emulator.wire.http.context import context_of
from emulator.wire.http.errors import CODES, Code, InjectedError, problem_of, problem_response
from emulator.world.core.refusals import NotFound, Refusal


class BadSeed(Refusal):
    """A seed cannot be found or read."""


TABLE = {**CODES, BadSeed: Code.VALIDATION_ERROR}
"""Refusal → code; every refusal has a row."""


def render(request: Request, refusal: Refusal, headers: Mapping[str, str]) -> Response:
    """Return the answer that a refusal takes."""
    status = refusal.status if isinstance(refusal, InjectedError) else None
    problem = problem_of(refusal, TABLE, context_of(request))
    if isinstance(refusal, NotFound):
        # Control sees everything, so what it does not see is not there.
        problem["message"] = f"There is no {refusal.what} {refusal.key!r} here."
    return problem_response("error", problem, headers, status=status)
