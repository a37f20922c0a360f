"""Services of a Supabase project beside Auth: none is emulated, each responds with 501.

Real: the shapes are those that the clients read an error from (postgrest-js 2, storage-js 2,
functions-js 2, realtime-js 2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from emulator.contract.catalog import WILDCARD, Operation
from emulator.surfaces.supabase.errors import error_response, status_and_code
from emulator.surfaces.supabase.not_implemented import name_of_route
from emulator.wire.http.codes import NotImplementedHere
from emulator.wire.http.router import Router, Routes
from emulator.world.core.refusals import Refusal

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service: the prefix of its paths, its name, its error for a status, code and message."""

    prefix: str
    name: str
    error: Callable[[int, str, str], Mapping[str, Any]]


_ALL = (
    Service(
        prefix="/rest/v1",
        name="The Data API of Supabase",
        error=lambda _, code, message: {
            "code": code,
            "message": message,
            "details": None,
            "hint": None,
        },
    ),
    Service(
        prefix="/storage/v1",
        name="Supabase Storage",
        error=lambda status, code, message: {
            "statusCode": str(status),
            "error": code,
            "message": message,
        },
    ),
    Service(
        prefix="/functions/v1",
        name="An Edge Function of Supabase",
        error=lambda _, code, message: {"code": code, "message": message},
    ),
    Service(
        prefix="/realtime/v1",
        name="Supabase Realtime",
        error=lambda _, code, message: {"code": code, "message": message},
    ),
)

SERVICES: Mapping[str, Service] = {service.prefix: service for service in _ALL}
"""The services by the prefix of their paths."""


def build_service(service: Service) -> Router:
    """Return the router of a service, whose errors have the service's shape."""
    return Router(_routes(service).all, render=partial(_render, service))


def _routes(service: Service) -> Routes:
    async def refuse(request: Request) -> Response:
        name = f"{request.method} {request.url.path}"
        message = f"{service.name} is not emulated: {name}. Stub this call in your tests."
        raise NotImplementedHere(name, message)

    routes = Routes("supabase", provenance="Supabase", availability="not built")
    for method in METHODS:
        path = service.prefix + WILDCARD
        name = name_of_route(method, path)
        routes.add(method, path, name=name, summary=f"{service.name}.")(refuse)
    return routes


def _render(service: Service, _: Request, refusal: Refusal, headers: Mapping[str, str]) -> Response:
    status, code = status_and_code(refusal)
    return error_response(status, service.error(status, code, refusal.message), headers)


OPERATIONS: tuple[Operation, ...] = tuple(
    operation for service in _ALL for operation in _routes(service).operations
)
