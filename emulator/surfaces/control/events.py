"""Events and webhooks as tests want them: who is told, what was sent, again, late, twice, never."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlsplit

import orjson
from fastapi import Request, Response
from pydantic import Field, StringConstraints

from emulator.settings import Settings
from emulator.surfaces.control.replies import delivery_view, whole
from emulator.webhooks.dispatcher import OutboundDelivery, WebhookDispatcher, signing_secret
from emulator.wire.fields import EventName, Strict, WebUrl
from emulator.wire.http.bodies import read_strictly
from emulator.wire.http.context import context_of
from emulator.wire.http.origins import is_loopback_host
from emulator.wire.http.pagination import cursor_after, read_cursor
from emulator.wire.stripe.events import event_view
from emulator.wire.stripe.signatures import HEADER
from emulator.world.billing import events, webhook_endpoints
from emulator.world.core.refusals import Conflict, Invalid, NotFound
from emulator.world.core.times import to_text
from emulator.world.core.world import World
from emulator.world.records.billing import BillingSettings, Delivery, Event, WebhookEndpoint

CourierHandler = Callable[[Request, WebhookDispatcher], Awaitable[Response]]

LIMIT = 50
LIMIT_MAX = 200
ENDPOINTS_MAX = 100
"""Assumed: the webhook endpoints that control gives one world. Each costs every event a delivery;
Stripe itself takes 16 an account."""

_OWN_URL = "/api/billing/webhook"


class EndpointCreate(Strict):
    """A URL to deliver events to, signed with the server's secret unless there is another here;
    without `kinds` it gets all of them.
    """

    url: WebUrl
    secret: Annotated[str | None, StringConstraints(pattern=r"^whsec_\S{8,}$")] = None
    kinds: Annotated[tuple[EventName, ...], Field(min_length=1)] = (webhook_endpoints.ALL_KINDS,)


class Behaviour(Strict):
    """How deliveries to others go wrong; a member that is left out stays as it is."""

    delay_seconds: Annotated[int | None, Field(ge=0, le=10_000_000)] = None
    drop: Annotated[int | None, Field(ge=0, description="So many of the next are lost.")] = None
    duplicate: Annotated[int | None, Field(ge=0, description="So many are sent twice.")] = None
    shuffle: bool | None = None


class Replay(Strict):
    """To whom to deliver an event once more: an endpoint's id, or `own`; default: all of them."""

    endpoint: str | None = None


async def list_events(request: Request, _: WebhookDispatcher) -> Response:
    """`GET /events?type=&limit=&cursor=`: what happened, newest first, as webhooks carry it."""
    context = context_of(request)
    query = request.query_params
    limit = whole(query.get("limit"), "limit", default=LIMIT, most=LIMIT_MAX)
    kind = query.get("type")
    found: list[Event] = []
    before = read_cursor(query.get("cursor"))
    while len(found) <= limit:
        batch = context.world.newest(Event, "all", (), limit=LIMIT_MAX, before=before)
        found.extend(one for one in batch if kind in (None, one.kind))
        if len(batch) < LIMIT_MAX:
            break
        before = (batch[-1].created_at, batch[-1].ordinal, batch[-1].id)
    items = [event_view(context.world, context.settings, one) for one in found[:limit]]
    more = cursor_after(found[limit - 1]) if len(found) > limit else None
    return _json({"items": items, "next_cursor": more})


def _event(request: Request) -> Event:
    event = context_of(request).world.get(Event, request.path_params["event_id"])
    if event is None:
        raise NotFound("event", request.path_params["event_id"])
    return event


async def get_event(request: Request, _: WebhookDispatcher) -> Response:
    """`GET /events/{event_id}`: one event as webhooks carry it."""
    context = context_of(request)
    return _json(event_view(context.world, context.settings, _event(request)))


async def replay_event(request: Request, _: WebhookDispatcher) -> Response:
    """`POST /events/{event_id}/replay {"endpoint"?}`: deliver an event once more."""
    body = await read_strictly(request, Replay)
    world = context_of(request).world
    event = _event(request)
    if body.endpoint is None:
        names = [
            webhook_endpoints.INTERNAL,
            *(one.id for one in webhook_endpoints.endpoints(world)),
        ]
    elif body.endpoint == webhook_endpoints.INTERNAL:
        names = [webhook_endpoints.INTERNAL]
    else:
        names = [webhook_endpoints.endpoint_named(world, body.endpoint).id]
    for name in names:
        webhook_endpoints.queue(world, event, name, due=world.now)
    return _json({"endpoints": names})


async def list_webhooks(request: Request, _: WebhookDispatcher) -> Response:
    """`GET /webhooks`: every endpoint with its secret, the control plane's own first, and knobs."""
    return _json(_webhooks_view(request))


def _webhooks_view(request: Request) -> dict[str, Any]:
    context = context_of(request)
    world = context.world
    settings = webhook_endpoints.settings_of(world)
    own = {
        "id": webhook_endpoints.INTERNAL,
        "url": f"{context.settings.public_url}{_OWN_URL}",
        "secret": context.settings.webhook_secret,
        "kinds": list(events.INTERNAL_KINDS),
        "is_held": settings.is_held,
    }
    return {
        "own": own,
        "items": [
            _endpoint_view(one, context.settings) for one in webhook_endpoints.endpoints(world)
        ],
        "delay_seconds": settings.delay_seconds,
        "drop": settings.drops_left,
        "duplicate": settings.duplicates_left,
        "shuffle": settings.is_shuffled,
    }


def _endpoint_view(endpoint: WebhookEndpoint, settings: Settings) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "secret": signing_secret(endpoint, settings),
        "kinds": list(endpoint.kinds),
    }


