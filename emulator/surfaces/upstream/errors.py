"""Error shape of the upstream: `{"detail": {"code", "message", "details"?}}`.

Assumed: the API reference documents the shape of the BFF's errors alone, so the same object stands
in the member `detail`, as FastAPI's own errors do.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.upstream.views import Moment, View
from emulator.wire.http.codes import CODES, STATUS, Code, InjectedError
from emulator.wire.http.context import context_of
from emulator.wire.http.errors import problem_of, problem_response
from emulator.world.core.refusals import Refusal
from emulator.world.records.types import LimitSource, Meter

TABLE = CODES
"""The code of every refusal."""


class Problem(View):
    """One place in the body or query that is not as documented."""

    path: str
    message: str


class ValidationDetails(View):
    """Where the request was wrong: the first place, and all of them."""

    path: str
    errors: list[Problem]


class QuotaDetails(View):
    """Which cap is hit: `used` of `limit` are taken, what is reserved included.

    `limit_source` is where the cap comes from: the workspace's `plan`, or a limit that the `seed`
    sets until the plan changes. `resets_at` is when a meter of use begins again at zero; null for
    one that does not. `upgrade_url` is where to upgrade; null where no larger plan has room enough.
    """

    meter: Meter
    used: int
    limit: int
    limit_source: LimitSource
    plan: str
    resets_at: Moment | None
    upgrade_url: str | None


class ErrorDetail(View):
    """A stable code, a sentence that says what to do, and facts where there are some."""

    code: Code
    message: str
    details: ValidationDetails | QuotaDetails | None = None


class ErrorResponse(View):
    """Every failure of the upstream."""

    detail: ErrorDetail


def render(request: Request, refusal: Refusal, headers: Mapping[str, str]) -> Response:
    """Return the response to a refusal."""
    problem = problem_of(refusal, TABLE, context_of(request))
    status = refusal.status if isinstance(refusal, InjectedError) else STATUS[problem["code"]]
    if status == STATUS[Code.LOGIN_REQUIRED]:
        headers = {"WWW-Authenticate": "Bearer", **headers}
    return problem_response("detail", problem, headers, status=status)
