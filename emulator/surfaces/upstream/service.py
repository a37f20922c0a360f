"""Service identity and health."""

from __future__ import annotations

from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from emulator import __version__
from emulator.surfaces.upstream.replies import reply
from emulator.surfaces.upstream.routing import Routes
from emulator.surfaces.upstream.views import View

routes = Routes("system")


class ServiceView(View):
    """What this server is. Assumed: the real answer of `/` is not public."""

    name: str
    version: str
    docs: str


class HealthView(View):
    """The server answers and its world is planted."""

    status: Literal["ok"]


@routes.add(
    "GET",
    "/",
    summary="Say what this is.",
    provenance="newer docs",
    caller="anyone",
    answers={200: ServiceView},
)
async def get_service(_: Request) -> Response:
    view = ServiceView(name="WorldFlux Cloud (emulated)", version=__version__, docs="/docs")
    return reply(view)


@routes.add(
    "GET",
    "/healthz",
    summary="Say that the server is up.",
    provenance="newer docs",
    caller="anyone",
    answers={200: HealthView},
)
async def get_health(_: Request) -> Response:
    return reply(HealthView(status="ok"))
