"""Incoming request: everything of a request that is read once, before any stage looks at it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

from emulator.wire.http.asgi import RawHeaders, http_scope
from emulator.wire.http.context import KEY, RequestContext
from emulator.wire.http.credentials import Credentials
from emulator.wire.http.surface import CONTROL, Surface

ASIDE = frozenset({"/favicon.ico", "/docs", "/docs/", "/openapi.json"})
"""Paths that a browser or a person requests on the side. They are not part of the product's API and
are treated as reads of control: no faults, no journal, no coverage."""


class IncomingRequest(NamedTuple):
    """A request: what was sent, and which surface and operation it is for.

    A named tuple: a frozen dataclass of so many fields takes three times as long to make.
    """

    surface: Surface
    operation: str
    """Its id: the operationId upstream, `METHOD /path` elsewhere."""
    body_limit: int
    """Bytes."""
    sent_method: str
    method: str
    """The method that surfaces see: a HEAD is served as a GET."""
    path: str
    """Without what names a world: the prefix, or a part of a path of control."""
    raw_path: bytes | None
    world_prefix: str | None
    """The world that the prefix names."""
    control_world: str | None
    """The world that a path of control names, `/_emulator/worlds/{name}/…`."""
    query: bytes
    raw_headers: tuple[tuple[bytes, bytes], ...]
    headers: Mapping[str, str]
    """The first header of each lower-case name."""
    body: bytes
    exceeded_limit_bytes: int | None
    """The limit that the body exceeded, or None; such a body is discarded."""
    credentials: Credentials
    scheme: str
    http_version: str
    client: tuple[str, int] | None
    server: tuple[str, int | None] | None
    given_up: asyncio.Event | None
    """Set once nobody waits for the response: the client has gone or the server ends. In process
    there is none."""

    @property
    def is_head(self) -> bool:
        """Whether the response has no body and nothing may be written."""
        return self.sent_method == "HEAD"

    @property
    def is_control(self) -> bool:
        """Whether it is for control, or requested on the side: no faults apply, and it leaves no
        trace.
        """
        return self.surface.name == CONTROL or self.path in ASIDE

    def scope(
        self, context: RequestContext, *, headers: RawHeaders | None = None
    ) -> dict[str, Any]:
        """Return the ASGI scope with which the surface is called, with all headers or with those
        that are given.
        """
        return http_scope(
            self.method,
            self.path,
            query=self.query,
            headers=self.raw_headers if headers is None else headers,
            raw_path=self.raw_path,
            scheme=self.scheme,
            http_version=self.http_version,
            client=self.client,
            server=self.server,
        ) | {KEY: context}


def with_body(request: IncomingRequest, body: bytes, is_above_limit: bool) -> IncomingRequest:
    """Return a request with its body, which is empty if it was above the limit."""
    if not body and not is_above_limit:
        return request
    exceeded = request.body_limit if is_above_limit else None
    return request._replace(body=body, exceeded_limit_bytes=exceeded)
