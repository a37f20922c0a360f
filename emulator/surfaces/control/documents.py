"""OpenAPI documents of the BFF and of control, and the page that shows them."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

import orjson
from pydantic import JsonValue, RootModel
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from emulator.surfaces.control.control import PREFIX, Control
from emulator.wire.http.codes import Code
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Routes
from emulator.world.core.refusals import NotFound
from emulator.world.core.world import DEFAULT

routes = Routes("control", prefix=PREFIX, tag="documents", provenance="ours")

SURFACES = ("control", "bff")
"""The surfaces whose documents control serves; the upstream serves its own at `/openapi.json`."""


class OpenApiDocument(RootModel[dict[str, JsonValue]]):
    """An OpenAPI document."""


@lru_cache(maxsize=len(SURFACES))
def _document(surface: str) -> dict[str, Any]:
    text = files("emulator").joinpath("surfaces", surface, "openapi.json").read_bytes()
    document: dict[str, Any] = orjson.loads(text)
    return document


@routes.add(
    "GET",
    "/openapi/{surface}.json",
    summary="Return the OpenAPI document of the BFF or of control.",
    answers={200: OpenApiDocument},
    refuses={Code.NOT_FOUND},
)
async def get_document(request: Request, _: Control, *, surface: str) -> Response:
    if surface not in SURFACES:
        raise NotFound("document", surface)
    context = context_of(request)
    name, url = context.world.name, context.settings.public_url
    # A client made from a world's document reaches that world.
    server = {"url": url if name == DEFAULT else f"{url}/_w/{name}"}
    content = orjson.dumps({**_document(surface), "servers": [server]})
    return Response(content, media_type="application/json")


@routes.add(
    "GET",
    "/docs",
    summary="Show the documents of the BFF and of control in Swagger UI.",
    is_documented=False,
)
async def get_docs(_: Request, __: Control) -> Response:
    return HTMLResponse(_PAGE)


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="assets/swagger-ui.css">
<link rel="icon" href="data:,">
<title>worldflux-emulator</title>
</head>
<body>
<label style="font: 16px sans-serif; display: block; padding: 1rem">
Document:
<select id="document"><option>control</option><option>bff</option></select>
</label>
<div id="swagger-ui"></div>
<script src="assets/swagger-ui-bundle.js"></script>
<script>
const select = document.getElementById('document');
function show() {
  SwaggerUIBundle({
    url: `openapi/${select.value}.json`,
    dom_id: '#swagger-ui',
    deepLinking: true,
    validatorUrl: null,  // else the document is sent to a validator on the network
  });
}
select.addEventListener('change', show);
show();
</script>
</body>
</html>
"""
