"""Erasure in billing: invoices, payments and events stay, without the person who paid.

Assumed: accounting records are kept, as the law of most countries requires, but not the person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from emulator.world.billing.checkout import EXPIRE
from emulator.world.billing.customers import customer_of
from emulator.world.billing.subscriptions import end_subscription, live_subscription
from emulator.world.core import jobs
from emulator.world.core.world import World
from emulator.world.records.billing import (
    BillingObject,
    Card,
    CardFacts,
    CheckoutSession,
    Customer,
    Event,
    Invoice,
    InvoiceItem,
    Payment,
    PortalSession,
    Subscription,
)
from emulator.world.records.identity import User
from emulator.world.records.workspaces import Workspace

Eraser = Callable[[Any], Any]
"""Returns the value of a field without the person in it."""


def _nothing(_: object) -> None:
    return None


def _without_holder(facts: CardFacts | None) -> CardFacts | None:
    return None if facts is None else replace(facts, holder="")


def _without_query(url: str) -> str:
    """Return a URL without its query and fragment, which may name the person."""
    return url.partition("#")[0].partition("?")[0]


PERSONAL_FIELDS: Mapping[type[BillingObject], Mapping[str, Eraser]] = {
    Customer: {"user_id": _nothing, "email": _nothing, "name": _nothing},
    Card: {"facts": _without_holder},
    CheckoutSession: {
        "user_id": _nothing,
        "customer_email": _nothing,
        "email": _nothing,
        "payer_name": _nothing,
        "pending": _without_holder,
        "success_url": _without_query,
        "cancel_url": _without_query,
    },
    PortalSession: {"pending": _nothing, "return_url": _without_query},
    Subscription: {},
    Invoice: {"customer_email": _nothing, "customer_name": _nothing},
    InvoiceItem: {},
    Payment: {"card": _without_holder},
}
"""Class of record → its fields that name a person, and how each is erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Everything that identifies a user in the billing of a workspace.

    The names include those typed at a checkout and on cards, and `card_ids` are the cards that the
    user attached.
    """

    user_id: str
    emails: frozenset[str | None]
    names: frozenset[str | None]
    card_ids: frozenset[str | None]
    has_opened_checkout: bool


def erase_payer(world: World, workspace: Workspace, user: User) -> None:
    """Erase a user from the billing of a workspace, where the names of other payers stay."""
    payer = _identify_payer(world, workspace, user)
    _anonymize_where(world, workspace, lambda record: IDENTIFIES[type(record)](record, payer))


def _identify_payer(world: World, workspace: Workspace, user: User) -> Payer:
    history = _every_version(world, workspace)
    customers = [record for record in history if isinstance(record, Customer)]
    checkouts = [
        record
        for record in history
        if isinstance(record, CheckoutSession) and record.user_id == user.id
    ]
    as_customer = [customer for customer in customers if customer.user_id == user.id]
    card_ids = _cards_attached_by(user, customers)
    names: set[str | None] = {user.name}
    names |= {customer.name for customer in as_customer}
    names |= {checkout.payer_name for checkout in checkouts}
    names |= {checkout.pending.holder for checkout in checkouts if checkout.pending is not None}
    names |= {
        card.facts.holder for card in history if isinstance(card, Card) and card.id in card_ids
    }
    emails: set[str | None] = {user.email}
    emails |= {customer.email for customer in as_customer}
    emails |= {checkout.email for checkout in checkouts}
    emails |= {checkout.customer_email for checkout in checkouts}
    return Payer(
        user_id=user.id,
        emails=frozenset(emails - {None}),
        names=frozenset(names - {None}),
        card_ids=card_ids,
        has_opened_checkout=bool(checkouts),
    )


def _every_version(world: World, workspace: Workspace) -> list[BillingObject]:
    """Return the records in events, as they were then, and the checkouts as they are now."""
    versions: list[BillingObject] = []
    for event in world.all(Event, "workspace", workspace.id):
        versions += [event.record] if event.before is None else [event.before, event.record]
    return versions + world.all(CheckoutSession, "workspace", workspace.id)


def _cards_attached_by(user: User, customers: list[Customer]) -> frozenset[str | None]:
    """Return the cards that a user attached: those first charged while it was the customer."""
    attached_by: dict[str | None, str | None] = {}
    for customer in customers:
        attached_by.setdefault(customer.card_id, customer.user_id)
    return frozenset(
        card_id
        for card_id, user_id in attached_by.items()
        if card_id is not None and user_id == user.id
    )


def _identifies_customer(record: Customer, payer: Payer) -> bool:
    return record.user_id == payer.user_id or record.email in payer.emails


def _identifies_checkout(record: CheckoutSession, payer: Payer) -> bool:
    return (
        record.user_id == payer.user_id
        or record.email in payer.emails
        or record.payer_name in payer.names
    )


def _identifies_invoice(record: Invoice, payer: Payer) -> bool:
    return record.customer_email in payer.emails or record.customer_name in payer.names


def _identifies_card(record: Card, payer: Payer) -> bool:
    return record.id in payer.card_ids or record.facts.holder in payer.names


def _identifies_payment(record: Payment, payer: Payer) -> bool:
    # A failed attempt at a checkout is of a card that was never attached to anyone.
    is_failed_checkout = record.failure is not None and record.invoice_id is None
    return (
        record.card_id in payer.card_ids
        or record.card.holder in payer.names
        or (is_failed_checkout and payer.has_opened_checkout)
    )


IDENTIFIES: Mapping[type[BillingObject], Callable[[Any, Payer], bool]] = {
    Customer: _identifies_customer,
    Card: _identifies_card,
    CheckoutSession: _identifies_checkout,
    # A portal session does not name its visitor; a card that waits in it can be typed again.
    PortalSession: lambda _record, _payer: True,
    Subscription: lambda _record, _payer: False,
    Invoice: _identifies_invoice,
    InvoiceItem: lambda _record, _payer: False,
    Payment: _identifies_payment,
}
"""Class of record → whether a record names a payer."""


def erase_workspace_billing(world: World, workspace: Workspace) -> None:
    """End the subscription of a workspace, and leave its accounting records without any person."""
    live = live_subscription(world, workspace.id)
    if live is not None:
        end_subscription(world, live, reason="cancellation_requested")
    _anonymize_where(world, workspace, lambda _: True)
    for checkout in world.all(CheckoutSession, "workspace", workspace.id):
        jobs.cancel(world, EXPIRE, checkout.id)
        world.remove(checkout)
    for visit in world.all(PortalSession, "workspace", workspace.id):
        world.remove(visit)


def _anonymize_where(
    world: World, workspace: Workspace, names: Callable[[BillingObject], bool]
) -> None:
    """Anonymize the records, and the versions in events, for which `names` is true."""
    for record in _stored_records(world, workspace):
        if names(record):
            world.put(anonymized(record))
    for event in world.all(Event, "workspace", workspace.id):
        before = event.before
        after = replace(
            event,
            record=anonymized(event.record) if names(event.record) else event.record,
            before=anonymized(before) if before is not None and names(before) else before,
        )
        world.put(after)


def _stored_records(world: World, workspace: Workspace) -> list[BillingObject]:
    """Return the records of a workspace that can name a person."""
    kinds: tuple[type[Any], ...] = (CheckoutSession, PortalSession, Invoice, Payment)
    records = [record for kind in kinds for record in world.all(kind, "workspace", workspace.id)]
    customer = customer_of(world, workspace.id)
    if customer is not None:
        records += [*world.all(Card, "customer", customer.id), customer]
    return records


def anonymized(record: BillingObject) -> BillingObject:
    """Return a record without the person it names."""
    erasers = PERSONAL_FIELDS[type(record)]
    return replace(
        record, **{name: erase(getattr(record, name)) for name, erase in erasers.items()}
    )
