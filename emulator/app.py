"""Composition root: builds everything once and joins the surfaces by path on one port."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from emulator.contract.catalog import Operation, OperationCatalog
from emulator.journal.coverage import Coverage
from emulator.pipeline.cors import Cors
from emulator.pipeline.credential_places import credential_places
from emulator.pipeline.pipeline import Pipeline
from emulator.pipeline.request import HeadReader
from emulator.pipeline.response_cache import ResponseCache, relevant_headers
from emulator.pipeline.surface_call import SurfaceCaller
from emulator.pipeline.transaction import Transaction
from emulator.pipeline.waiting import Waiting
from emulator.registry.change_feed import ChangeFeed
from emulator.registry.registry import WorldRegistry
from emulator.settings import Settings
from emulator.surfaces.bff import app as bff
from emulator.surfaces.bff.app import build_bff
from emulator.surfaces.control import app as control
from emulator.surfaces.control.app import build_control
from emulator.surfaces.control.control import Control
from emulator.surfaces.stripe import app as stripe
from emulator.surfaces.stripe.app import build_stripe, build_stripe_api
from emulator.surfaces.supabase import app as supabase
from emulator.surfaces.supabase.app import build_supabase
from emulator.surfaces.supabase.other_services import SERVICES, build_service
from emulator.surfaces.upstream import app as upstream
from emulator.surfaces.upstream.app import build_upstream
from emulator.webhooks.dispatcher import WebhookDispatcher
from emulator.webhooks.internal_endpoint import InternalWebhookEndpoint
from emulator.wire.http.surface import CONTROL, Surface
from emulator.wire.http.trailing_slashes import FASTAPI, NEXT

OPERATIONS: tuple[Operation, ...] = (
    *bff.OPERATIONS,
    *sorted(upstream.OPERATIONS, key=lambda operation: operation.path),
    *supabase.OPERATIONS,
    *stripe.OPERATIONS,
    *control.OPERATIONS,
)
"""Every operation of every surface."""


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
    catalog = OperationCatalog(OPERATIONS)
    webhooks = WebhookDispatcher(settings, now=registry.now, is_sending=sends_webhooks)
    feed = ChangeFeed()
    coverage = Coverage(catalog)
    relevant = relevant_headers(catalog)
    cache = ResponseCache(registry, relevant, coverage=coverage, feed=feed)
    registry.add_listeners(webhooks, cache, feed)
    beside = Control(registry=registry, webhooks=webhooks, catalog=catalog, coverage=coverage)
    surfaces = build_surfaces(settings, beside)
    transaction = Transaction(
        registry,
        SurfaceCaller(relevant),
        webhooks=webhooks,
        internal_webhooks=InternalWebhookEndpoint(
            surfaces[-1].app, webhooks, settings=settings, now=registry.now
        ),
        coverage=coverage,
        feed=feed,
    )
    waiting = Waiting(transaction, registry, feed=feed, webhooks=webhooks)
    pipeline = Pipeline(
        HeadReader(surfaces, catalog, settings),
        registry,
        waiting,
        credential_places(OPERATIONS),
        cache,
    )
    return App(Cors(pipeline, settings), surfaces, catalog, cache)


def build_surfaces(settings: Settings, beside: Control) -> tuple[Surface, ...]:
    """Return the surfaces, the upstream last.

    A request goes to the first surface whose prefix its path has. Not `mount()`, which would
    change `root_path` and with it the paths that a surface sees.
    """
    upstream_router = build_upstream()
    bff_router = build_bff(upstream_router, settings)
    return (
        Surface(name=CONTROL, prefix="/_emulator", app=build_control(beside)),
        Surface(name="stripe", prefix="/stripe/", app=build_stripe()),
        Surface(name="stripe", prefix="/v1/", app=build_stripe_api()),
        Surface(name="supabase", prefix="/auth/v1/", app=build_supabase()),
        *(
            Surface(name="supabase", prefix=service.prefix, app=build_service(service))
            for service in SERVICES
        ),
        Surface(name="bff", prefix="/api/cloud/", app=bff_router, slash_status=NEXT),
        Surface(name="bff", prefix="/api/auth/", app=bff_router, slash_status=NEXT),
        Surface(name="bff", prefix="/api/e2e/", app=bff_router, slash_status=NEXT),
        Surface(name="bff", prefix="/api/public/r/", app=bff_router, slash_status=NEXT),
        Surface(name="upstream", prefix="/", app=upstream_router, slash_status=FASTAPI),
    )
