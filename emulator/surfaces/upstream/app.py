"""The upstream as one FastAPI app, its routes found by an index, its OpenAPI document shipped."""

from __future__ import annotations

from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from emulator import __version__
from emulator.settings import Settings
from emulator.surfaces.upstream import (
    api_keys,
    audit,
    billing,
    not_implemented,
    privacy,
    profile,
    projects,
    runs,
    service,
    shares,
    usage,
    workspaces,
)
from emulator.surfaces.upstream.errors import render
from emulator.surfaces.upstream.routing import PublicRoute
from emulator.wire.http.context import context_of
from emulator.wire.http.errors import answered, install
from emulator.world.core.world import DEFAULT

TITLE = "WorldFlux Cloud control plane (emulated)"

DESCRIPTION = """What the CLI talks to and the dashboard's BFF forwards to.

Bodies and queries are judged as FastAPI does by default, which is laxer than this document: a value
that plainly stands for one of the documented type is taken for it, such as `"5"` for an integer and
`0` or `"false"` for a boolean."""

RESOURCES = (
    runs,
    workspaces,
    projects,
    api_keys,
    shares,
    profile,
    privacy,
    audit,
    billing,
    usage,
    service,
    not_implemented,
)
"""The resources; the hot ones first."""


def upstream_routes() -> list[APIRoute]:
    """Return every route of the upstream."""
    return [route for resource in RESOURCES for route in resource.routes.all]


class Upstream(FastAPI):
    """The upstream's ASGI app: an index of its routes before FastAPI's own walk.

    Routes are found by method, number of segments and second segment (measured: a walk through 80
    takes 130 µs, a look-up and one or two regular expressions 5). What the index does not find,
    FastAPI answers: 404, 405, and routes that are no part of the API.
    """

    @cached_property
    def _index(self) -> dict[tuple[str, int, str], list[Route]]:
        index: dict[tuple[str, int, str], list[Route]] = {}
        for route in self.router.routes:
            if isinstance(route, Route):
                for method in route.methods or ():
                    index.setdefault(_place(method, route.path), []).append(route)
        return index

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        for route in self._index.get(_place(scope["method"], scope["path"]), ()):
            found = route.path_regex.match(scope["path"])
            if found is None:
                continue
            if isinstance(route, PublicRoute):
                scope["path_params"] = found.groupdict()
                response = await answered(self, route.answer, Request(scope, receive))
                await response(scope, receive, send)
                return
            break
        await super().__call__(scope, receive, send)


def _place(method: str, path: str) -> tuple[str, int, str]:
    segments = path.split("/", 3)
    return method, path.count("/"), segments[2] if len(segments) > 2 else ""  # noqa: PLR2004


def openapi_document() -> dict[str, Any]:
    """Build the OpenAPI document from the routes. Takes most of a second."""
    document = get_openapi(
        title=TITLE,
        version=__version__,
        description=DESCRIPTION,
        routes=upstream_routes(),
        servers=[{"url": Settings().public_url}],
    )
    _say_which_integers_are_long(document)
    document["components"]["securitySchemes"] = {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key (`wbx_…`) or the access token of a Supabase session.",
        }
    }
    return document


_INT32_END = 2**31


def _say_which_integers_are_long(value: Any) -> None:
    """Mark every integer without a maximum below 2³¹ as `int64`. Generators of Go, Java, Kotlin,
    C# and Rust clients read an unmarked one as 32 bits, and fail on a storage limit of 5 GiB.
    """
    if isinstance(value, dict):
        if value.get("type") == "integer" and value.get("maximum", _INT32_END) >= _INT32_END:
            value["format"] = "int64"
        value = list(value.values())
    if isinstance(value, list):
        for member in value:
            _say_which_integers_are_long(member)


@lru_cache(maxsize=1)
def openapi_bytes() -> bytes:
    """Return the document as it is shipped."""
    shipped = files("emulator.surfaces.upstream").joinpath("openapi.json")
    return shipped.read_bytes() if shipped.is_file() else openapi_text().encode()


@lru_cache(maxsize=64)
def _served(url: str) -> bytes:
    """Return the document with the URL of the server that sends it."""
    document = orjson.loads(openapi_bytes())
    document["servers"] = [{"url": url}]
    return _written(document)


def openapi_text() -> str:
    """Return the document as its file holds it."""
    return _written(openapi_document()).decode()


def _written(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


async def _get_openapi(request: Request) -> Response:
    context = context_of(request)
    name, url = context.world.name, context.settings.public_url
    # A client made from a world's document reaches that world, as the page at `/docs` does.
    body = _served(url if name == DEFAULT else f"{url}/_w/{name}")
    return Response(body, media_type="application/json")


_ASSETS = "/_emulator/assets"
"""Where control serves Swagger UI's files: from this machine, not from their CDN."""


async def _get_docs(_: Request) -> Response:
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title=TITLE,
        swagger_js_url=f"{_ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{_ASSETS}/swagger-ui.css",
        swagger_favicon_url="data:,",
        # Else it sends the document to a validator on the network, unless it is on loopback.
        swagger_ui_parameters={"validatorUrl": None},
    )


async def _get_favicon(_: Request) -> Response:
    """Answer what every browser asks for on its own: there is no icon."""
    return Response(status_code=204, headers={"Cache-Control": "max-age=86400"})


def build_upstream() -> FastAPI:
    """Return the upstream's ASGI app."""
    app = Upstream(
        title=TITLE,
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.router.routes.extend(upstream_routes())
    app.router.routes.append(Route("/openapi.json", _get_openapi, methods=["GET"]))
    app.router.routes.append(Route("/docs", _get_docs, methods=["GET"]))
    app.router.routes.append(Route("/favicon.ico", _get_favicon, methods=["GET"]))
    install(app, render)
    return app
