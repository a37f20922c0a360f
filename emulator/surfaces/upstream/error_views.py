"""Views of the upstream's errors, for its document: no response is made with them."""

from __future__ import annotations

from emulator.surfaces.upstream.views import Moment, View
from emulator.wire.http.codes import Code
from emulator.world.records.types import LimitSource, Meter


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
