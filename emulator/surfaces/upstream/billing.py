"""Billing: sessions of Stripe's hosted pages, and the webhook that reports their outcome."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.upstream.replies import reply
from emulator.surfaces.upstream.routing import Routes, WorkspaceQuery, workspace_of
from emulator.surfaces.upstream.views import View
from emulator.wire.fields import Strict, WebUrl
from emulator.wire.http.bodies import body_of, parse_json, validated
from emulator.wire.http.codes import Code
from emulator.wire.http.context import context_of, world_and_actor
from emulator.wire.stripe.signatures import HEADER, verify
from emulator.wire.stripe.urls import checkout_url, portal_url
from emulator.wire.world_tags import tagged
from emulator.world.billing.checkout import open_checkout
from emulator.world.billing.entitlement import receive
from emulator.world.billing.portal import open_portal
from emulator.world.core.times import SECOND
from emulator.world.records.types import Interval

routes = Routes("billing")


class CheckoutCreate(Strict):
    """What to check out, and where the browser goes from Stripe's page.

    `{CHECKOUT_SESSION_ID}` in `success_url` is filled in.
    """

    plan: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    interval: Interval
    success_url: WebUrl
    cancel_url: WebUrl


class PortalCreate(Strict):
    """Where the browser goes from Stripe's page."""

    return_url: WebUrl


class HostedPage(View):
    """A session of Stripe's; send the browser to its `url`."""

    id: str
    url: str


class Received(View):
    """The event was received; one that came before is received once more and not acted on."""

    received: bool


class EventObject(BaseModel):
    """The members of an event's object that the control plane reads."""

    model_config = ConfigDict(extra="ignore", defer_build=True)

    id: str = ""
    object: str = ""
    subscription: Any = None
    """An id, an object where the API version expands it, or null."""


class EventData(BaseModel):
    """The snapshot that an event carries."""

    model_config = ConfigDict(extra="ignore", defer_build=True)

    object: EventObject


class EventIn(BaseModel):
    """A Stripe event. Unknown members are ignored, so that Stripe may add some."""

    model_config = ConfigDict(extra="ignore", defer_build=True)

    id: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    type: str
    data: EventData


@routes.add(
    "POST",
    "/api/billing/checkout",
    summary="Open a Stripe Checkout session for a plan; owners and admins only.",
    provenance="base contract",
    query=WorkspaceQuery,
    body=CheckoutCreate,
    answers={201: HostedPage},
    refuses=(Code.NOT_FOUND, Code.FORBIDDEN, Code.CONFLICT),
)
async def create_checkout(
    request: Request, *, query: WorkspaceQuery, body: CheckoutCreate
) -> Response:
    world, actor = world_and_actor(request)
    session = open_checkout(
        world,
        actor,
        workspace=workspace_of(request, query.workspace_id),
        plan=body.plan,
        interval=body.interval,
        success_url=body.success_url,
        cancel_url=body.cancel_url,
    )
    url = checkout_url(world, context_of(request).settings, session)
    return reply(HostedPage(id=tagged(session.id, world), url=url), status=201)


@routes.add(
    "POST",
    "/api/billing/portal",
    summary="Open a Stripe Customer Portal session; owners and admins only.",
    provenance="base contract",
    query=WorkspaceQuery,
    body=PortalCreate,
    answers={201: HostedPage},
    refuses=(Code.NOT_FOUND, Code.FORBIDDEN, Code.CONFLICT),
)
async def create_portal(request: Request, *, query: WorkspaceQuery, body: PortalCreate) -> Response:
    world, actor = world_and_actor(request)
    workspace = workspace_of(request, query.workspace_id)
    session = open_portal(world, actor, workspace=workspace, return_url=body.return_url)
    url = portal_url(world, context_of(request).settings, session)
    return reply(HostedPage(id=tagged(session.id, world), url=url), status=201)


@routes.add(
    "POST",
    "/api/billing/webhook",
    summary="Take an event from Stripe, signed with the endpoint's secret; each is acted on once.",
    provenance="newer docs",
    caller="anyone",
    answers={200: Received},
    refuses=(Code.PAYLOAD_TOO_LARGE,),
)
async def receive_billing_webhook(request: Request) -> Response:
    context = context_of(request)
    world = context.world
    body = await body_of(request)
    verify(
        body,
        request.headers.get(HEADER),
        context.settings.webhook_secret,
        now_seconds=context.wall_time // SECOND,
    )
    event = validated(parse_json(body), EventIn)
    about = event.data.object
    named = about.id if about.object == "subscription" else about.subscription
    receive(world, event_id=event.id, subscription_id=named if isinstance(named, str) else None)
    return reply(Received(received=True))
