"""Router of a surface: finds the operation of a request, reads what it takes, calls its handler.

Routes are found by method, number of segments and second segment, then by the path's pattern.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, is_dataclass
from functools import cached_property, lru_cache
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from emulator.contract.catalog import (
    WILDCARD,
    Operation,
    is_below,
    path_pattern,
    paths_of,
    specific_first,
)
from emulator.wire.http.asgi import RawResponse, finish, raw_response, request_of
from emulator.wire.http.codes import BadInput, InternalError, NoSuchRoute, UnsupportedAction
from emulator.wire.http.context import context_of
from emulator.world.core.refusals import Refusal

log = logging.getLogger("emulator")

Handler = Callable[..., Awaitable[Response]]
"""Called with the request, with what the router holds beside it, and, by name, what it declares of
the path parameters, `operation`, `query` and `body`."""

AnyHandler = TypeVar("AnyHandler", bound=Handler)

Render = Callable[[Request, Refusal, Mapping[str, str]], Response]
"""Turns a refusal and extra headers into a response in the surface's own shape."""

ReadBody = Callable[[Request, Any], Awaitable[Any]]
"""Reads and validates a body of a type. Raises BadInput and what `wire.http.bodies` raises."""

Gate = Callable[[Request], None]
"""Runs before the route is looked up. Raises a refusal to stop the request."""

Guard = Callable[[Request, Operation], None]
"""Runs before anything of the request but its head is read. Raises a refusal to stop it."""


@dataclass(frozen=True, slots=True)
class Route:
    """An operation and the handler that serves it."""

    operation: Operation
    handler: Handler

    @property
    def arguments(self) -> frozenset[str]:
        """The names of the arguments that the handler declares."""
        code = getattr(self.handler, "__code__", None)
        if code is None:
            return frozenset()
        return frozenset(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])


