"""Pages beside the upstream's API: its OpenAPI document, the document's viewer, the favicon.

They are not part of the product's API, so the catalog, and with it faults, the journal and
coverage, leave them out.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from emulator.contract.catalog import Caller
from emulator.surfaces.upstream.replies import reply_bytes
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Routes
from emulator.world.core.world import DEFAULT

TITLE = "WorldFlux Cloud control plane (emulated)"

DESCRIPTION = """What the CLI talks to and the dashboard's BFF forwards to.

Bodies and queries are judged as FastAPI does by default, which is laxer than this document: a value
that plainly stands for one of the documented type is taken for it, such as `"5"` for an integer and
`0` or `"false"` for a boolean."""
"""What the OpenAPI document says of the whole API."""

SECURITY_SCHEMES: Mapping[Caller, tuple[str, Mapping[str, str]]] = {
    "key or session": (
        "bearer",
        {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key (`wbx_…`) or the access token of a Supabase session.",
        },
    )
}
"""How a caller authenticates: the name of the document's security scheme, and the scheme."""

routes = Routes("upstream", tag="pages")

_ASSETS = "/_emulator/assets"
"""Where control serves Swagger UI's files, so that the page needs no network."""

_DOCS = f"""<!DOCTYPE html>
<html>
<head>
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<link type="text/css" rel="stylesheet" href="{_ASSETS}/swagger-ui.css">
<link rel="shortcut icon" href="data:,">
<title>{TITLE}</title>
</head>
<body>
<div id="swagger-ui"></div>
<script src="{_ASSETS}/swagger-ui-bundle.js"></script>
<script>
SwaggerUIBundle({{
    url: '/openapi.json',
    dom_id: '#swagger-ui',
    layout: 'BaseLayout',
    deepLinking: true,
    showExtensions: true,
    showCommonExtensions: true,
    validatorUrl: null,  // else the document is sent to a validator on the network
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
}})
</script>
</body>
</html>
"""


@lru_cache(maxsize=1)
def openapi_bytes() -> bytes:
    """Return the OpenAPI document as it is shipped."""
    return files("emulator.surfaces.upstream").joinpath("openapi.json").read_bytes()


@lru_cache(maxsize=64)
def _openapi_from(url: str) -> bytes:
    """Return the OpenAPI document with the URL of the server that sends it."""
    document = orjson.loads(openapi_bytes())
    document["servers"] = [{"url": url}]
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


@routes.add("GET", "/openapi.json", summary="Return the OpenAPI document.", provenance="assumed")
async def get_openapi(request: Request) -> Response:
    context = context_of(request)
    name, url = context.world.name, context.settings.public_url
    # A client made from a world's document reaches that world, as the page at `/docs` does.
    return reply_bytes(_openapi_from(url if name == DEFAULT else f"{url}/_w/{name}"))


@routes.add("GET", "/docs", summary="Show the document in Swagger UI.", provenance="assumed")
async def get_docs(_: Request) -> Response:
    return HTMLResponse(_DOCS)


@routes.add("GET", "/favicon.ico", summary="Return no icon.", provenance="ours")
async def get_favicon(_: Request) -> Response:
    return Response(status_code=204, headers={"Cache-Control": "max-age=86400"})
