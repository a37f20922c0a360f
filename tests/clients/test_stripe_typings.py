"""Every object of every event has the members that the typings of both stripe packages promise."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from stripe import Event as StripeEvent
from stripe import StripeObject

from emulator.settings import Settings
from emulator.wire.stripe.events import event_view
from emulator.world.billing import (
    cards,
    checkout,
    entitlement,
    payments,
    plan_changes,
    portal,
    subscriptions,
)
from emulator.world.billing.cards import read_card
from emulator.world.billing.events import EVENT_KINDS
from emulator.world.core.refusals import CardDeclined
from emulator.world.core.times import DAY
from emulator.world.records.billing import Event, Payment
from tests.support import node
from tests.world.billing.test_billing_year import a_year

UNTYPED = ("total_count: is not in the typings", "object.quantity: is not in the typings")
"""What Stripe sends and its typings leave out: the count of a list that is whole, and the quantity
of a subscription with one item."""


@cache
def events() -> list[dict[str, Any]]:
    """Return the events of a year and of what a year leaves out."""
    billed = a_year()
    world = billed.world
    portal.open_portal(
        world, billed.actor, workspace=billed.workspace, return_url="http://localhost:3000/"
    )
    plan_changes.change_subscription(
        world, billed.subscription, plan="enterprise", interval="month"
    )
    paid = [one for one in world.all(Payment, "workspace", billed.workspace_id) if not one.failure]
    payments.refund(world, paid[-1])
    # The draft of a renewal goes with the subscription.
    billed.advance(days=(billed.subscription.period_end - world.now) / DAY)
    subscriptions.end_subscription(world, billed.subscription, reason="cancellation_requested")
    entitlement.receive_waiting(world)
    # Every retry fails.
    billed.subscribe("team", number=cards.GOOD)
    world.put(replace(billed.customer, payments_to_fail=9))
    billed.advance(days=60)
    # A card is declined, and the checkout expires.
    session = billed.open_checkout("team", "year")
    card = read_card(world, number="4000000000009995", expiry="12/30", cvc="123", holder="Mara")
    with pytest.raises(CardDeclined):
        checkout.pay_checkout(world, session, email="mara@example.com", card=card)
    billed.advance(days=2)
    return [event_view(world, Settings(), one) for one in world.all(Event, "all", ())]


def test_a_year_has_events_of_every_type() -> None:
    assert {one["type"] for one in events()} == set(EVENT_KINDS)


def test_events_have_what_the_typings_of_the_npm_package_promise() -> None:
    answer = node.ask(node.PROGRAMS / "stripe_typings.mjs", events=events())
    assert [one for one in answer["faults"] if not one.endswith(UNTYPED)] == []


def is_optional(hint: Any) -> bool:
    is_union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    return is_union and types.NoneType in typing.get_args(hint)


def lacking(value: Any, path: str) -> Iterator[str]:
    """Yield the members that are not there although the library's typings say so."""
    if isinstance(value, list):
        for one in value:
            yield from lacking(one, f"{path}[]")
    if not isinstance(value, StripeObject):
        return
    for name, hint in type(value).__annotations__.items():
        origin: Any = typing.get_origin(hint)
        is_member = origin is not typing.ClassVar and not name.startswith("_")
        if is_member and not is_optional(hint) and (name not in value or value[name] is None):
            yield f"{path}.{name}"
    for name in value.to_dict():
        yield from lacking(value[name], f"{path}.{name}")


def test_events_have_what_the_typings_of_the_python_package_promise() -> None:
    faults: set[str] = set()
    for one in events():
        event = StripeEvent.construct_from(one, "sk_test_unused")
        faults.update(lacking(event.data.object, one["type"]))
    assert faults == set()
