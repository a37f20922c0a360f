"""Every route of every surface in one table, for people and for the README."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache

from starlette.routing import compile_path

from emulator.contract.catalog import Operation
from emulator.surfaces.bff import app as bff
from emulator.surfaces.control import app as control
from emulator.surfaces.stripe import app as stripe
from emulator.surfaces.supabase import app as supabase
from emulator.surfaces.supabase.disabled_features import REFUSED
from emulator.surfaces.upstream import app as upstream

NOT_BUILT = "501: not built yet"
"""The purpose of a route that the real server has and the emulator has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRow:
    """One route: where it is known from and what it is for."""

    surface: str
    method: str
    path: str
    """Ends in `/*` where whatever comes after it is answered alike."""
    operation: str
    """The operationId upstream, elsewhere method and path."""
    source: str
    purpose: str

    def as_dict(self) -> dict[str, str]:
        """Return the row as a dict."""
        return asdict(self)


def route_table() -> list[RouteRow]:
    """Return every route, surface by surface."""
    return [
        *_bff(),
        *_declared(sorted(upstream.OPERATIONS, key=lambda operation: operation.path)),
        *_declared(supabase.OPERATIONS),
        *_declared(stripe.OPERATIONS),
        *_control(),
    ]


def _bff() -> Iterator[RouteRow]:
    for operation in bff.OPERATIONS:
        yield _row("bff", operation.method, operation.path, operation.provenance, operation.summary)


def _declared(operations: Iterable[Operation]) -> Iterator[RouteRow]:
    """Yield the rows of a surface that declares its operations."""
    for operation in operations:
        is_missing = operation.availability == "not built"
        yield RouteRow(
            surface=operation.surface,
            method=operation.method,
            path=operation.path,
            operation=operation.id,
            source=operation.provenance,
            purpose=NOT_BUILT if is_missing else operation.summary,
        )


def _control() -> Iterator[RouteRow]:
    for operation in control.OPERATIONS:
        yield _row(
            "control", operation.method, operation.path, operation.provenance, operation.summary
        )


def _row(surface: str, method: str, path: str, source: str, purpose: str) -> RouteRow:
    """Return the row of a route whose operation is its method and path."""
    return RouteRow(
        surface=surface,
        method=method,
        path=path,
        operation=f"{method} {path}",
        source=source,
        purpose=purpose,
    )


def _sentence(doc: str | None) -> str:
    """Return what a docstring says after the route it begins with."""
    line = " ".join((doc or "").split())
    said = line.split("`: ", 1)[-1]
    return said[:1].upper() + said[1:]


class Operations:
    """Tells which operation a method and path name."""

    def __init__(self, table: list[RouteRow]) -> None:
        self.surfaces = {row.operation: row.surface for row in table}
        """The surface of every operation by its name."""
        self.unbuilt = frozenset(
            row.operation for row in table if row.purpose.startswith((NOT_BUILT, REFUSED))
        )
        """The operations that answer 501, or that their feature is switched off."""
        self._index: dict[tuple[str, int], list[tuple[re.Pattern[str], RouteRow]]] = {}
        self._wholes: list[tuple[str, RouteRow]] = []
        """The rows whose path ends in `/*`, by what is before it."""
        with_slash = {each.path for each in supabase.OPERATIONS if each.takes_trailing_slash}
        # A literal path before one with a parameter that would match it too.
        for row in sorted(table, key=lambda row: row.path.count("{")):
            if row.path.endswith("/*"):
                self._wholes.append((row.path.removesuffix("/*"), row))
                continue
            slashed = [f"{row.path}/"] if row.path in with_slash else []
            for path in (row.path, *slashed):
                pattern, _, _ = compile_path(path)
                self._index.setdefault((row.method, path.count("/")), []).append((pattern, row))

        self.at = lru_cache(maxsize=4096)(self._at)
        """Returns the operation of a method and path, or None for what is routed nowhere."""

    def _at(self, method: str, path: str) -> str | None:
        for pattern, row in self._index.get((method, path.count("/")), ()):
            if pattern.match(path):
                return row.operation
        for start, row in self._wholes:
            if row.method == method and (path == start or path.startswith(f"{start}/")):
                return row.operation
        return None

    def named(self, method: str, path: str) -> str:
        """Return the operation, or `METHOD *` for what is routed nowhere."""
        return self.at(method, path) or f"{method} *"
