"""Billing as tests want it: the next payment fails, time passes to the next invoice, now."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Request, Response
from pydantic import Field

from emulator.surfaces.control.control import Control
from emulator.surfaces.control.replies import live_of, reply_when_settled
from emulator.wire.fields import Strict
from emulator.wire.http.bodies import read_strictly
from emulator.wire.http.context import context_of
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


class Whose(Strict):
    """A workspace by its id or slug; default: the first that is subscribed, else the first."""

    workspace: str | None = None


class FailPayments(Whose):
    """How many of the next payments fail."""

    count: Annotated[int, Field(ge=0, le=1000)] = 1


class GiveBack(Whose):
    """How much of the last payment to give back; default: all that is left."""

    amount_cents: Annotated[int | None, Field(ge=1)] = None


def _workspace(world: World, name: str | None) -> Workspace:
    if name is None:
        every = world.all(Workspace, "all", ())
        subscribed = (one for one in every if subscriptions.live_subscription(world, one.id))
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


def _state(request: Request, control: Control, workspace_id: str) -> Response:
    """Return how the workspace's subscription and its last invoice stand."""
    context = context_of(request)
    world = context.world
    known = subscriptions.newest_subscription(world, workspace_id)
    last = world.newest(Invoice, "workspace", workspace_id, limit=1)
    view: dict[str, Any] = {
        "workspace_id": workspace_id,
        "now": to_text(world.now),
        "subscription": None if known is None else subscription_view(world, known),
        "invoice": invoice_view(world, context.settings, last[0]) if last else None,
    }
    return reply_when_settled(request, view, control.webhooks)


async def get_billing(request: Request, control: Control) -> Response:
    """`GET /billing?workspace=`: how a workspace's subscription and last invoice stand."""
    world = context_of(request).world
    return _state(request, control, _workspace(world, request.query_params.get("workspace")).id)


async def fail_payments(request: Request, control: Control) -> Response:
    """`POST /billing/fail-next {"workspace"?, "count"?}`: have the next payments fail."""
    body = await read_strictly(request, FailPayments)
    world = context_of(request).world
    workspace = _workspace(world, body.workspace)
    customer = customer_of(world, workspace.id)
    if customer is None:
        raise Conflict(f"Nobody pays for workspace {workspace.slug} yet.")
    world.put(replace(customer, payments_to_fail=body.count))
    return _state(request, control, workspace.id)


async def pay_now(request: Request, control: Control) -> Response:
    """`POST /billing/pay {"workspace"?}`: have every draft and open invoice paid now."""
    body = await read_strictly(request, Whose)
    world = context_of(request).world
    subscription = _subscription(world, body.workspace)
    due = unpaid_invoices(world, subscription)
    if not due:
        raise Conflict("No invoice is waiting to be paid.")
    try:
        for invoice in due:
            renewals.pay_now(world, invoice)
    except CardDeclined:
        pass  # the answer shows it, and the attempt is what was asked for
    return _state(request, control, subscription.workspace_id)


async def end_trial(request: Request, control: Control) -> Response:
    """`POST /billing/end-trial {"workspace"?}`: end a trial now and collect."""
    body = await read_strictly(request, Whose)
    world = context_of(request).world
    subscription = _subscription(world, body.workspace)
    renewals.end_trial(world, subscription)
    return _state(request, control, subscription.workspace_id)


async def advance_to_invoice(request: Request, control: Control) -> Response:
    """`POST /billing/next-invoice {"workspace"?}`: move the clock until an invoice is next
    collected: a renewal, the end of a trial, or another attempt.
    """
    body = await read_strictly(request, Whose)
    world = context_of(request).world
    subscription = _subscription(world, body.workspace)
    to = max(world.now, renewals.next_collection_at(world, subscription))
    control.registry.move_clock(live_of(request, control.registry), to=to)
    return _state(request, control, subscription.workspace_id)


async def end_subscription(request: Request, control: Control) -> Response:
    """`POST /billing/cancel {"workspace"?}`: end a subscription now, as the API's DELETE does."""
    body = await read_strictly(request, Whose)
    world = context_of(request).world
    subscription = _subscription(world, body.workspace)
    subscriptions.end_subscription(world, subscription, reason="cancellation_requested")
    return _state(request, control, subscription.workspace_id)


async def refund_payment(request: Request, control: Control) -> Response:
    """`POST /billing/refund {"workspace"?, "amount_cents"?}`: give back the last payment."""
    body = await read_strictly(request, GiveBack)
    world = context_of(request).world
    workspace = _workspace(world, body.workspace)
    taken = world.all(Payment, "workspace", workspace.id)
    good = [one for one in taken if one.failure is None]
    if not good:
        raise Conflict(f"Workspace {workspace.slug} has paid nothing.")
    payments.refund(world, good[-1], amount_cents=body.amount_cents)
    return _state(request, control, workspace.id)


async def expire_checkout(request: Request, control: Control) -> Response:
    """`POST /checkout/{session_id}/expire`: close a checkout that nobody completed."""
    world = context_of(request).world
    session_id = untagged(request.path_params["session_id"], world) or ""
    session = checkout.checkout_session(world, session_id)
    checkout.expire_checkout(world, session.id)
    return _state(request, control, session.workspace_id)


ROUTES = (
    ("GET", "/billing", get_billing),
    ("POST", "/billing/fail-next", fail_payments),
    ("POST", "/billing/pay", pay_now),
    ("POST", "/billing/end-trial", end_trial),
    ("POST", "/billing/next-invoice", advance_to_invoice),
    ("POST", "/billing/cancel", end_subscription),
    ("POST", "/billing/refund", refund_payment),
    ("POST", "/checkout/{session_id}/expire", expire_checkout),
)
"""Method, path below the prefix, handler."""
