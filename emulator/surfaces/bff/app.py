"""BFF as one router: the forwarded routes, the session flow, the test suites' own endpoint."""

from __future__ import annotations

from emulator.contract.catalog import Operation
from emulator.settings import Settings
from emulator.surfaces.bff import auth, fixtures
from emulator.surfaces.bff.errors import render
from emulator.surfaces.bff.forwarding import forwarding_handler
from emulator.surfaces.bff.route_table import ROWS
from emulator.wire.http.bodies import read_model
from emulator.wire.http.router import Route, Router

OPERATIONS: tuple[Operation, ...] = (
    *(row.operation for row in ROWS),
    *fixtures.routes.operations,
    *auth.routes.operations,
)


def build_bff(upstream: Router, settings: Settings) -> Router:
    """Return the BFF, which forwards to `upstream` in process."""
    routes = [
        Route(row.operation, forwarding_handler(row, upstream))
        for row in ROWS
        if settings.e2e_fixtures or not row.is_fixture
    ]
    if settings.e2e_fixtures:
        routes += fixtures.routes.all
    return Router([*routes, *auth.routes.all], render=render, read_body=read_model)
