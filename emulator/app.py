"""Composition root: builds everything once and joins the surfaces by path on one port."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from importlib import import_module

from starlette.types import ASGIApp, Receive, Scope, Send

from emulator.contract.catalog import Operation, OperationCatalog, SurfaceOperations
from emulator.journal.coverage import Coverage
from emulator.pipeline.cors import Cors
from emulator.pipeline.credential_places import PlacesOfSurfaces
from emulator.pipeline.pipeline import Pipeline
from emulator.pipeline.request import HeadReader
from emulator.pipeline.response_cache import ResponseCache
from emulator.pipeline.surface_call import SurfaceCaller
from emulator.pipeline.transaction import Transaction
from emulator.pipeline.waiting import Waiting
from emulator.registry.change_feed import ChangeFeed
from emulator.registry.registry import WorldRegistry
from emulator.settings import Settings
from emulator.surfaces.control.control import Control
from emulator.webhooks.dispatcher import WebhookDispatcher
from emulator.webhooks.internal_endpoint import InternalWebhookEndpoint
from emulator.wire.http.router import Router
from emulator.wire.http.surface import CONTROL, Surface
from emulator.wire.http.trailing_slashes import FASTAPI, NEXT

PREFIXES = {
    "bff": ("/api/cloud/", "/api/auth/", "/api/e2e/", "/api/public/r/"),
    "upstream": ("/",),
    "supabase": ("/auth/v1/", "/rest/v1", "/storage/v1", "/functions/v1", "/realtime/v1"),
    "stripe": ("/stripe/", "/v1/"),
    CONTROL: ("/_emulator",),
}
"""The surfaces and the prefixes of their paths. A surface is imported by the first request for it:
a start imports none of them, and the first request for runs only the upstream.
"""


class App:
    """The emulator as an ASGI app, the surfaces that it joins, and their operations."""

    def __init__(
        self, app: ASGIApp, surfaces: tuple[Surface, ...], catalog: OperationCatalog
    ) -> None:
        self.surfaces = surfaces
        self.catalog = catalog
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._app(scope, receive, send)


def build_app(registry: WorldRegistry, *, sends_webhooks: bool = True) -> App:
    """Return the emulator as an ASGI app.

    Unless `sends_webhooks`, events reach no endpoint but the control plane's own.
    """
    settings = registry.settings
    catalog = operation_catalog()
    webhooks = WebhookDispatcher(settings, now=registry.now, is_sending=sends_webhooks)
    cache = ResponseCache()
    feed = ChangeFeed()
    registry.add_listeners(webhooks, cache, feed)
    coverage = Coverage(catalog)
    beside = Control(registry=registry, webhooks=webhooks, catalog=catalog, coverage=coverage)
    surfaces = build_surfaces(settings, beside)
    transaction = Transaction(
        registry,
        SurfaceCaller(cache),
        webhooks=webhooks,
        internal_webhooks=InternalWebhookEndpoint(
            surfaces[-1], webhooks, settings=settings, now=registry.now
        ),
        coverage=coverage,
        feed=feed,
    )
    waiting = Waiting(transaction, registry, feed=feed, webhooks=webhooks)
    pipeline = Pipeline(
        HeadReader(surfaces, catalog, settings), registry, waiting, PlacesOfSurfaces(catalog)
    )
    return App(Cors(pipeline, settings), surfaces, catalog)


@cache
def operation_catalog() -> OperationCatalog:
    """Return the catalog of every operation of every surface."""
    return OperationCatalog(
        SurfaceOperations(name, prefixes=prefixes, load=partial(_operations_of, name))
        for name, prefixes in PREFIXES.items()
    )


def _operations_of(surface: str) -> Iterable[Operation]:
    """Import a surface and return its operations, the upstream's by their paths."""
    operations: Iterable[Operation] = import_module(f"emulator.surfaces.{surface}.app").OPERATIONS
    if surface == "upstream":
        operations = sorted(operations, key=lambda operation: operation.path)
    return operations


def build_surfaces(settings: Settings, beside: Control) -> tuple[Surface, ...]:
    """Return the surfaces, the upstream last.

    A request goes to the first surface whose prefix its path has. Not `mount()`, which would
    change `root_path` and with it the paths that a surface sees.
    """

    @cache
    def upstream() -> Router:
        from emulator.surfaces.upstream.app import build_upstream

        return build_upstream()

    @cache
    def bff() -> Router:
        from emulator.surfaces.bff.app import build_bff

        return build_bff(upstream(), settings)

    @cache
    def supabase(prefix: str) -> Router:
        from emulator.surfaces.supabase.app import build_supabase

        return build_supabase(prefix)

    @cache
    def stripe(prefix: str) -> Router:
        from emulator.surfaces.stripe.app import build_stripe

        return build_stripe(prefix)

    @cache
    def control() -> Router:
        from emulator.surfaces.control.app import build_control

        return build_control(beside)

    return (
        Surface(name=CONTROL, prefix="/_emulator", load=control),
        *_surfaces("stripe", stripe),
        *_surfaces("supabase", supabase),
        *(
            Surface(name="bff", prefix=prefix, load=bff, slash_status=NEXT)
            for prefix in PREFIXES["bff"]
        ),
        Surface(name="upstream", prefix="/", load=upstream, slash_status=FASTAPI),
    )


def _surfaces(name: str, load: Callable[[str], Router]) -> Iterator[Surface]:
    for prefix in PREFIXES[name]:
        yield Surface(name=name, prefix=prefix, load=partial(load, prefix))
