"""Coverage: the operations, error codes and record states that requests have exercised since the
server started, across all worlds.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from emulator.journal.observed_states import STATES
from emulator.registry.registry import WorldRegistry
from emulator.surfaces.control.control import PREFIX, Control
from emulator.surfaces.control.replies import View, reply
from emulator.wire.http.errors import Code
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
    return reply(_coverage(control.registry))


def _coverage(registry: WorldRegistry) -> Coverage:
    surfaces = {
        operation: surface
        for operation, surface in sorted(registry.operations.items())
        if surface != "control" and operation not in registry.unbuilt
    }
    operations = {operation: registry.met["operation", operation, ""] for operation in surfaces}
    codes = {str(code): 0 for code in Code if code not in CODES_NOT_COUNTED}
    for (kind, _, detail), count in registry.met.items():
        if kind == "code" and detail in codes:
            codes[detail] += count
    states = {state: registry.met["state", state, ""] for state in STATES}
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


def _by_name(counts: dict[str, int]) -> NameCoverage:
    return NameCoverage(
        covered={name: count for name, count in counts.items() if count},
        missing=[name for name, count in counts.items() if not count],
    )