async def add_webhook(request: Request, _: WebhookDispatcher) -> Response:
    """`POST /webhooks {"url", "secret"?, "kinds"?}`: deliver later events to a URL too."""
    body = await read_strictly(request, EndpointCreate)
    context = context_of(request)
    host = urlsplit(body.url).hostname or ""
    if not context.settings.allows_remote_webhooks and not is_loopback_host(host):
        raise Invalid("url", f"{host} is not loopback; start with --allow-remote-webhooks.")
    if len(webhook_endpoints.endpoints(context.world)) >= ENDPOINTS_MAX:
        raise Conflict(
            f"This world has {ENDPOINTS_MAX} webhook endpoints; delete one that you no longer need."
        )
    settings = context.settings
    if body.url in settings.webhooks and body.secret not in (None, settings.webhook_secret):
        raise Invalid("secret", "A URL of --webhook has the server's secret; leave secret out.")
    endpoint = webhook_endpoints.add_endpoint(
        context.world, url=body.url, secret=body.secret, kinds=body.kinds
    )
    return _json(_endpoint_view(endpoint, context.settings), status=201)


async def remove_webhook(request: Request, courier: WebhookDispatcher) -> Response:
    """`DELETE /webhooks/{endpoint_id}`: deliver nothing more to an endpoint."""
    world = context_of(request).world
    endpoint = webhook_endpoints.endpoint_named(world, request.path_params["endpoint_id"])
    webhook_endpoints.remove_endpoint(world, endpoint)
    courier.drop_endpoint(world, endpoint.id)
    return Response(status_code=204)


async def set_webhook_behaviour(request: Request, _: WebhookDispatcher) -> Response:
    """`POST /webhooks/behaviour {"delay_seconds"?, "drop"?, "duplicate"?, "shuffle"?}`: have
    deliveries to others go wrong.
    """
    body = await read_strictly(request, Behaviour)
    world = context_of(request).world
    wanted = {
        "delay_seconds": body.delay_seconds,
        "drops_left": body.drop,
        "duplicates_left": body.duplicate,
        "is_shuffled": body.shuffle,
    }
    changed = {name: value for name, value in wanted.items() if value is not None}
    world.put(replace(webhook_endpoints.settings_of(world), **changed))  # type: ignore[arg-type]
    return _json(_webhooks_view(request))


async def hold_webhook(request: Request, _: WebhookDispatcher) -> Response:
    """`POST /webhooks/own/hold`: let events to the control plane itself wait."""
    return _held(request, is_held=True)


async def release_webhook(request: Request, _: WebhookDispatcher) -> Response:
    """`POST /webhooks/own/release`: deliver what waits for the control plane, and hold no more."""
    return _held(request, is_held=False)


def _held(request: Request, *, is_held: bool) -> Response:
    world = context_of(request).world
    settings: BillingSettings = replace(webhook_endpoints.settings_of(world), is_held=is_held)
    world.put(settings)
    waiting = world.count(Delivery, "endpoint", webhook_endpoints.INTERNAL)
    return _json({"is_held": is_held, "waiting": waiting})


async def list_deliveries(request: Request, courier: WebhookDispatcher) -> Response:
    """`GET /deliveries`: every delivery with its attempts, oldest first, then those that wait, to
    be retried or for whatever else.
    """
    return _json(_deliveries_view(context_of(request).world, courier))


def _deliveries_view(world: World, courier: WebhookDispatcher) -> dict[str, Any]:
    retried, queued = courier.unfinished(world, "waiting"), world.all(Delivery, "all", ())
    return {
        "items": [_sending_view(one) for one in courier.log(world)],
        "waiting": [*map(delivery_view, retried), *map(delivery_view, queued)],
    }


def _sending_view(sending: OutboundDelivery) -> dict[str, Any]:
    return {
        "id": sending.id,
        "event_id": sending.event_id,
        "type": sending.kind,
        "endpoint": sending.endpoint_id,
        "url": sending.url,
        "status": sending.status,
        "body": sending.body.decode(),
        "attempts": [
            {
                "at": to_text(one.at),
                HEADER.lower(): one.signature,
                "status": one.status,
                "error": one.error,
            }
            for one in sending.attempts
        ],
        "next_attempt_at": to_text(sending.due) if sending.status == "waiting" else None,
    }


async def settle(request: Request, courier: WebhookDispatcher) -> Response:
    """`POST /settle`: answer once nothing is on its way, or after 15 seconds, with every delivery
    as it was signed.
    """
    context = context_of(request)
    context.outcome.drain_webhooks = True
    context.outcome.respond_after_drain = lambda: _json(_deliveries_view(context.world, courier))
    return _json(_deliveries_view(context.world, courier))


ROUTES: tuple[tuple[str, str, CourierHandler], ...] = (
    ("GET", "/events", list_events),
    ("GET", "/events/{event_id}", get_event),
    ("POST", "/events/{event_id}/replay", replay_event),
    ("GET", "/webhooks", list_webhooks),
    ("POST", "/webhooks", add_webhook),
    ("POST", "/webhooks/behaviour", set_webhook_behaviour),
    ("POST", "/webhooks/own/hold", hold_webhook),
    ("POST", "/webhooks/own/release", release_webhook),
    ("DELETE", "/webhooks/{endpoint_id}", remove_webhook),
    ("GET", "/deliveries", list_deliveries),
    ("POST", "/settle", settle),
)
"""Method, path below the prefix, handler."""


def _json(view: dict[str, Any], *, status: int = 200) -> Response:
    return Response(orjson.dumps(view), status_code=status, media_type="application/json")
