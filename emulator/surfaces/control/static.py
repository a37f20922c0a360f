"""What the page of the API's document is made of, so that it shows without a network.

Served by control, whose calls leave no trace: a megabyte and a half in the journal of a world would
push out its past.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

from fastapi import Request, Response

from emulator.registry.registry import WorldRegistry
from emulator.world.core.refusals import NotFound

TYPES: Mapping[str, str] = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
}
"""The files and what they are."""


@lru_cache(maxsize=len(TYPES))
def _content(name: str) -> bytes:
    import fastapi_offline  # carries Swagger UI's files; nobody else pays for it

    return files(fastapi_offline).joinpath("static", name).read_bytes()


async def get_asset(request: Request, _: WorldRegistry) -> Response:
    """`GET /assets/{name}`: a file that `/docs` loads: Swagger UI's script or style."""
    name = request.path_params["name"]
    if name not in TYPES:
        raise NotFound("asset", name)
    return Response(_content(name), media_type=TYPES[name])