class Routes:
    """The routes of one module, in the order of their declaration.

    `facts` are fields of `Operation` that all of them have.
    """

    def __init__(self, surface: str, *, prefix: str = "", tag: str = "", **facts: Any) -> None:
        self.surface = surface
        self._prefix = prefix
        self._facts = {"tag": tag, **facts}
        self.all: list[Route] = []

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The operations of these routes."""
        return tuple(route.operation for route in self.all)

    def add(
        self, method: str, path: str, *, summary: str, name: str | None = None, **facts: Any
    ) -> Callable[[AnyHandler], AnyHandler]:
        """Declare a handler, whose name is the operation's unless another is given.

        `facts` are further fields of `Operation`; `id` defaults to `METHOD /path`.
        """

        def declare(handler: AnyHandler) -> AnyHandler:
            whole = self._prefix + path
            fields = {"id": f"{method} {whole}", **self._facts, **facts}
            operation = Operation(
                surface=self.surface,
                method=method,
                path=whole,
                name=name or handler.__name__,
                summary=summary,
                **fields,
            )
            self.all.append(Route(operation, handler))
            return handler

        return declare


@dataclass(frozen=True, slots=True)
class _Entry:
    route: Route
    match: Callable[[str], Any]
    path_arguments: tuple[str, ...]
    takes_operation: bool
    takes_query: bool
    takes_body: bool


class Router:
    """Serves a surface's routes; every failure becomes a response in the surface's shape."""

    def __init__(
        self,
        routes: Iterable[Route],
        *,
        render: Render,
        read_body: ReadBody | None = None,
        gate: Gate | None = None,
        guard: Guard | None = None,
        beside: object | None = None,
    ) -> None:
        """`beside` becomes the second argument of every handler, where it is given."""
        self.routes = tuple(routes)
        self._beside = () if beside is None else (beside,)
        self.render = render
        self._read_body = read_body
        self._gate = gate
        self._guard = guard
        self._found = lru_cache(maxsize=1024)(self._find)

    @cached_property
    def _index(self) -> dict[tuple[str, int, str], list[_Entry]]:
        index: dict[tuple[str, int, str], list[_Entry]] = {}
        by_operation = {id(route.operation): route for route in self.routes}
        for operation in specific_first(route.operation for route in self.routes):
            if operation.path.endswith(WILDCARD):
                continue
            route = by_operation[id(operation)]
            arguments = route.arguments
            for path in paths_of(operation):
                pattern = path_pattern(path)
                entry = _Entry(
                    route=route,
                    match=pattern.match,
                    path_arguments=tuple(n for n in pattern.groupindex if n in arguments),
                    takes_operation="operation" in arguments,
                    takes_query="query" in arguments,
                    takes_body="body" in arguments,
                )
                index.setdefault(_place(operation.method, path), []).append(entry)
        return index

    @cached_property
    def _wildcards(self) -> tuple[tuple[str, str, _Entry], ...]:
        return tuple(
            (
                route.operation.method,
                route.operation.path.removesuffix(WILDCARD),
                _Entry(
                    route=route,
                    match=path_pattern(route.operation.path).match,
                    path_arguments=(),
                    takes_operation="operation" in route.arguments,
                    takes_query=False,
                    takes_body=False,
                ),
            )
            for route in self.routes
            if route.operation.path.endswith(WILDCARD)
        )

    def allowed_methods(self, path: str) -> list[str]:
        """Return the methods that a path takes, sorted."""
        methods = {
            route.operation.method
            for route in self.routes
            if any(path_pattern(each).match(path) for each in paths_of(route.operation))
        }
        methods |= {method for method, start, _ in self._wildcards if is_below(path, start)}
        if "GET" in methods:
            methods.add("HEAD")
        return sorted(methods)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        response = await self.respond(Request(scope, receive))
        await response(scope, receive, send)

    def call(self, scope: Scope, body: bytes) -> RawResponse:
        """Return the response to a request whose body is read already."""
        return raw_response(finish(self.respond(request_of(scope, body))))

    async def respond(self, request: Request) -> Response:
        """Return the response to a request, whatever goes wrong."""
        try:
            return await self._respond(request)
        except Refusal as refusal:
            context_of(request).outcome.keep_writes = refusal.commits
            headers = {"Allow": refusal.allow} if isinstance(refusal, UnsupportedAction) else {}
            return self.render(request, refusal, headers)
        except Exception as error:
            log.error("%s %s broke", request.method, request.url.path, exc_info=error)
            return self.render(request, InternalError(), {})

    async def _respond(self, request: Request) -> Response:
        scope = request.scope
        method, path = scope["method"], scope["path"]
        if self._gate is not None:
            self._gate(request)
        entry, parameters = self._found(method, path)
        scope["path_params"] = dict(parameters)
        operation = entry.route.operation
        if self._guard is not None:
            self._guard(request, operation)
        arguments: dict[str, Any] = {name: parameters[name] for name in entry.path_arguments}
        if entry.takes_operation:
            arguments["operation"] = operation
        problems: list[Any] = []
        if entry.takes_query and operation.query is not None:
            arguments["query"] = _read_query(request, operation.query, problems)
        if entry.takes_body and operation.body is not None:
            arguments["body"] = await self._body(request, operation.body_type(), problems)
        if problems:
            raise BadInput(problems)
        return await entry.route.handler(request, *self._beside, **arguments)

    async def _body(self, request: Request, kind: Any, problems: list[Any]) -> Any:
        assert self._read_body is not None
        try:
            return await self._read_body(request, kind)
        except BadInput as bad:
            problems.extend(bad.problems)
            return None

    def _find(self, method: str, path: str) -> tuple[_Entry, dict[str, str]]:
        """Return the route of a request and its path parameters. Raises NoSuchRoute,
        UnsupportedAction.
        """
        place = _place(method, path)
        for entry in (*self._index.get(place, ()), *self._index.get((*place[:2], _ANY), ())):
            found = entry.match(path)
            if found is not None:
                return entry, found.groupdict()
        for its_method, start, entry in self._wildcards:
            if its_method == method and is_below(path, start):
                return entry, {}
        allowed = self.allowed_methods(path)
        if not allowed:
            raise NoSuchRoute(path)
        raise UnsupportedAction(method, path, allow=", ".join(allowed))


def _read_query(request: Request, kind: type[Any], problems: list[Any]) -> Any:
    query = request.scope["query_string"]
    if not query and is_dataclass(kind):
        return kind()
    from emulator.wire.http.validation import validated_query  # imports pydantic

    return validated_query(query, kind, problems)


def _place(method: str, path: str) -> tuple[str, int, str]:
    """Return where a path is indexed: by method, number of segments and second segment."""
    segments = path.split("/", 3)
    second = segments[2] if len(segments) > 2 else ""  # noqa: PLR2004
    return method, path.count("/"), _ANY if second.startswith("{") else second


_ANY = "{}"
"""The second segment of paths that have a parameter there."""
