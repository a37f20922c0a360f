"""Operation catalog: one value for each method and path of every surface.

Routing, faults, the journal's filters, coverage, the tables in the documentation and the OpenAPI
documents all read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from pydantic import BaseModel

MIB = 2**20
BODY_LIMIT = 10 * MIB
"""Bytes of a body, unless an operation declares another limit."""

Provenance = Literal[
    "base contract", "newer docs", "public CLI", "GoTrue", "Supabase", "Stripe", "ours", "assumed"
]
"""Where an operation is known from: the API reference, its later edition, a real client or server,
this project, or nowhere."""

Availability = Literal["built", "not built", "disabled"]
"""`not built` responds with 501; `disabled` is a feature that a new project has turned off."""

Caller = Literal["anyone", "user", "service", "key or session", "session"]
"""Who may call an operation: `user` is a session's access token and `service` the service key, both
as GoTrue takes them; `session` is the dashboard's cookie."""

Answer: TypeAlias = "type[BaseModel] | DeferredModel | None"
"""The model of an answer's body."""

WILDCARD = "/*"
"""How a path ends that stands for everything below it."""


@dataclass(frozen=True, slots=True)
class DeferredModel:
    """A model that is imported when it is needed, by its module and its name.

    Measured: pydantic takes 65 ms to import and a model 0.3 ms to declare, which is half of a start
    that lists runs, and a list of runs is read and written without them.
    """

    module: str
    name: str

    def load(self) -> Any:
        """Return the model."""
        return getattr(import_module(self.module), self.name)


class DeferredModels:
    """The models of a module, each as an attribute that is a DeferredModel."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> DeferredModel:
        return DeferredModel(self._module, name)


def model_of(declared: Any) -> Any:
    """Return the model of a declaration, imported if it is deferred."""
    return declared.load() if isinstance(declared, DeferredModel) else declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method and path of a surface: what it is for, where it is known from, how it is treated.

    `id` is what faults, the journal, `verify` and coverage show: the operationId upstream,
    `METHOD /path` elsewhere. `name` is the operationId in the surface's own document.
    """

    surface: str
    method: str
    path: str
    id: str
    name: str
    summary: str
    """One sentence for people."""
    description: str = ""
    """What the surface's document says beyond the summary."""
    tag: str = ""
    provenance: Provenance
    availability: Availability = "built"
    caller: Caller = "anyone"
    body: Any = None
    """A model, or any other type that pydantic validates; one that admits None may be left out.
    `body_type` returns it where it is deferred.
    """
    query: type[Any] | None = None
    """A model, or a dataclass whose fields all have defaults: it takes no model to read none."""
    media_type: str = "application/json"
    answers: Mapping[int, Answer] = field(default_factory=dict)
    """Successful statuses and the model of their bodies; None means no body. `answer_models`
    returns them where they are deferred.
    """
    refuses: frozenset[str] = frozenset()
    """The error codes that the surface's document lists."""
    is_documented: bool = True
    """Whether the surface's OpenAPI document lists it."""
    body_limit: int = BODY_LIMIT
    """Bytes."""
    takes_trailing_slash: bool = False
    """Whether the path is served with a slash at its end too."""
    writes_on_get: bool = False
    """Whether a GET may change the state."""
    ignores_world: bool = False
    """Whether it is about all worlds, so that a world which the request names is not looked up."""
    reads_headers: tuple[str, ...] = ()
    """The headers that its response depends on, in lower case."""
    names_world: tuple[str, ...] = ()
    """Path parameters, query and body members whose credential may name the world."""
    shows: tuple[str, ...] = ()
    """The kinds of record whose states its response shows, for coverage."""

    def body_type(self) -> Any:
        """Return the type of the body, or None."""
        return model_of(self.body)

    def answer_models(self) -> Mapping[int, type[BaseModel] | None]:
        """Return the successful statuses and the models of their bodies."""
        return {status: model_of(model) for status, model in self.answers.items()}


