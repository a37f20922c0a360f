"""Billing of a workspace on demand: failing payments, invoices that are due now, refunds."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.control.control import PREFIX, Control
from emulator.surfaces.control.replies import Moment, Settled, reply_when_settled
from emulator.surfaces.control.stripe_views import InvoiceObject, SubscriptionObject
from emulator.wire.fields import Strict
from emulator.wire.http.codes import Code
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Routes
from emulator.wire.stripe.events import invoice_view
from emulator.wire.stripe.objects import subscription_view
from emulator.wire.world_tags import untagged
from emulator.world.billing import checkout, payments, renewals, subscriptions
from emulator.world.billing.customers import customer_of
from emulator.world.billing.invoices import unpaid_invoices
from emulator.world.core.refusals import CardDeclined, Conflict, NotFound
from emulator.world.core.times import to_text
from emulator.world.core.world import World
from emulator.world.records.billing import Invoice, Payment, Subscription
from emulator.world.records.workspaces import Workspace

routes = Routes("control", prefix=PREFIX, tag="billing", provenance="ours")

WorkspaceKey = Annotated[
    str | None,
    Field(
        description="Id or slug. Default: the first workspace with a subscription, else the first."
    ),
]

_REFUSES = frozenset({Code.VALIDATION_ERROR, Code.NOT_FOUND, Code.CONFLICT})


class BillingQuery(BaseModel):
    """The workspace to look at."""

    workspace: WorkspaceKey = None


class OfWorkspace(Strict):
    """The workspace to act on."""

    workspace: WorkspaceKey = None


class FailPayments(OfWorkspace):
    """How many of the next payments fail."""

    count: Annotated[int, Field(ge=0, le=1000)] = 1


class Refund(OfWorkspace):
    """How much of the last payment to refund."""

    amount_cents: Annotated[
        int | None, Field(ge=1, description="Default: all that is left of it.")
    ] = None


class BillingView(Settled):
    """The newest subscription of a workspace and its last invoice."""

    workspace_id: str
    now: Moment
    subscription: SubscriptionObject | None
    invoice: InvoiceObject | None


@routes.add(
    "GET",
    "/billing",
    summary="Return the subscription of a workspace and its last invoice.",
    query=BillingQuery,
    answers={200: BillingView},
    refuses={Code.NOT_FOUND},
)
async def get_billing(request: Request, control: Control, *, query: BillingQuery) -> Response:
    world = context_of(request).world
    return _reply(request, control, _workspace(world, query.workspace).id)


@routes.add(
    "POST",
    "/billing/fail-next",
    summary="Make the next payments of a workspace fail.",
    body=FailPayments,
    answers={200: BillingView},
    refuses=_REFUSES,
)
async def fail_payments(request: Request, control: Control, *, body: FailPayments) -> Response:
    world = context_of(request).world
    workspace = _workspace(world, body.workspace)
    customer = customer_of(world, workspace.id)
    if customer is None:
        raise Conflict(f"Workspace {workspace.slug} has no customer yet; complete a checkout.")
    world.put(replace(customer, payments_to_fail=body.count))
    return _reply(request, control, workspace.id)


@routes.add(
    "POST",
    "/billing/pay",
    summary="Collect every draft and open invoice of a subscription now.",
    body=OfWorkspace,
    answers={200: BillingView},
    refuses=_REFUSES,
)
async def pay_now(request: Request, control: Control, *, body: OfWorkspace) -> Response:
    world = context_of(request).world
    subscription = _subscription(world, body.workspace)
    due = unpaid_invoices(world, subscription)
    if not due:
        raise Conflict("No invoice is waiting to be paid.")
    try:
        for invoice in due:
            renewals.pay_now(world, invoice)
    except CardDeclined:
        pass  # the response shows it, and the attempt is what was requested
    return _reply(request, control, subscription.workspace_id)


@routes.add(
    "POST",
    "/billing/end-trial",
    summary="End a trial now and collect.",
    body=OfWorkspace,
    answers={200: BillingView},
    refuses=_REFUSES,
)
async def end_trial(request: Request, control: Control, *, body: OfWorkspace) -> Response:
    world = context_of(request).world
    subscription = _subscription(world, body.workspace)
    renewals.end_trial(world, subscription)
    return _reply(request, control, subscription.workspace_id)


@routes.add(
    "POST",
    "/billing/next-invoice",
    summary="Move the clock to the next collection: a renewal, the end of a trial or a retry.",
    body=OfWorkspace,
    answers={200: BillingView},
    refuses=_REFUSES,
)
async def advance_to_invoice(request: Request, control: Control, *, body: OfWorkspace) -> Response:
    world = context_of(request).world
    subscription = _subscription(world, body.workspace)
    to = max(world.now, renewals.next_collection_at(world, subscription))
    control.registry.move_clock(control.live_world(request), to=to)
    return _reply(request, control, subscription.workspace_id)


@routes.add(
    "POST",
    "/billing/cancel",
    summary="End a subscription now, as a DELETE of Stripe's API does.",
    body=OfWorkspace,
    answers={200: BillingView},
    refuses=_REFUSES,
)
async def end_subscription(request: Request, control: Control, *, body: OfWorkspace) -> Response:
    world = context_of(request).world
    subscription = _subscription(world, body.workspace)
    subscriptions.end_subscription(world, subscription, reason="cancellation_requested")
    return _reply(request, control, subscription.workspace_id)


@routes.add(
    "POST",
    "/billing/refund",
    summary="Refund the last payment of a workspace, in part or whole.",
    body=Refund,
    answers={200: BillingView},
    refuses=_REFUSES,
)
async def refund_payment(request: Request, control: Control, *, body: Refund) -> Response:
    world = context_of(request).world
    workspace = _workspace(world, body.workspace)
    collected = [
        payment
        for payment in world.all(Payment, "workspace", workspace.id)
        if payment.failure is None
    ]
    if not collected:
        raise Conflict(f"Workspace {workspace.slug} has paid nothing.")
    payments.refund(world, collected[-1], amount_cents=body.amount_cents)
    return _reply(request, control, workspace.id)


@routes.add(
    "POST",
    "/checkout/{session_id}/expire",
    summary="Expire a checkout session that is still open.",
    answers={200: BillingView},
    refuses={Code.NOT_FOUND, Code.CONFLICT},
)
async def expire_checkout(request: Request, control: Control, *, session_id: str) -> Response:
    world = context_of(request).world
    session = checkout.checkout_session(world, untagged(session_id, world) or "")
    checkout.expire_checkout(world, session.id)
    return _reply(request, control, session.workspace_id)


def _workspace(world: World, name: str | None) -> Workspace:
    if name is None:
        every = world.all(Workspace, "all", ())
        subscribed = (
            workspace for workspace in every if subscriptions.live_subscription(world, workspace.id)
        )
        found = next(subscribed, every[0] if every else None)
    else:
        found = world.get(Workspace, name) or world.find(Workspace, "slug", name)
    if found is None:
        raise NotFound("workspace", name or "(the first)")
    return found


def _subscription(world: World, name: str | None) -> Subscription:
    workspace = _workspace(world, name)
    live = subscriptions.live_subscription(world, workspace.id)
    if live is None:
        raise Conflict(f"Workspace {workspace.slug} has no live subscription.")
    return live


def _reply(request: Request, control: Control, workspace_id: str) -> Response:
    """Return the subscription of a workspace and its last invoice, once deliveries are made."""
    context = context_of(request)
    world = context.world
    newest = subscriptions.newest_subscription(world, workspace_id)
    last = world.newest(Invoice, "workspace", workspace_id, limit=1)
    view = BillingView(
        workspace_id=workspace_id,
        now=to_text(world.now),
        subscription=SubscriptionObject(**subscription_view(world, newest)) if newest else None,
        invoice=InvoiceObject(**invoice_view(world, context.settings, last[0])) if last else None,
    )
    return reply_when_settled(request, view, webhooks=control.webhooks)
