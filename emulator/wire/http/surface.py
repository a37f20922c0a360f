"""Surface as the pipeline sees it: its name, the prefix of its paths, its router."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from starlette.requests import Request
from starlette.responses import Response

from emulator.wire.http.router import Router
from emulator.world.core.refusals import Refusal

CONTROL = "control"


@dataclass(frozen=True, kw_only=True)
class Surface:
    """A router and the prefix of the paths that it serves; a router may serve several.

    `build` imports and returns the router of a prefix; it is called by the first request.
    """

    name: str
    prefix: str
    build: Callable[[str], Router]
    slash_status: int | None = None
    """The status that redirects a path with a trailing slash, where it is redirected."""

    @cached_property
    def app(self) -> Router:
        """The router."""
        return self.build(self.prefix)

    def render(self, request: Request, refusal: Refusal) -> Response:
        """Return a refusal in the surface's own shape."""
        return self.app.render(request, refusal, {})

    def allowed_methods(self, path: str) -> list[str]:
        """Return the methods that a path takes, sorted."""
        return self.app.allowed_methods(path)
