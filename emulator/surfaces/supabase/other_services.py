"""What a Supabase project has beside Auth: none of it is emulated, and each says so to its client.

Real: the shapes are those that the clients read an error from (postgrest-js 2, storage-js 2,
functions-js 2, realtime-js 2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from starlette.routing import Route

from emulator.surfaces.supabase.errors import status_and_code
from emulator.wire.http.errors import NotImplementedHere, install
from emulator.world.core.refusals import Refusal

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service: the prefix of its paths, its name, and an error of it by status, code, message."""

    prefix: str
    name: str
    error: Callable[[int, str, str], Mapping[str, Any]]


SERVICES = (
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


def build_service(service: Service) -> FastAPI:
    """Return the ASGI app of a service, which answers 501 to whatever is sent to it."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)

    async def refuse(request: Request) -> Response:
        name = f"{request.method} {request.url.path}"
        message = f"{service.name} is not emulated: {name}. Stub this call in your tests."
        raise NotImplementedHere(name, message)

    def render(_: Request, refusal: Refusal, headers: Mapping[str, str]) -> Response:
        status, code = status_and_code(refusal)
        return Response(
            orjson.dumps(service.error(status, code, refusal.message)),
            status_code=status,
            headers=dict(headers),
            media_type="application/json",
        )

    for path in (service.prefix, service.prefix + "/{rest:path}"):
        app.router.routes.append(Route(path, refuse, methods=[*METHODS]))
    install(app, render)
    return app
