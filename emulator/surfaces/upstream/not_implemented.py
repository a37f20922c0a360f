"""Documented operations that the emulator does not implement: each responds with 501 by name.

The OpenAPI document leaves them out, because it promises only what works.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from emulator.contract.catalog import Caller, Operation
from emulator.wire.http.codes import NotImplementedHere
from emulator.wire.http.router import Route


async def refuse(_: Request, *, operation: Operation) -> Response:
    raise NotImplementedHere(operation.id)


def _route(method: str, path: str, name: str, summary: str, *, caller: Caller) -> Route:
    operation = Operation(
        surface="upstream",
        method=method,
        path=path,
        id=name,
        name=name,
        summary=summary,
        provenance="newer docs",
        availability="not built",
        caller=caller,
        is_documented=False,
    )
    return Route(operation, refuse)


_OF_CALLERS = (
    ("GET", "/api/artifacts/{artifact_id}", "get_artifact", "Show one artifact of a run."),
    ("GET", "/api/claims", "list_claims", "List claims."),
    ("GET", "/api/claims/{claim_id}", "get_claim", "Show one claim."),
    ("GET", "/api/museum", "get_museum", "Show the museum."),
    ("GET", "/api/status", "get_status", "Show the status."),
    ("GET", "/api/status/operational", "get_operational_status", "Show the operational status."),
    ("GET", "/api/sync/ledger-head", "get_ledger_head", "Show the sync ledger's head."),
    (
        "POST",
        "/api/sync/ledger-head",
        "advance_ledger_head",
        "Advance the sync ledger's head.",
    ),
)
_OF_ANYONE = (
    ("GET", "/health", "get_overall_health", "Show the overall health."),
    ("GET", "/health/db", "get_database_health", "Show the health of the database."),
    ("GET", "/health/r2", "get_storage_health", "Show the health of the object storage."),
)

ROUTES = (
    *(_route(*row, caller="key or session") for row in _OF_CALLERS),
    *(_route(*row, caller="anyone") for row in _OF_ANYONE),
)
