"""Error shape of the upstream: `{"detail": {"code", "message", "details"?}}`.

Assumed: the API reference documents the shape of the BFF's errors alone, so the same object stands
in the member `detail`, as FastAPI's own errors do.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from emulator.wire.http.codes import CODES, STATUS, Code, InjectedError
from emulator.wire.http.context import context_of
from emulator.wire.http.errors import problem_of, problem_response
from emulator.world.core.refusals import Refusal

TABLE = CODES
"""The code of every refusal."""


def render(request: Request, refusal: Refusal, headers: Mapping[str, str]) -> Response:
    """Return the response to a refusal."""
    problem = problem_of(refusal, TABLE, context_of(request))
    status = refusal.status if isinstance(refusal, InjectedError) else STATUS[problem["code"]]
    if status == STATUS[Code.LOGIN_REQUIRED]:
        headers = {"WWW-Authenticate": "Bearer", **headers}
    return problem_response("detail", problem, headers, status=status)
