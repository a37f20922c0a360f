"""The person behind a customer: what an export tells of it, and what a purge takes away.

Assumed: invoices, payments and events stay as accounts must be kept, without the person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from emulator.world.billing.checkout import EXPIRE
from emulator.world.billing.customers import customer_of
from emulator.world.billing.subscriptions import end_subscription, live_subscription
from emulator.world.core import jobs
from emulator.world.core.times import to_text
from emulator.world.core.world import World
from emulator.world.records.billing import (
    BillingObject,
    Card,
    CardFacts,
    CheckoutSession,
    Customer,
    Event,
    Invoice,
    Payment,
    PortalSession,
)
from emulator.world.records.identity import User
from emulator.world.records.workspaces import Workspace

_KINDS: tuple[type[Any], ...] = (CheckoutSession, PortalSession, Invoice, Payment)
"""What a person may be named in, beside customers and cards; each is listed by its workspace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What a user is called where a workspace is billed: what was typed there is its own too.

    `tried` says that it ever opened a checkout.
    """

    user_id: str
    emails: frozenset[str | None]
    names: frozenset[str | None]
    card_ids: frozenset[str | None]
    tried: bool


def erase_payer(world: World, workspace: Workspace, user: User) -> None:
    """Take a user's e-mail and name from everything that was billed to a workspace; those of
    others who paid before or after stay.
    """
    person = _person(world, workspace, user)
    _scrub(world, workspace, lambda record: _is_of(record, person))


def _person(world: World, workspace: Workspace, user: User) -> Person:
    records = _told(world, workspace)
    bearing = [one for one in records if isinstance(one, Customer | CheckoutSession)]
    own = [one for one in bearing if one.user_id == user.id]
    attached: dict[str | None, str | None] = {}
    for one in records:
        if isinstance(one, Customer):
            # Who was the customer when a card was first charged has attached it.
            attached.setdefault(one.card_id, one.user_id)
    cards = {card_id for card_id, user_id in attached.items() if user_id == user.id}
    holders: set[str | None]
    holders = {one.facts.holder for one in records if isinstance(one, Card) and one.id in cards}
    holders |= {one.name for one in own if isinstance(one, Customer)}
    visits = [one for one in own if isinstance(one, CheckoutSession)]
    holders |= {one.pending.holder for one in visits if one.pending is not None}
    holders |= {one.payer_name for one in visits}
    return Person(
        user_id=user.id,
        emails=frozenset(
            {user.email, *(one.email for one in own), *(one.customer_email for one in visits)}
            - {None}
        ),
        names=frozenset({user.name, *holders} - {None}),
        card_ids=frozenset(cards - {None}),
        tried=bool(visits),
    )


def _told(world: World, workspace: Workspace) -> list[BillingObject]:
    """Return every record that events tell of, as it was then, and the checkouts as they are."""
    told: list[BillingObject] = []
    for event in world.all(Event, "workspace", workspace.id):
        told += [event.record] if event.before is None else [event.before, event.record]
    return told + world.all(CheckoutSession, "workspace", workspace.id)


def _is_of(record: BillingObject, person: Person) -> bool:
    """Tell whether a record names the person."""
    if isinstance(record, Customer | CheckoutSession):
        is_paid_by = isinstance(record, CheckoutSession) and record.payer_name in person.names
        return record.user_id == person.user_id or record.email in person.emails or is_paid_by
    if isinstance(record, Invoice):
        return record.customer_email in person.emails or record.customer_name in person.names
    if isinstance(record, Card):
        return record.id in person.card_ids or record.facts.holder in person.names
    if isinstance(record, PortalSession):
        # Whose card waits there is not known; it can be typed once more.
        return True
    return isinstance(record, Payment) and (
        record.card_id in person.card_ids
        or record.card.holder in person.names
        # An attempt of a checkout that failed is of a card that nobody attached.
        or (person.tried and record.failure is not None and record.invoice_id is None)
    )


def erase_workspace_billing(world: World, workspace: Workspace) -> None:
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
                world.put(anonymized(record))
    customer = customer_of(world, workspace.id)
    if customer is not None:
        for card in world.all(Card, "customer", customer.id):
            if names(card):
                world.put(anonymized(card))
        if names(customer):
            world.put(anonymized(customer))
    for event in world.all(Event, "workspace", workspace.id):
        before = event.before
        after = replace(
            event,
            record=anonymized(event.record) if names(event.record) else event.record,
            before=anonymized(before) if before is not None and names(before) else before,
        )
        world.put(after)


def anonymized(record: BillingObject) -> BillingObject:
    """Return a record without the person it names."""
    if isinstance(record, Customer):
        return replace(record, user_id=None, email=None, name=None)
    if isinstance(record, CheckoutSession):
        pending = None if record.pending is None else _unheld(record.pending)
        return replace(
            record,
            user_id=None,
            customer_email=None,
            email=None,
            payer_name=None,
            pending=pending,
            success_url=_queryless(record.success_url),
            cancel_url=_queryless(record.cancel_url),
        )
    if isinstance(record, PortalSession):
        return replace(record, pending=None, return_url=_queryless(record.return_url))
    if isinstance(record, Invoice):
        return replace(record, customer_email=None, customer_name=None)
    if isinstance(record, Card):
        return replace(record, facts=_unheld(record.facts))
    if isinstance(record, Payment):
        return replace(record, card=_unheld(record.card))
    return record


def _queryless(url: str) -> str:
    """Return a URL without its query and fragment, which may name the person."""
    return url.partition("#")[0].partition("?")[0]


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
