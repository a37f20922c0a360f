"""Surface as the pipeline sees it: its name, the prefix of its paths, its app."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from emulator.wire.http import errors
from emulator.wire.http.router import Router
from emulator.world.core.refusals import Refusal

CONTROL = "control"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """An app and the prefix of the paths that it serves; an app may serve several."""

    name: str
    prefix: str
    app: FastAPI | Router
    slash_status: int | None = None
    """The status that redirects a path with a trailing slash, where it is redirected."""

    def render(self, request: Request, refusal: Refusal) -> Response:
        """Return a refusal in the surface's own shape."""
        render = self.app.render if isinstance(self.app, Router) else self.app.state.render
        response: Response = render(request, refusal, {})
        return response

    def allowed_methods(self, path: str) -> list[str]:
        """Return the methods that a path takes, sorted."""
        if isinstance(self.app, Router):
            return self.app.allowed_methods(path)
        return errors.allowed_methods(self.app, path)
