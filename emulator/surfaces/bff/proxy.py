"""The proxy: one function that hands a call to the upstream, in process, and brings its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from starlette.types import ASGIApp, Message

from emulator.surfaces.bff.errors import normalised
from emulator.surfaces.bff.route_table import Target
from emulator.wire.http.context import KEY

REFUSED = 400
_KEPT = ("http_version", "scheme", "client", "server", KEY)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamCall:
    """A call to the upstream: where to, as whom, about which workspace, with what body."""

    target: Target
    path_params: dict[str, str]
    query: bytes
    token: str | None
    workspace_id: str | None
    body: bytes


async def forward(upstream: ASGIApp, request: Request, call: UpstreamCall) -> Response:
    """Return the upstream's answer, a failure of it in the BFF's shape."""
    path = call.target.path
    for name, value in call.path_params.items():
        path = path.replace(f"{{{name}}}", value)
    headers = [(b"content-type", b"application/json")] if call.body else []
    if call.token is not None:
        headers.append((b"authorization", f"Bearer {call.token}".encode()))
    if call.workspace_id is not None:
        headers.append((b"x-workspace-id", call.workspace_id.encode()))
    scope: dict[str, Any] = {key: request.scope[key] for key in _KEPT if key in request.scope}
    scope |= {
        "type": "http",
        "method": call.target.method,
        "path": path,
        "raw_path": quote(path).encode(),
        "root_path": "",
        "query_string": call.query,
        "headers": headers,
    }
    start: dict[str, Any] = {}
    parts: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": call.body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            parts.append(message.get("body", b""))

    try:
        await upstream(scope, receive, send)
    except Exception:
        # Starlette answers a bug and raises it again; it is logged where it was answered.
        if not start:
            raise
    return _answer(request, start, b"".join(parts))


def _answer(request: Request, start: dict[str, Any], body: bytes) -> Response:
    status: int = start["status"]
    if status >= REFUSED:
        return normalised(request, status, body, {})
    return Response(body, status_code=status, media_type="application/json")
