"""The BFF as one app: the documented table, routed."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import ASGIApp

from emulator.settings import Settings
from emulator.surfaces.bff.auth import HANDLERS
from emulator.surfaces.bff.cli_sync import cli_sync
from emulator.surfaces.bff.cloud import forwarded, forwarded_publicly
from emulator.surfaces.bff.errors import render
from emulator.surfaces.bff.routes import AUTH, CLI_SYNC, CLOUD, PUBLIC
from emulator.wire.errors import install


def build_bff(upstream: ASGIApp, settings: Settings) -> FastAPI:
    """Return the BFF's ASGI app, which forwards to `upstream` in process."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    handlers = [(row, forwarded(row, upstream)) for row in CLOUD]
    handlers += [(row, HANDLERS[row.path]) for row in AUTH]
    handlers += [(PUBLIC, forwarded_publicly(PUBLIC, upstream)), (CLI_SYNC, cli_sync)]
    for row, handler in handlers:
        if settings.e2e_fixtures or not row.is_fixture:
            app.router.routes.append(Route(row.path, handler, methods=[row.method]))
    install(app, render)
    return app
