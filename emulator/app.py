"""The whole emulator as one ASGI app: the surfaces, joined by path on one port."""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emulator.contract.legacy import Operations, route_table
from emulator.pipeline.pipeline import CONTROL, Pipeline, Surface
from emulator.registry.registry import WorldRegistry
from emulator.surfaces.bff.app import build_bff
from emulator.surfaces.control.app import build_control
from emulator.surfaces.stripe.app import build_stripe
from emulator.surfaces.stripe.not_implemented import build_stripe_api
from emulator.surfaces.supabase.app import build_supabase
from emulator.surfaces.supabase.other_services import SERVICES, build_service
from emulator.surfaces.upstream.app import build_upstream
from emulator.webhooks.dispatcher import WebhookDispatcher
from emulator.webhooks.internal_endpoint import InternalWebhookEndpoint
from emulator.wire.http.asgi import RAW_SEND, call_app
from emulator.wire.http.headers import INSTANCE_HEADER, STATE_HEADER, WORLD_HEADER
from emulator.wire.http.origins import LOOPBACK_ORIGIN
from emulator.wire.http.trailing_slashes import FASTAPI, NEXT

EXPOSED = (
    STATE_HEADER,
    WORLD_HEADER,
    INSTANCE_HEADER,
    "X-Supabase-Api-Version",
    "X-Total-Count",
    "Link",
    "Allow",
    "Retry-After",
)

WRITES_ON_GET = ("/auth/v1/verify", "/api/me/export")
"""The paths whose GET may change the state: a mailed link that is followed, an export that is
asked for. The tests of the laws know exactly these."""


_ASKS = b"access-control-request-method"
"""What makes an OPTIONS with an Origin a preflight."""


class App:
    """The emulator as an ASGI app, with the surfaces that it joins."""

    def __init__(self, exchanges: ASGIApp, cors: ASGIApp, surfaces: tuple[Surface, ...]) -> None:
        self.surfaces = surfaces
        self._exchanges = exchanges
        self._cors = cors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; a dropped connection is dropped where the server holds it."""
        crosses = any(name == b"origin" for name, _ in scope.get("headers", ()))
        await (self._cors if crosses else self._exchanges)({**scope, RAW_SEND: send}, receive, send)


def _signing_preflights(cors: ASGIApp, exchanges: Pipeline) -> ASGIApp:
    """Return CORS that signs the preflights, which it answers before they are any world's."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        async def sign(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *exchanges.signature(scope)]
            await send(message)

        is_preflight = scope.get("method") == "OPTIONS" and any(
            name == _ASKS for name, _ in scope["headers"]
        )
        await cors(scope, receive, sign if is_preflight else send)

    return serve


def build_app(worlds: WorldRegistry, *, tells_others: bool = True) -> App:
    """Return the emulator as an ASGI app; whether others are told of events is for it to say.

    A request goes to the first surface whose prefix its path has. Not `mount()`, which would
    change `root_path` and with it the paths that a surface sees.
    """
    settings = worlds.settings
    operations = Operations(route_table())
    worlds.operations = operations.surfaces
    worlds.unbuilt = operations.unbuilt
    worlds.operation_at = operations.at
    upstream = build_upstream()
    bff = build_bff(upstream, settings)
    courier = WebhookDispatcher(settings, tells_others=tells_others)
    worlds.on_reset.append(courier.forget)
    worlds.on_purge.append(courier.forget_past)
    surfaces = (
        Surface(name=CONTROL, prefix="/_emulator", app=build_control(worlds, courier)),
        Surface(name="stripe", prefix="/stripe/", app=build_stripe()),
        Surface(name="stripe", prefix="/v1/", app=build_stripe_api()),
        Surface(name="supabase", prefix="/auth/v1/", app=build_supabase()),
        *(
            Surface(name="supabase", prefix=service.prefix, app=build_service(service))
            for service in SERVICES
        ),
        Surface(name="bff", prefix="/api/cloud/", app=bff, slash_status=NEXT),
        Surface(name="bff", prefix="/api/auth/", app=bff, slash_status=NEXT),
        Surface(name="bff", prefix="/api/e2e/", app=bff, slash_status=NEXT),
        Surface(name="bff", prefix="/api/public/r/", app=bff, slash_status=NEXT),
        Surface(name="upstream", prefix="/", app=upstream, slash_status=FASTAPI),
    )
    own_webhook = InternalWebhookEndpoint(upstream, courier, run=call_app)
    exchanges = Pipeline(surfaces, worlds, operations, courier, own_webhook)
    cors = CORSMiddleware(
        exchanges,
        allow_origins=settings.allowed_origins,
        allow_origin_regex=LOOPBACK_ORIGIN,
        allow_credentials=True,
        allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["*"],
        allow_private_network=True,
        expose_headers=EXPOSED,
    )
    return App(exchanges, _signing_preflights(cors, exchanges), surfaces)
