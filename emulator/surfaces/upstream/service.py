"""Who answers, and whether it is well."""

from __future__ import annotations

from typing import Literal

from fastapi import Request, Response
from pydantic import BaseModel

from emulator import __version__
from emulator.surfaces.upstream.routing import Routes, reply

routes = Routes("system")


class ServiceView(BaseModel):
    """What this server is. Assumed: the real answer of `/` is not public."""

    name: str
    version: str
    docs: str


class HealthView(BaseModel):
    """The server answers and its world is planted."""

    status: Literal["ok"]


@routes.add("GET", "/", source="newer docs", answers=ServiceView, is_public=True)
async def get_service(_: Request) -> Response:
    """Say what this is."""
    view = ServiceView(name="WorldFlux Cloud (emulated)", version=__version__, docs="/docs")
    return reply(view)


@routes.add("GET", "/healthz", source="newer docs", answers=HealthView, is_public=True)
async def get_health(_: Request) -> Response:
    """Say that the server is up."""
    return reply(HealthView(status="ok"))
