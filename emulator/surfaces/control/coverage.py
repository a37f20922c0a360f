"""What clients have met since the emulator began: operations, error codes, statuses of records."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from emulator.journal.coverage import Coverage
from emulator.surfaces.control.control import Control
from emulator.surfaces.control.replies import reply
from emulator.wire.http.errors import Code

CODES_NOT_ASKED = (Code.INTERNAL_ERROR, Code.NOT_IMPLEMENTED)
"""Codes that no test needs to have met: a bug, and what is not built, whose operations are not
asked for either."""


async def get_coverage(_: Request, control: Control) -> Response:
    """`GET /coverage`: which operations, error codes and states clients have met, in all worlds."""
    return reply(coverage_view(control.coverage))


def coverage_view(coverage: Coverage) -> dict[str, Any]:
    """Return the coverage: what was met how often, what never, and the share in percent."""
    operations = coverage.operations()
    codes = {str(code): coverage.code(code) for code in Code if code not in CODES_NOT_ASKED}
    states = coverage.states()
    groups = {"operations": operations, "codes": codes, "states": states}
    total = sum(len(group) for group in groups.values())
    met = sum(1 for group in groups.values() for count in group.values() if count)
    return {
        "percent": round(100 * met / total, 1),
        **{
            name: {
                "met": {one: count for one, count in group.items() if count},
                "never": [one for one, count in group.items() if not count],
            }
            for name, group in groups.items()
        },
    }
