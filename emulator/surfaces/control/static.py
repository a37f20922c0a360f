"""Static files of the pages that show the API documents, so that they work without a network.

Control serves them because its requests leave no trace: a megabyte and a half in a world's journal
would push out the requests before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.control.control import PREFIX, Control
from emulator.wire.http.router import Routes
from emulator.world.core.refusals import NotFound

routes = Routes("control", prefix=PREFIX, tag="documents", provenance="ours")

TYPES: Mapping[str, str] = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
}
"""The files and their media types."""


@lru_cache(maxsize=len(TYPES))
def _content(name: str) -> bytes:
    # Its files are read without importing it, as that would import FastAPI.
    package = find_spec("fastapi_offline")
    assert package is not None and package.origin is not None
    return (Path(package.origin).parent / "static" / name).read_bytes()


@routes.add(
    "GET",
    "/assets/{name}",
    summary="Return a file that the documents' pages load: Swagger UI's script or style.",
    is_documented=False,
)
async def get_asset(_: Request, __: Control, *, name: str) -> Response:
    if name not in TYPES:
        raise NotFound("asset", name)
    return Response(_content(name), media_type=TYPES[name])
