"""Requests of the pipeline: reading their head, and the facts known once their world is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

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
        self._route = lru_cache(maxsize=4096)(self._found_route)

    def __call__(self, scope: Scope) -> IncomingRequest:
        """Return a request whose body is not read yet."""
        path, world_prefix = without_prefix(scope["path"])
        path, control_world = control_path_of(path)
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        headers = first_of_each(scope["headers"])
        route = self._route(method, path)
        return IncomingRequest(
            surface=route.surface,
            operation=route.operation,
            body_limit=route.body_limit,
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

    def _found_route(self, method: str, path: str) -> _Route:
        prefixed = (each for each in self._surfaces if path.startswith(each.prefix))
        surface = next(prefixed, self._surfaces[-1])
        operation = self._catalog.at(method, path)
        return _Route(
            surface=surface,
            operation=self._catalog.id_at(method, path),
            body_limit=BODY_LIMIT if operation is None else operation.body_limit,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Route:
    """What the method and the path of a request say of it."""

    surface: Surface
    operation: str
    body_limit: int


class ResolvedRequest(NamedTuple):
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
            source=_source(
                None if request.client is None else request.client[0],
                request.headers.get("user-agent"),
            ),
            wall_time=self.wall_time,
            exceeded_limit_bytes=request.exceeded_limit_bytes,
        )


@lru_cache(maxsize=1024)
def _source(address: str | None, user_agent: str | None) -> Source:
    """Return where a request came from, as the audit log records it.

    Docs: "redacted IP hash" (privacy). Assumed: the hash is the first 16 digits of a SHA-256, as
    the documentation names no algorithm.
    """
    ip_hash = None if address is None else sha256(address.encode()).hexdigest()[:16]
    return Source(ip_hash=ip_hash, user_agent=user_agent)
