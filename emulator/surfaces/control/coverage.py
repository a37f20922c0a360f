"""Coverage: the operations, error codes and record states that requests have exercised since the
server started, across all worlds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.control.control import PREFIX, Control
from emulator.surfaces.control.replies import View, reply
from emulator.wire.http.codes import Code
from emulator.wire.http.router import Routes

routes = Routes("control", prefix=PREFIX, tag="journal", provenance="ours")

CODES_NOT_COUNTED = (Code.INTERNAL_ERROR, Code.NOT_IMPLEMENTED)
"""Codes that no test needs to cause: a bug, and an operation that is not implemented, which does
not count either."""

Counts = Annotated[dict[str, int], Field(description="Number of responses by name.")]


class CoveredOperation(View):
    """An operation that was called."""

    operation: str
    surface: str
    count: Annotated[int, Field(description="Number of requests.")]


class MissingOperation(View):
    """An operation that no request has called."""

    operation: str
    surface: str


class OperationCoverage(View):
    """The operations that requests have called, and the others."""

    covered: list[CoveredOperation]
    missing: list[MissingOperation]


class NameCoverage(View):
    """The names that responses have shown, and the others."""

    covered: Counts
    missing: list[str]


class Coverage(View):
    """What requests have exercised since the server started."""

    percent: Annotated[float, Field(description="Share of everything that is covered.")]
    operations: OperationCoverage
    codes: NameCoverage
    states: NameCoverage


@routes.add(
    "GET",
    "/coverage",
    summary="Return which operations, error codes and record states requests have exercised.",
    answers={200: Coverage},
)
async def get_coverage(_: Request, control: Control) -> Response:
    return reply(_coverage(control))


def _coverage(control: Control) -> Coverage:
    operations = control.coverage.operations()
    surfaces = {operation: control.catalog.by_id[operation].surface for operation in operations}
    codes = {
        str(code): control.coverage.code(code) for code in Code if code not in CODES_NOT_COUNTED
    }
    states = control.coverage.states()
    counts = [*operations.values(), *codes.values(), *states.values()]
    covered = sum(1 for count in counts if count)
    return Coverage(
        percent=round(100 * covered / len(counts), 1),
        operations=OperationCoverage(
            covered=[
                CoveredOperation(operation=operation, surface=surface, count=operations[operation])
                for operation, surface in surfaces.items()
                if operations[operation]
            ],
            missing=[
                MissingOperation(operation=operation, surface=surface)
                for operation, surface in surfaces.items()
                if not operations[operation]
            ],
        ),
        codes=_by_name(codes),
        states=_by_name(states),
    )


def _by_name(counts: Mapping[str, int]) -> NameCoverage:
    return NameCoverage(
        covered={name: count for name, count in counts.items() if count},
        missing=[name for name, count in counts.items() if not count],
    )
