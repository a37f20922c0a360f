"""Every route of every surface in one table, for people and for the README."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import cast

from emulator.contract.catalog import Operation, OperationCatalog, Provenance
from emulator.surfaces.bff import route_table as bff
from emulator.surfaces.control import app as control
from emulator.surfaces.control import events
from emulator.surfaces.stripe import app as stripe
from emulator.surfaces.stripe import not_implemented as stripe_api
from emulator.surfaces.supabase import app as supabase
from emulator.surfaces.supabase import other_services
from emulator.surfaces.supabase.disabled_features import PURPOSE
from emulator.surfaces.upstream import not_implemented
from emulator.surfaces.upstream.app import upstream_routes
from emulator.wire.stripe.urls import PREFIX

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
    return [*_bff(), *_upstream(), *_supabase(), *_stripe(), *_control()]


def _bff() -> Iterator[RouteRow]:
    for row in bff.ALL:
        purpose = row.used_by
        targets = [row.target] if row.target else list(row.actions.values())
        if targets:
            names = ", ".join(f"{target.method} {target.path}" for target in targets)
            purpose = f"{purpose} → {names}"
        yield _row("bff", row.method, row.path, "base contract", purpose)


def _upstream() -> Iterator[RouteRow]:
    missing = {(method, path) for method, path, _, _ in not_implemented.ABSENT}
    for route in sorted(upstream_routes(), key=lambda route: route.path):
        for method in sorted(route.methods or ()):
            is_missing = (method, route.path) in missing
            yield RouteRow(
                surface="upstream",
                method=method,
                path=route.path,
                operation=route.name,
                source=str((route.openapi_extra or {})["x-source"]),
                purpose=NOT_BUILT if is_missing else route.description.split("\n")[0],
            )


def _supabase() -> Iterator[RouteRow]:
    for method, path, handler in (*supabase.ROUTES, *supabase.SWITCHED_OFF):
        yield _row("supabase", method, supabase.PREFIX + path, "GoTrue", _sentence(handler.__doc__))
    for method, path, _ in supabase.ABSENT:
        yield _row("supabase", method, supabase.PREFIX + path, "GoTrue", NOT_BUILT)
    for service in other_services.SERVICES:
        for method in other_services.METHODS:
            yield _row("supabase", method, f"{service.prefix}/*", "Supabase", NOT_BUILT)


def _stripe() -> Iterator[RouteRow]:
    for method, path, handler in stripe.ROUTES:
        yield _row("stripe", method, PREFIX + path, "Stripe", _sentence(handler.__doc__))
    for method in stripe_api.METHODS:
        yield _row("stripe", method, f"{stripe_api.PREFIX}*", "Stripe", NOT_BUILT)


def _control() -> Iterator[RouteRow]:
    for method, path, handler in (*control.ROUTES, *events.ROUTES):
        yield _row("control", method, control.PREFIX + path, "ours", _sentence(handler.__doc__))


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


def legacy_catalog() -> OperationCatalog:
    """Return the catalog of all operations, made of the table of routes."""
    return OperationCatalog(
        Operation(
            surface=row.surface,
            method=row.method,
            path=row.path,
            id=row.operation,
            name=row.operation,
            summary=row.purpose,
            provenance=cast(Provenance, row.source),
            availability="not built" if row.purpose.startswith((NOT_BUILT, PURPOSE)) else "built",
            takes_trailing_slash=row.path in supabase.SLASHED,
        )
        for row in route_table()
    )
