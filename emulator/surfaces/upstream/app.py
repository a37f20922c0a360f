"""Upstream surface: its operations and the router that serves them."""

from __future__ import annotations

from emulator.surfaces.upstream import (
    api_keys,
    audit,
    billing,
    not_implemented,
    pages,
    privacy,
    profile,
    projects,
    runs,
    service,
    shares,
    usage,
    workspaces,
)
from emulator.surfaces.upstream.routing import router_of
from emulator.wire.http.router import Router

ROUTES = (
    *runs.routes.all,
    *workspaces.routes.all,
    *projects.routes.all,
    *api_keys.routes.all,
    *shares.routes.all,
    *profile.routes.all,
    *privacy.routes.all,
    *audit.routes.all,
    *billing.routes.all,
    *usage.routes.all,
    *service.routes.all,
    *not_implemented.ROUTES,
)

OPERATIONS = tuple(route.operation for route in ROUTES)
"""In the order of the OpenAPI document."""


def build_upstream() -> Router:
    """Return the upstream's router."""
    return router_of((*ROUTES, *pages.routes.all))
