"""Customers and their cards; a workspace has at most one customer."""

from __future__ import annotations

from dataclasses import replace

from emulator.world.billing.events import emit
from emulator.world.billing.stripe_ids import new_stripe_id
from emulator.world.core.world import World
from emulator.world.records.billing import Card, CardFacts, Customer
from emulator.world.records.workspaces import Workspace


def customer_of(world: World, workspace_id: str) -> Customer | None:
    """Return the customer of a workspace, or None."""
    return world.find(Customer, "workspace", workspace_id)


def ensure_customer(
    world: World, workspace: Workspace, *, email: str | None, name: str | None, user_id: str | None
) -> Customer:
    """Return the customer of a workspace with that e-mail and name, created or updated."""
    known = customer_of(world, workspace.id)
    if known is not None:
        if (known.email, known.name) == (email, name):
            return known
        return update_customer(world, replace(known, email=email, name=name, user_id=user_id))
    customer_id, ordinal = new_stripe_id(world, "cus", length=14)
    customer = Customer(
        id=customer_id,
        workspace_id=workspace.id,
        user_id=user_id,
        email=email,
        name=name,
        card_id=None,
        balance_cents=0,
        invoice_count=0,
        payments_to_fail=0,
        created_at=world.now,
        ordinal=ordinal,
    )
    world.put(customer)
    emit(world, "customer.created", customer, workspace_id=workspace.id)
    return customer


def update_customer(world: World, after: Customer) -> Customer:
    """Write a changed customer and emit its event."""
    before = world.expect(Customer, after.id)
    world.put(after)
    emit(world, "customer.updated", after, workspace_id=after.workspace_id, before=before)
    return after


def attach_card(world: World, customer: Customer, facts: CardFacts) -> Card:
    """Attach a card to a customer, which is charged to it from now on."""
    card_id, ordinal = new_stripe_id(world, "pm")
    card = Card(
        id=card_id,
        customer_id=customer.id,
        facts=facts,
        created_at=world.now,
        ordinal=ordinal,
    )
    world.put(card)
    emit(world, "payment_method.attached", card, workspace_id=customer.workspace_id)
    update_customer(world, replace(world.expect(Customer, customer.id), card_id=card.id))
    return card


def card_of(world: World, customer: Customer) -> Card | None:
    """Return the card that a customer is charged to, or None."""
    return None if customer.card_id is None else world.get(Card, customer.card_id)
