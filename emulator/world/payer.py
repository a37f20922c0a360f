"""The person behind a customer: what an export tells of it, and what a purge takes away.

Assumed: invoices, payments and events stay as accounts must be kept, without the person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from emulator.world import jobs
from emulator.world.checkout import EXPIRE
from emulator.world.customers import customer_of
from emulator.world.records import (
    BillingObject,
    Card,
    CardFacts,
    CheckoutSession,
    Customer,
    Event,
    Invoice,
    Payment,
    PortalSession,
    User,
    Workspace,
)
from emulator.world.subscriptions import end_subscription, live_subscription
from emulator.world.times import to_text
from emulator.world.world import World

_KINDS: tuple[type[Any], ...] = (CheckoutSession, PortalSession, Invoice, Payment)
"""What a person may be named in, beside customers and cards; each is listed by its workspace."""


def forget_payer(world: World, workspace: Workspace, user: User) -> None:
    """Take a user's e-mail and name from everything that was billed to a workspace."""
    customer = customer_of(world, workspace.id)
    is_payer = customer is not None and customer.user_id == user.id

    def names(record: BillingObject) -> bool:
        return is_payer or _is_of(record, user)

    _scrub(world, workspace, names)


def _is_of(record: BillingObject, user: User) -> bool:
    """Tell whether a record of a workspace that somebody else pays for names the user."""
    if isinstance(record, Customer | CheckoutSession):
        return record.user_id == user.id or record.email == user.email
    if isinstance(record, Invoice):
        return record.customer_email == user.email
    if isinstance(record, Card):
        return record.facts.holder == user.name
    return isinstance(record, Payment) and record.card.holder == user.name


def forget_workspace(world: World, workspace: Workspace) -> None:
    """End what a workspace pays for, and leave its accounts without anybody's name."""
    live = live_subscription(world, workspace.id)
    if live is not None:
        end_subscription(world, live, reason="cancellation_requested")
    _scrub(world, workspace, lambda _: True)
    for session in world.all(CheckoutSession, "workspace", workspace.id):
        jobs.cancel(world, EXPIRE, session.id)
        world.remove(session)
    for visit in world.all(PortalSession, "workspace", workspace.id):
        world.remove(visit)


def _scrub(world: World, workspace: Workspace, names: Callable[[BillingObject], bool]) -> None:
    for kind in _KINDS:
        for record in world.all(kind, "workspace", workspace.id):
            if names(record):
                world.put(nameless(record))
    customer = customer_of(world, workspace.id)
    if customer is not None:
        for card in world.all(Card, "customer", customer.id):
            if names(card):
                world.put(nameless(card))
        if names(customer):
            world.put(nameless(customer))
    for event in world.all(Event, "workspace", workspace.id):
        before = event.before
        after = replace(
            event,
            record=nameless(event.record) if names(event.record) else event.record,
            before=nameless(before) if before is not None and names(before) else before,
        )
        world.put(after)


def nameless(record: BillingObject) -> BillingObject:
    """Return a record without the person it names."""
    if isinstance(record, Customer):
        return replace(record, user_id=None, email=None, name=None)
    if isinstance(record, CheckoutSession):
        pending = None if record.pending is None else _unheld(record.pending)
        return replace(record, user_id=None, email=None, pending=pending)
    if isinstance(record, PortalSession):
        pending = None if record.pending is None else _unheld(record.pending)
        return replace(record, pending=pending)
    if isinstance(record, Invoice):
        return replace(record, customer_email=None, customer_name=None)
    if isinstance(record, Card):
        return replace(record, facts=_unheld(record.facts))
    if isinstance(record, Payment):
        return replace(record, card=_unheld(record.card))
    return record


def _unheld(facts: CardFacts) -> CardFacts:
    return replace(facts, holder="")


def billing_of(world: World, workspaces: list[Workspace], user: User) -> list[dict[str, Any]]:
    """Return what is known of a user as a payer, by workspace, for an export."""
    found: list[dict[str, Any]] = []
    for workspace in workspaces:
        customer = customer_of(world, workspace.id)
        if customer is None or customer.user_id != user.id:
            continue
        cards = world.all(Card, "customer", customer.id)
        invoices = world.all(Invoice, "workspace", workspace.id)
        found.append(
            {
                "workspace_id": workspace.id,
                "email": customer.email,
                "name": customer.name,
                "cards": [
                    {"brand": one.facts.brand, "last_four": one.facts.last_four} for one in cards
                ],
                "invoices": [
                    {
                        "number": one.number,
                        "status": one.status,
                        "total_cents": one.total_cents,
                        "created_at": to_text(one.created_at),
                    }
                    for one in invoices
                    if one.customer_email == customer.email
                ],
            }
        )
    return found
