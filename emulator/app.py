"""Composition root: builds everything once and joins the surfaces by path on one port."""

from __future__ import annotations

from functools import cache

from starlette.types import ASGIApp, Receive, Scope, Send

from emulator.contract.catalog import OperationCatalog, SurfacePart
from emulator.journal.coverage import Coverage
from emulator.pipeline.cors import Cors
from emulator.pipeline.credential_places import PlacesOfSurfaces
from emulator.pipeline.pipeline import Pipeline
from emulator.pipeline.request import HeadReader
from emulator.pipeline.response_cache import ResponseCache
from emulator.pipeline.transaction import Transaction
from emulator.pipeline.waiting import Waiting
from emulator.registry.change_feed import ChangeFeed
from emulator.registry.registry import WorldRegistry
from emulator.settings import Settings
from emulator.surfaces.control.control import PREFIX as CONTROL_PREFIX
from emulator.surfaces.control.control import Control
from emulator.webhooks.dispatcher import WebhookDispatcher
from emulator.webhooks.internal_endpoint import InternalWebhookEndpoint
from emulator.wire.http.router import Router
from emulator.wire.http.surface import CONTROL, Surface
from emulator.wire.http.trailing_slashes import FASTAPI, NEXT

_RUNS = ("/api/runs", "/api/sync/runs")
_BFF = ("/api/cloud/", "/api/auth/", "/api/e2e/", "/api/public/r/")
_SUPABASE = ("/auth/v1/", "/rest/v1", "/storage/v1", "/functions/v1", "/realtime/v1")
_STRIPE = ("/stripe/", "/v1/")


class App:
    """The emulator as an ASGI app, the surfaces that it joins, their operations, and the cache in
    which a server looks before it calls the app.
    """

    def __init__(
        self,
        app: ASGIApp,
        surfaces: tuple[Surface, ...],
        catalog: OperationCatalog,
        cache: ResponseCache,
    ) -> None:
        self.surfaces = surfaces
        self.catalog = catalog
        self.cache = cache
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
    feed = ChangeFeed()
    coverage = Coverage(catalog)
    cache = ResponseCache(registry, coverage=coverage, feed=feed)
    registry.add_listeners(webhooks, cache, feed)
    beside = Control(registry=registry, webhooks=webhooks, catalog=catalog, coverage=coverage)
    surfaces = build_surfaces(settings, beside)
    transaction = Transaction(
        registry,
        webhooks=webhooks,
        internal_webhooks=InternalWebhookEndpoint(
            surfaces[-1], webhooks, settings=settings, now=registry.now
        ),
        coverage=coverage,
        feed=feed,
    )
    waiting = Waiting(transaction, registry, feed=feed, webhooks=webhooks)
    pipeline = Pipeline(
        HeadReader(surfaces, catalog, settings),
        registry,
        waiting,
        PlacesOfSurfaces(catalog),
        cache,
    )
    return App(Cors(pipeline, settings), surfaces, catalog, cache)


@cache
def operation_catalog() -> OperationCatalog:
    """Return the catalog of every operation of every surface.

    Surfaces are imported by the first request for them, and the runs of the upstream, which new
    servers are mostly asked for, before the rest of it. Measured: all of them take 200 ms to
    import with pydantic, and runs 5 ms without it.
    """
    surfaces = "emulator.surfaces"
    return OperationCatalog(
        SurfacePart(name, prefixes=prefixes, module=f"{surfaces}.{module}")
        for name, prefixes, module in (
            ("bff", _BFF, "bff.app"),
            ("upstream", _RUNS, "upstream.runs"),
            ("upstream", ("/",), "upstream.app"),
            ("supabase", _SUPABASE, "supabase.app"),
            ("stripe", _STRIPE, "stripe.app"),
            (CONTROL, (CONTROL_PREFIX,), "control.app"),
        )
    )


def build_surfaces(settings: Settings, beside: Control) -> tuple[Surface, ...]:
    """Return the surfaces, the upstream last.

    A request goes to the first surface whose prefix its path has. Not `mount()`, which would
    change `root_path` and with it the paths that a surface sees.
    """

    @cache
    def runs() -> Router:
        from emulator.surfaces.upstream.runs import build_runs

        return build_runs()

    @cache
    def upstream() -> Router:
        from emulator.surfaces.upstream.app import build_upstream

        return build_upstream()

    @cache
    def bff() -> Router:
        from emulator.surfaces.bff.app import build_bff

        return build_bff(upstream(), settings)

    def supabase(prefix: str) -> Router:
        from emulator.surfaces.supabase.app import build_supabase

        return build_supabase(prefix)

    def stripe(prefix: str) -> Router:
        from emulator.surfaces.stripe.app import build_stripe

        return build_stripe(prefix)

    def control() -> Router:
        from emulator.surfaces.control.app import build_control

        return build_control(beside)

    return tuple(
        Surface(name=name, prefix=prefix, build=build, slash_status=slash_status)
        for name, prefixes, build, slash_status in (
            (CONTROL, (CONTROL_PREFIX,), lambda _: control(), None),
            ("stripe", _STRIPE, stripe, None),
            ("supabase", _SUPABASE, supabase, None),
            ("bff", _BFF, lambda _: bff(), NEXT),
            ("upstream", _RUNS, lambda _: runs(), FASTAPI),
            ("upstream", ("/",), lambda _: upstream(), FASTAPI),
        )
        for prefix in prefixes
    )
