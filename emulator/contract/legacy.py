"""Every route of every surface in one table, for people and for the README."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from emulator.contract.catalog import Operation
from emulator.surfaces.bff import app as bff
from emulator.surfaces.control import app as control
from emulator.surfaces.stripe import app as stripe
from emulator.surfaces.supabase import app as supabase
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
