"""The BFF as one app: the documented table, routed."""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from emulator.settings import Settings
from emulator.surfaces.bff.auth import HANDLERS
from emulator.surfaces.bff.errors import render
from emulator.surfaces.bff.fixtures import cli_sync, switched_off
from emulator.surfaces.bff.forwarding import Handler, forwarded, forwarded_publicly
from emulator.surfaces.bff.route_table import AUTH, CLI_SYNC, CLOUD, PUBLIC
from emulator.wire.http.errors import answered, install


class Bff(FastAPI):
    """The BFF's ASGI app: its table looked up by method and path before FastAPI's own walk, which
    answers the rest. Measured: of a list of 50, the walk and the layers before it took a fifth.
    """

    def __init__(self) -> None:
        super().__init__(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
        self.table: dict[tuple[str, str], Handler] = {}
        self.switched_off: dict[str, Handler] = {}
        """What refuses every method of a path that has no route now but could have."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope["path"]
        handle = self.table.get((scope["method"], path)) or self.switched_off.get(path)
        if handle is None:
            await super().__call__(scope, receive, send)
            return
        response = await answered(self, handle, Request(scope, receive))
        await response(scope, receive, send)


def build_bff(upstream: ASGIApp, settings: Settings) -> FastAPI:
    """Return the BFF's ASGI app, which forwards to `upstream` in process."""
    app = Bff()
    handlers = [(row, forwarded(row, upstream)) for row in CLOUD]
    handlers += [(row, HANDLERS[row.path]) for row in AUTH]
    handlers += [(PUBLIC, forwarded_publicly(PUBLIC, upstream)), (CLI_SYNC, cli_sync)]
    for row, handler in handlers:
        if settings.e2e_fixtures or not row.is_fixture:
            app.table[row.method, row.path] = handler
            app.router.routes.append(Route(row.path, handler, methods=[row.method]))
    if not settings.e2e_fixtures:
        app.switched_off[CLI_SYNC.path] = switched_off
    install(app, render)
    return app