class SurfacePart:
    """The operations of a surface below some prefixes, imported when a path there is looked up."""

    def __init__(self, surface: str, *, prefixes: tuple[str, ...], module: str) -> None:
        """Take them from the OPERATIONS of a module, which hold all that are below a prefix."""
        self.surface = surface
        self.prefixes = prefixes
        self._starts = tuple(prefix.rstrip("/") for prefix in prefixes)
        self._module = module

    @cached_property
    def all(self) -> tuple[Operation, ...]:
        """The operations in the order of their declaration."""
        return tuple(import_module(self._module).OPERATIONS)

    @cached_property
    def _index(self) -> dict[tuple[str, int], list[tuple[re.Pattern[str], Operation]]]:
        index: dict[tuple[str, int], list[tuple[re.Pattern[str], Operation]]] = {}
        for operation in specific_first(self.all):
            if operation.path.endswith(WILDCARD):
                continue
            for path in paths_of(operation):
                key = (operation.method, path.count("/"))
                index.setdefault(key, []).append((path_pattern(path), operation))
        return index

    @cached_property
    def _wildcards(self) -> tuple[tuple[str, Operation], ...]:
        """The operations whose path ends in a wildcard, by what precedes it."""
        return tuple(
            (operation.path.removesuffix(WILDCARD), operation)
            for operation in specific_first(self.all)
            if operation.path.endswith(WILDCARD)
        )

    def at(self, method: str, path: str) -> Operation | None:
        """Return the operation of a method and path, or None."""
        if not path.startswith(self._starts):
            return None
        for pattern, operation in self._index.get((method, path.count("/")), ()):
            if pattern.match(path):
                return operation
        for start, operation in self._wildcards:
            if operation.method == method and is_below(path, start):
                return operation
        return None


class OperationCatalog:
    """Every operation of every surface, by id and by method and path."""

    def __init__(self, parts: Iterable[SurfacePart]) -> None:
        self._parts = tuple(parts)
        self.at = lru_cache(maxsize=4096)(self._at)
        """Returns the operation of a method and path, or None where nothing is routed."""

    def __iter__(self) -> Iterator[Operation]:
        surfaces = dict.fromkeys(part.surface for part in self._parts)
        return chain.from_iterable(map(self.of_surface, surfaces))

    @cached_property
    def by_id(self) -> Mapping[str, Operation]:
        """Every operation by its id."""
        return {each.id: each for each in self}

    def of_surface(self, surface: str) -> tuple[Operation, ...]:
        """Return the operations of a surface in the order of their declaration; of a surface in
        several parts, by their paths.
        """
        parts = [part.all for part in self._parts if part.surface == surface]
        if len(parts) == 1:
            return parts[0]
        by_id = {each.id: each for part in parts for each in part}
        return tuple(sorted(by_id.values(), key=lambda operation: operation.path))

    def below(self, prefix: str) -> tuple[Operation, ...]:
        """Return the operations of the part with this prefix."""
        return next((part.all for part in self._parts if prefix in part.prefixes), ())

    def id_at(self, method: str, path: str) -> str:
        """Return the id of the operation, or `METHOD *` where nothing is routed."""
        operation = self.at(method, path)
        return f"{method} *" if operation is None else operation.id

    def _at(self, method: str, path: str) -> Operation | None:
        found = (part.at(method, path) for part in self._parts)
        return next((operation for operation in found if operation is not None), None)


def admits_none(kind: Any) -> bool:
    """Return whether a body of a type may be left out."""
    return type(None) in get_args(kind)


def specific_first(operations: Iterable[Operation]) -> list[Operation]:
    """Return operations so that a literal path precedes the one with a parameter in its place."""
    return sorted(operations, key=lambda operation: operation.path.count("{"))


def paths_of(operation: Operation) -> tuple[str, ...]:
    """Return the paths that an operation is served at."""
    path = operation.path
    return (path, f"{path}/") if operation.takes_trailing_slash else (path,)


def is_below(path: str, start: str) -> bool:
    """Return whether a path is that which precedes a wildcard, or below it."""
    return path == start or path.startswith(f"{start}/")


_PARAMETER = re.compile(r"\{(\w+)\}")


@lru_cache(maxsize=1024)
def path_pattern(path: str) -> re.Pattern[str]:
    """Return the pattern of a path whose `{name}` stands for one segment."""
    parts = _PARAMETER.split(path)
    literals, names = parts[::2], parts[1::2]
    pattern = re.escape(literals[0])
    for name, literal in zip(names, literals[1:], strict=True):
        pattern += f"(?P<{name}>[^/]+){re.escape(literal)}"
    return re.compile(rf"^{pattern}\Z")
