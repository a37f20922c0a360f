"""What the real control plane has and this one does not yet: each answers 501 and says its name.

They are no part of the OpenAPI document, which promises only what works.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Request, Response

from emulator.surfaces.upstream.routing import Provenance, Routes
from emulator.wire.http.errors import NotImplementedHere

routes = Routes("absent")

ABSENT: tuple[tuple[str, str, str, Provenance], ...] = (
    ("GET", "/api/artifacts/{artifact_id}", "get_artifact", "newer docs"),
    ("GET", "/api/claims", "list_claims", "newer docs"),
    ("GET", "/api/claims/{claim_id}", "get_claim", "newer docs"),
    ("GET", "/api/museum", "get_museum", "newer docs"),
    ("GET", "/api/status", "get_status", "newer docs"),
    ("GET", "/api/status/operational", "get_operational_status", "newer docs"),
    ("GET", "/api/sync/ledger-head", "get_ledger_head", "newer docs"),
    ("POST", "/api/sync/ledger-head", "advance_ledger_head", "newer docs"),
    ("GET", "/health", "get_overall_health", "newer docs"),
    ("GET", "/health/db", "get_database_health", "newer docs"),
    ("GET", "/health/r2", "get_storage_health", "newer docs"),
)
"""Method, path, name and source of every documented route that is not built."""


def _absent(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def refuse(_: Request) -> Response:
        raise NotImplementedHere(name)

    refuse.__name__ = name
    return refuse


for _method, _path, _name, _source in ABSENT:
    routes.add(
        _method,
        _path,
        source=_source,
        answers=None,
        is_public=not _path.startswith("/api/"),
        is_documented=False,
    )(_absent(_name))
