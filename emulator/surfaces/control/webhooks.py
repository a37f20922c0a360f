"""Webhook endpoints of a world, how deliveries to them fail, and holding the internal one back."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from emulator.settings import Settings
from emulator.surfaces.control.control import PREFIX, Control
from emulator.surfaces.control.replies import View, reply
from emulator.webhooks.dispatcher import signing_secret
from emulator.wire.fields import EventName, Strict, WebUrl
from emulator.wire.http.codes import Code
from emulator.wire.http.context import context_of
from emulator.wire.http.origins import is_loopback_host
from emulator.wire.http.router import Routes
from emulator.world.billing import events, webhook_endpoints
from emulator.world.core.refusals import Conflict, Invalid
from emulator.world.records.billing import BillingSettings, Delivery, WebhookEndpoint

routes = Routes("control", prefix=PREFIX, tag="webhooks", provenance="ours")

ENDPOINTS_MAX = 100
"""Assumed: a world has at most this many webhook endpoints, since each costs every event a
delivery; Stripe itself takes 16 per account."""

_INTERNAL_PATH = "/api/billing/webhook"


class EndpointCreate(Strict):
    """A URL to deliver events to."""

    url: WebUrl
    secret: Annotated[
        str | None,
        StringConstraints(pattern=r"^whsec_\S{8,}$"),
        Field(description="Signs the deliveries. Default: the server's secret."),
    ] = None
    enabled_events: Annotated[
        tuple[EventName, ...], Field(min_length=1, description="Default: all events.")
    ] = (webhook_endpoints.ALL_KINDS,)


class DeliveryOptions(Strict):
    """How deliveries to other servers fail; a member that is left out stays as it is."""

    delay_seconds: Annotated[
        int | None,
        Field(ge=0, le=10_000_000, description="Seconds of the world's clock before each."),
    ] = None
    drop: Annotated[int | None, Field(ge=0, description="How many of the next are lost.")] = None
    duplicate: Annotated[
        int | None, Field(ge=0, description="How many of the next are sent twice.")
    ] = None
    shuffle: Annotated[bool | None, Field(description="Send them out of order.")] = None


class EndpointView(View):
    """A webhook endpoint."""

    id: str
    url: str
    secret: str
    enabled_events: list[str]


class InternalEndpointView(EndpointView):
    """The webhook endpoint of the control plane itself."""

    is_held: bool


class WebhooksView(View):
    """Every webhook endpoint, and how deliveries fail."""

    own: InternalEndpointView
    items: list[EndpointView]
    delay_seconds: int
    drop: int
    duplicate: int
    shuffle: bool


class Held(View):
    """Whether the internal endpoint is held, and how many deliveries wait for it."""

    is_held: bool
    waiting: int


@routes.add(
    "GET",
    "/webhooks",
    summary="List the webhook endpoints with their secrets, and how deliveries fail.",
    answers={200: WebhooksView},
)
async def list_webhooks(request: Request, _: Control) -> Response:
    return reply(_webhooks_view(request))


@routes.add(
    "POST",
    "/webhooks",
    summary="Add a webhook endpoint, which gets all later events.",
    body=EndpointCreate,
    answers={201: EndpointView},
    refuses={Code.VALIDATION_ERROR, Code.CONFLICT},
)
async def add_webhook(request: Request, _: Control, *, body: EndpointCreate) -> Response:
    context = context_of(request)
    world, settings = context.world, context.settings
    host = urlsplit(body.url).hostname or ""
    if not settings.allows_remote_webhooks and not is_loopback_host(host):
        raise Invalid("url", f"{host} is not loopback; start with --allow-remote-webhooks.")
    if len(webhook_endpoints.endpoints(world)) >= ENDPOINTS_MAX:
        raise Conflict(
            f"This world has {ENDPOINTS_MAX} webhook endpoints; delete one that you no longer need."
        )
    if body.url in settings.webhooks and body.secret not in (None, settings.webhook_secret):
        raise Invalid("secret", "A URL of --webhook has the server's secret; leave secret out.")
    endpoint = webhook_endpoints.add_endpoint(
        world, url=body.url, secret=body.secret, kinds=body.enabled_events
    )
    return reply(_endpoint_view(endpoint, settings), status=201)


@routes.add(
    "DELETE",
    "/webhooks/{endpoint_id}",
    summary="Delete a webhook endpoint and drop its deliveries.",
    answers={204: None},
    refuses={Code.NOT_FOUND},
)
async def remove_webhook(request: Request, control: Control, *, endpoint_id: str) -> Response:
    world = context_of(request).world
    endpoint = webhook_endpoints.endpoint_named(world, endpoint_id)
    webhook_endpoints.remove_endpoint(world, endpoint)
    control.webhooks.drop_endpoint(world, endpoint.id)
    return Response(status_code=204)


@routes.add(
    "POST",
    "/webhooks/behavior",
    summary="Delay, drop, duplicate or shuffle deliveries to other servers.",
    body=DeliveryOptions,
    answers={200: WebhooksView},
    refuses={Code.VALIDATION_ERROR},
)
async def set_delivery_options(request: Request, _: Control, *, body: DeliveryOptions) -> Response:
    world = context_of(request).world
    wanted = {
        "delay_seconds": body.delay_seconds,
        "drops_left": body.drop,
        "duplicates_left": body.duplicate,
        "is_shuffled": body.shuffle,
    }
    changed = {name: value for name, value in wanted.items() if value is not None}
    world.put(replace(webhook_endpoints.settings_of(world), **changed))  # type: ignore[arg-type]
    return reply(_webhooks_view(request))


@routes.add(
    "POST",
    "/webhooks/own/hold",
    summary="Hold back deliveries to the control plane's own webhook.",
    answers={200: Held},
)
async def hold_webhook(request: Request, _: Control) -> Response:
    return _held(request, is_held=True)


@routes.add(
    "POST",
    "/webhooks/own/release",
    summary="Deliver what waits for the control plane's own webhook, and hold nothing back.",
    answers={200: Held},
)
async def release_webhook(request: Request, _: Control) -> Response:
    return _held(request, is_held=False)


def _held(request: Request, *, is_held: bool) -> Response:
    world = context_of(request).world
    settings: BillingSettings = replace(webhook_endpoints.settings_of(world), is_held=is_held)
    world.put(settings)
    waiting = world.count(Delivery, "endpoint", webhook_endpoints.INTERNAL)
    return reply(Held(is_held=is_held, waiting=waiting))


def _webhooks_view(request: Request) -> WebhooksView:
    context = context_of(request)
    world = context.world
    settings = webhook_endpoints.settings_of(world)
    own = InternalEndpointView(
        id=webhook_endpoints.INTERNAL,
        url=f"{context.settings.public_url}{_INTERNAL_PATH}",
        secret=context.settings.webhook_secret,
        enabled_events=list(events.INTERNAL_KINDS),
        is_held=settings.is_held,
    )
    endpoints = webhook_endpoints.endpoints(world)
    return WebhooksView(
        own=own,
        items=[_endpoint_view(endpoint, context.settings) for endpoint in endpoints],
        delay_seconds=settings.delay_seconds,
        drop=settings.drops_left,
        duplicate=settings.duplicates_left,
        shuffle=settings.is_shuffled,
    )


def _endpoint_view(endpoint: WebhookEndpoint, settings: Settings) -> EndpointView:
    return EndpointView(
        id=endpoint.id,
        url=endpoint.url,
        secret=signing_secret(endpoint, settings),
        enabled_events=list(endpoint.kinds),
    )
