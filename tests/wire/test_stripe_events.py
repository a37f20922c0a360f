"""What events tell of a checkout, a declined card and a subscription's period."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.settings import Settings
from emulator.wire.stripe.events import event_view
from emulator.world.billing import checkout
from emulator.world.billing.cards import GOOD, read_card
from emulator.world.core.refusals import CardDeclined
from emulator.world.records.billing import CheckoutSession, Event
from tests.support.billed_world import Billed


def seen(billed: Billed, kind: str) -> dict[str, Any]:
    """Return the object of the last event of a type."""
    [*_, last] = [one for one in billed.world.all(Event, "all", ()) if one.kind == kind]
    found: dict[str, Any] = event_view(billed.world, Settings(), last)["data"]["object"]
    return found


def pay(billed: Billed, session: CheckoutSession, number: str = GOOD) -> CheckoutSession:
    card = read_card(billed.world, number=number, expiry="12/30", cvc="123", holder="M. Lindqvist")
    return checkout.pay_checkout(billed.world, session, email="paying@example.com", card=card)


def test_a_checkout_keeps_the_address_it_was_opened_with_and_tells_who_paid() -> None:
    billed = Billed()
    pay(billed, billed.open_checkout())
    session = seen(billed, "checkout.session.completed")
    assert session["customer"].startswith("cus_")
    assert session["customer_email"] == "mara@example.com"
    assert session["customer_details"] == {
        "address": None,
        "business_name": None,
        "email": "paying@example.com",
        "individual_name": None,
        "name": "M. Lindqvist",
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def test_the_cardholder_of_a_checkout_with_3d_secure_is_told_too() -> None:
    billed = Billed()
    session = pay(billed, billed.open_checkout(), number="4000002500003155")
    checkout.authenticate_checkout(billed.world, session, passes=True)
    details = seen(billed, "checkout.session.completed")["customer_details"]
    assert (details["email"], details["name"]) == ("paying@example.com", "M. Lindqvist")


def test_a_trial_without_a_card_has_no_cardholder() -> None:
    billed = Billed()
    billed.subscribe("team", number=None)
    details = seen(billed, "checkout.session.completed")["customer_details"]
    assert (details["email"], details["name"]) == ("mara@example.com", None)


def test_a_checkout_of_a_known_customer_is_opened_with_it_and_not_with_an_address() -> None:
    billed = Billed()
    billed.subscribe("team", number=None)
    billed.advance(days=20)
    pay(billed, billed.open_checkout())
    assert seen(billed, "checkout.session.completed")["customer_email"] is None


def test_an_expired_checkout_keeps_the_address_it_was_opened_with() -> None:
    billed = Billed()
    checkout.expire_checkout(billed.world, billed.open_checkout().id)
    session = seen(billed, "checkout.session.expired")
    assert (session["customer_email"], session["customer_details"]) == ("mara@example.com", None)


@pytest.mark.parametrize(
    ("number", "code", "reason", "message"),
    [
        (
            "4000000000009995",
            "card_declined",
            {"decline_code": "insufficient_funds"},
            "Your card has insufficient funds.",
        ),
        ("4000000000000069", "expired_card", {}, "Your card has expired."),
    ],
)
def test_a_declined_card_says_why_in_words(
    number: str, code: str, reason: dict[str, str], message: str
) -> None:
    billed = Billed()
    with pytest.raises(CardDeclined):
        pay(billed, billed.open_checkout(), number=number)
    charge = seen(billed, "charge.failed")
    assert (charge["failure_code"], charge["failure_message"]) == (code, message)
    error = seen(billed, "payment_intent.payment_failed")["last_payment_error"]
    assert error == {"type": "card_error", "code": code, "message": message} | reason


def test_a_good_charge_has_no_failure() -> None:
    billed = Billed()
    billed.subscribe()
    charge = seen(billed, "charge.succeeded")
    assert (charge["failure_code"], charge["failure_message"]) == (None, None)
    assert seen(billed, "payment_intent.succeeded")["last_payment_error"] is None


def test_the_period_of_a_subscription_stands_on_its_item_alone() -> None:
    billed = Billed()
    billed.subscribe()
    subscription = seen(billed, "customer.subscription.updated")
    assert "current_period_start" not in subscription
    assert "current_period_end" not in subscription
    [item] = subscription["items"]["data"]
    assert (item["current_period_start"], item["current_period_end"]) == (1767225600, 1769904000)
    assert item["plan"]["id"] == item["price"]["id"] == "price_enterprise_month"
    assert (item["plan"]["amount"], item["plan"]["interval"]) == (49_900, "month")


def test_the_line_of_an_invoice_names_the_subscriptions_item() -> None:
    billed = Billed()
    billed.subscribe()
    [line] = seen(billed, "invoice.paid")["lines"]["data"]
    details = line["parent"]["subscription_item_details"]
    assert details["subscription_item"] == billed.subscription.item_id
