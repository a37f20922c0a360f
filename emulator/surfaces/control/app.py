"""Control API as one router."""

from __future__ import annotations

from emulator.contract.catalog import Operation
from emulator.surfaces.control import (
    billing,
    clock,
    coverage,
    deliveries,
    documents,
    events,
    exports,
    faults,
    health,
    journal,
    mail,
    sessions,
    snapshots,
    static,
    webhooks,
    worlds,
)
from emulator.surfaces.control.control import Control
from emulator.surfaces.control.errors import render
from emulator.wire.http.bodies import read_strictly
from emulator.wire.http.router import Route, Router

ROUTES: tuple[Route, ...] = tuple(
    route
    for module in (
        health,
        clock,
        sessions,
        worlds,
        snapshots,
        journal,
        faults,
        coverage,
        exports,
        mail,
        documents,
        static,
        billing,
        events,
        webhooks,
        deliveries,
    )
    for route in module.routes.all
)

OPERATIONS: tuple[Operation, ...] = tuple(route.operation for route in ROUTES)


def build_control(control: Control) -> Router:
    """Return the control API of the worlds and webhooks of `control`."""
    return Router(ROUTES, render=render, read_body=read_strictly, beside=control)
