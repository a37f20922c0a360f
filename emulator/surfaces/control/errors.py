"""Control's error shape: the BFF's, with the same codes."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from emulator.wire.http.codes import CODES, Code, InjectedError
from emulator.wire.http.context import context_of
from emulator.wire.http.errors import problem_of, problem_response
from emulator.world.core.refusals import NotFound, Refusal


class BadSeed(Refusal):
    """A seed cannot be found or read."""


TABLE = {**CODES, BadSeed: Code.VALIDATION_ERROR}
"""Refusal → code; every refusal has a row."""


def render(request: Request, refusal: Refusal, headers: Mapping[str, str]) -> Response:
    """Return the response of a refusal."""
    status = refusal.status if isinstance(refusal, InjectedError) else None
    problem = problem_of(refusal, TABLE, context_of(request))
    if isinstance(refusal, NotFound):
        # Control sees everything, so what it does not find does not exist.
        what = refusal.what[:1].upper() + refusal.what[1:]
        problem["message"] = f"{what} {refusal.key!r} does not exist."
    return problem_response("error", problem, headers, status=status)
