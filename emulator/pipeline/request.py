"""Requests of the pipeline: reading their head, and the facts known once their world is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from starlette.types import Scope

from emulator.contract.catalog import BODY_LIMIT, OperationCatalog
from emulator.faults.rules import FaultSet
from emulator.faults.selection import AppliedEffect
from emulator.registry.live_world import LiveWorld
from emulator.settings import Settings
from emulator.wire.http.asgi import GIVEN_UP, first_of_each
from emulator.wire.http.context import RequestContext
from emulator.wire.http.credentials import Credentials
from emulator.wire.http.incoming_request import IncomingRequest
from emulator.wire.http.surface import Surface
from emulator.wire.world_address import control_path_of, without_prefix
from emulator.world.core.access import Source
from emulator.world.records.types import Instant


class HeadReader:
    """Reads the head of a request: its headers, and the surface and operation that it is for."""

    def __init__(
        self, surfaces: tuple[Surface, ...], catalog: OperationCatalog, settings: Settings
    ) -> None:
        """Send each request to the first surface whose prefix its path has, else to the last."""
        self._surfaces = surfaces
        self._catalog = catalog
        self._settings = settings

    def __call__(self, scope: Scope) -> IncomingRequest:
        """Return a request whose body is not read yet."""
        path, world_prefix = without_prefix(scope["path"])
        path, control_world = control_path_of(path)
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        headers = first_of_each(scope["headers"])
        operation = self._catalog.at(method, path)
        return IncomingRequest(
            surface=self._surface(path),
            operation=f"{method} *" if operation is None else operation.id,
            body_limit=BODY_LIMIT if operation is None else operation.body_limit,
            sent_method=scope["method"],
            method=method,
            path=path,
            raw_path=scope.get("raw_path") if path == scope["path"] else path.encode(),
            world_prefix=world_prefix,
            control_world=control_world,
            query=scope["query_string"],
            raw_headers=tuple(scope["headers"]),
            headers=headers,
            body=b"",
            exceeded_limit_bytes=None,
            credentials=Credentials(headers, self._settings),
            scheme=scope["scheme"],
            http_version=scope["http_version"],
            client=scope.get("client"),
            server=scope.get("server"),
            given_up=scope.get(GIVEN_UP),
        )

    def _surface(self, path: str) -> Surface:
        for surface in self._surfaces:
            if path.startswith(surface.prefix):
                return surface
        return self._surfaces[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedRequest:
    """A request with its world, and what faults do to it."""

    request: IncomingRequest
    live: LiveWorld
    faults: FaultSet
    """The faults as they were before the request."""
    applied: AppliedEffect
    wall_time: Instant
    """The machine's time at which the request came."""

    def context(self, settings: Settings) -> RequestContext:
        """Return a new context, with which the surface is called once."""
        request = self.request
        return RequestContext(
            world=self.live.world,
            settings=settings,
            operation=request.operation,
            source=_source(request),
            wall_time=self.wall_time,
            exceeded_limit_bytes=request.exceeded_limit_bytes,
        )


def _source(request: IncomingRequest) -> Source:
    """Return where a request came from, as the audit log records it."""
    client = request.client
    return Source(
        ip_hash=None if client is None else _ip_hash(client[0]),
        user_agent=request.headers.get("user-agent"),
    )


@lru_cache(maxsize=1024)
def _ip_hash(address: str) -> str:
    """Docs: "redacted IP hash" (privacy). Assumed: the hash is the first
    16 digits of a SHA-256, as the documentation names no algorithm.
    """
    return sha256(address.encode()).hexdigest()[:16]
