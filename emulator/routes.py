"""Every route of every surface in one table, for people and for the README."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from emulator.surfaces.bff import routes as bff
from emulator.surfaces.control import app as control
from emulator.surfaces.control import events
from emulator.surfaces.stripe import app as stripe
from emulator.surfaces.supabase import app as supabase
from emulator.surfaces.upstream import absent
from emulator.surfaces.upstream.app import upstream_routes
from emulator.wire.stripe_urls import PREFIX


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRow:
    """One route: where it is known from and what it is for."""

    surface: str
    method: str
    path: str
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
        yield RouteRow(
            surface="bff",
            method=row.method,
            path=row.path,
            source="base contract",
            purpose=purpose,
        )


def _upstream() -> Iterator[RouteRow]:
    missing = {(method, path) for method, path, _, _ in absent.ABSENT}
    for route in sorted(upstream_routes(), key=lambda route: route.path):
        for method in sorted(route.methods or ()):
            is_missing = (method, route.path) in missing
            yield RouteRow(
                surface="upstream",
                method=method,
                path=route.path,
                source=str((route.openapi_extra or {})["x-source"]),
                purpose="501: not built yet" if is_missing else route.description.split("\n")[0],
            )


def _supabase() -> Iterator[RouteRow]:
    for method, path, handler in supabase.ROUTES:
        yield RouteRow(
            surface="supabase",
            method=method,
            path=supabase.PREFIX + path,
            source="GoTrue",
            purpose=_sentence(handler.__doc__),
        )


def _stripe() -> Iterator[RouteRow]:
    for method, path, handler in stripe.ROUTES:
        yield RouteRow(
            surface="stripe",
            method=method,
            path=PREFIX + path,
            source="Stripe",
            purpose=_sentence(handler.__doc__),
        )


def _control() -> Iterator[RouteRow]:
    for method, path, handler in (*control.ROUTES, *events.ROUTES):
        yield RouteRow(
            surface="control",
            method=method,
            path=control.PREFIX + path,
            source="ours",
            purpose=_sentence(handler.__doc__),
        )


def _sentence(doc: str | None) -> str:
    """Return what a docstring says after the route it begins with."""
    line = " ".join((doc or "").split())
    said = line.split("`: ", 1)[-1]
    return said[:1].upper() + said[1:]
