"""Stripe events of a world: listing them and delivering them again."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.control.control import PREFIX, Control
from emulator.surfaces.control.replies import LIMIT, LIMIT_MAX, Cursor, Limit, View, reply
from emulator.surfaces.control.stripe_views import EventObject
from emulator.wire.fields import Strict
from emulator.wire.http.codes import Code
from emulator.wire.http.context import context_of
from emulator.wire.http.pagination import first_page, read_cursor
from emulator.wire.http.router import Routes
from emulator.wire.stripe.events import event_view
from emulator.world.billing import webhook_endpoints
from emulator.world.core.refusals import NotFound
from emulator.world.core.world import World
from emulator.world.records.billing import Event

routes = Routes("control", prefix=PREFIX, tag="events", provenance="ours")


class EventsQuery(BaseModel):
    """Filters and the place in the list."""

    type: Annotated[str | None, Field(description="Such as `invoice.paid`.")] = None
    limit: Limit = LIMIT
    cursor: Cursor | None = None


class EventPage(View):
    """Events, newest first."""

    items: list[EventObject]
    next_cursor: str | None


class Redeliver(Strict):
    """The endpoint to deliver to. Default: all of them."""

    endpoint: Annotated[
        str | None, Field(description="Id of an endpoint; `own` is the control plane's.")
    ] = None


class Redelivered(View):
    """The endpoints that the event is delivered to again."""

    endpoints: list[str]


@routes.add(
    "GET",
    "/events",
    summary="List the events of this world, newest first, as webhooks carry them.",
    query=EventsQuery,
    answers={200: EventPage},
    refuses={Code.VALIDATION_ERROR},
)
async def list_events(request: Request, _: Control, *, query: EventsQuery) -> Response:
    context = context_of(request)
    found: list[Event] = []
    before = read_cursor(query.cursor)
    while len(found) <= query.limit:
        batch = context.world.newest(Event, "all", (), limit=LIMIT_MAX, before=before)
        found.extend(event for event in batch if query.type in (None, event.kind))
        if len(batch) < LIMIT_MAX:
            break
        before = (batch[-1].created_at, batch[-1].ordinal, batch[-1].id)
    page, next_cursor = first_page(found, query.limit)
    return reply(
        EventPage(items=[_view(request, event) for event in page], next_cursor=next_cursor)
    )


@routes.add(
    "GET",
    "/events/{event_id}",
    summary="Return an event as webhooks carry it.",
    answers={200: EventObject},
    refuses={Code.NOT_FOUND},
)
async def get_event(request: Request, _: Control, *, event_id: str) -> Response:
    return reply(_view(request, _event(context_of(request).world, event_id)))


@routes.add(
    "POST",
    "/events/{event_id}/redeliver",
    summary="Deliver an event again, to one endpoint or to all.",
    body=Redeliver,
    answers={200: Redelivered},
    refuses={Code.VALIDATION_ERROR, Code.NOT_FOUND},
)
async def redeliver_event(
    request: Request, _: Control, *, event_id: str, body: Redeliver
) -> Response:
    world = context_of(request).world
    event = _event(world, event_id)
    names = _endpoints_to_redeliver(world, body.endpoint)
    for name in names:
        webhook_endpoints.queue(world, event, name, due=world.now)
    return reply(Redelivered(endpoints=names))


def _endpoints_to_redeliver(world: World, name: str | None) -> list[str]:
    if name is None:
        others = (endpoint.id for endpoint in webhook_endpoints.endpoints(world))
        return [webhook_endpoints.INTERNAL, *others]
    if name == webhook_endpoints.INTERNAL:
        return [webhook_endpoints.INTERNAL]
    return [webhook_endpoints.endpoint_named(world, name).id]


def _event(world: World, event_id: str) -> Event:
    event = world.get(Event, event_id)
    if event is None:
        raise NotFound("event", event_id)
    return event


def _view(request: Request, event: Event) -> EventObject:
    context = context_of(request)
    return EventObject.model_validate(event_view(context.world, context.settings, event))
