"""Proxy to the upstream: forwards a call in process and returns its response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.bff.errors import normalized
from emulator.surfaces.bff.route_table import Target
from emulator.wire.http.asgi import http_scope, request_of
from emulator.wire.http.bodies import share_json
from emulator.wire.http.context import KEY
from emulator.wire.http.router import Router

REFUSED = 400
"""The lowest status of a response that refuses."""

_FORWARDED = ("http_version", "scheme", "client", "server")
"""Members of a request's scope that the upstream sees too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamCall:
    """A call to the upstream: its route, the caller's token, the workspace and the body."""

    target: Target
    path_params: dict[str, str]
    query: bytes
    token: str | None
    workspace_id: str | None
    body: bytes


async def forward(upstream: Router, request: Request, call: UpstreamCall) -> Response:
    """Return the upstream's response, a failure in the BFF's shape."""
    forwarded = request_of(_scope(request, call), call.body)
    if call.body is await request.body():
        share_json(request, forwarded)
    answer = await upstream.respond(forwarded)
    status, content = answer.status_code, bytes(answer.body)
    if status >= REFUSED:
        return normalized(request, status, content)
    return Response(content, status_code=status, media_type="application/json")


def _scope(request: Request, call: UpstreamCall) -> dict[str, Any]:
    path = call.target.path
    for name, value in call.path_params.items():
        path = path.replace(f"{{{name}}}", value)
    headers = [(b"content-type", b"application/json")] if call.body else []
    if call.token is not None:
        headers.append((b"authorization", f"Bearer {call.token}".encode()))
    if call.workspace_id is not None:
        headers.append((b"x-workspace-id", call.workspace_id.encode()))
    forwarded = {key: request.scope[key] for key in _FORWARDED if key in request.scope}
    scope = http_scope(call.target.method, path, query=call.query, headers=headers, **forwarded)
    scope[KEY] = request.scope[KEY]
    return scope
