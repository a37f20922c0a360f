"""Supabase Auth as one router.

Real: GoTrue serves the paths that its router mounts with `Route` with a slash at their end too
(supabase/auth internal/api/api.go, on chi 5); their operations have `takes_trailing_slash`.
"""

from __future__ import annotations

from starlette.requests import Request

from emulator.contract.catalog import Operation
from emulator.surfaces.supabase import (
    admin,
    admin_links,
    disabled_features,
    not_implemented,
    one_time_codes,
    other_services,
    service,
    sessions,
    verification,
)
from emulator.surfaces.supabase.authentication import require_caller
from emulator.surfaces.supabase.errors import render
from emulator.surfaces.supabase.gateway import require_api_key
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Route, Router
from emulator.world.core.rate_limits import count_request

_ROUTES: tuple[Route, ...] = tuple(
    route
    for module in (
        sessions,
        one_time_codes,
        verification,
        service,
        admin_links,
        admin,
        disabled_features,
        not_implemented,
    )
    for route in module.routes.all
)

OPERATIONS: tuple[Operation, ...] = (
    *(route.operation for route in _ROUTES),
    *other_services.OPERATIONS,
)


def build_supabase(prefix: str) -> Router:
    """Return the router of a prefix: Supabase Auth, or a service that is not emulated."""
    service = other_services.SERVICES.get(prefix)
    if service is not None:
        return other_services.build_service(service)
    return Router(_ROUTES, render=render, gate=require_api_key, guard=_guard)


def _guard(request: Request, operation: Operation) -> None:
    """Count the request against the rate limit, then check its caller.

    A request counts even if it is refused afterwards.
    """
    if operation.method != "GET":
        context = context_of(request)
        world = context.world
        count_request(world, "request", "all", limit=world.auth.requests_per_minute)
        context.savepoint()
    require_caller(request, operation.caller)
