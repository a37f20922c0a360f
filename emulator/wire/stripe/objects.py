"""Stripe objects: views of prices, cards, customers, subscriptions and payments.

Real: names and nullability are those of API version 2026-10-28.endive, as in the stripe packages.
"""

from __future__ import annotations

from emulator.wire.stripe import unset_members as unset
from emulator.wire.stripe.unset_members import View
from emulator.world.billing.cards import MESSAGES
from emulator.world.billing.intervals import price_of
from emulator.world.core.times import SECOND
from emulator.world.core.world import World
from emulator.world.metering.plans import plan_named
from emulator.world.records.billing import (
    Card,
    CardFacts,
    Customer,
    InvoiceItem,
    Payment,
    PortalSession,
    Subscription,
)
from emulator.world.records.types import Instant, Interval

API_VERSION = "2026-10-28.endive"
CURRENCY = "usd"


def seconds(moment: Instant | None) -> int | None:
    """Return an instant in whole seconds, or None."""
    return None if moment is None else moment // SECOND


def listed(items: list[View], url: str) -> View:
    """Return a list object that contains all of its items."""
    return {
        "object": "list",
        "data": items,
        "has_more": False,
        "total_count": len(items),
        "url": url,
    }


def price_id(plan: str, interval: Interval) -> str:
    """Return the id of the price of a plan for an interval."""
    return f"price_{plan}_{interval}"


def price_view(world: World, plan: str, interval: Interval, *, cents: int | None = None) -> View:
    """Return a price; `cents` overrides the current amount with the agreed one."""
    amount = price_of(plan_named(world, plan), interval) if cents is None else cents
    return {
        "id": price_id(plan, interval),
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": seconds(world.epoch),
        "currency": CURRENCY,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": f"{plan}_{interval}",
        "metadata": {"plan": plan},
        "nickname": None,
        "product": f"prod_{plan}",
        "recurring": {
            "interval": interval,
            "interval_count": 1,
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        },
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
    }


def plan_view(price: View) -> View:
    """Return a price as a plan, its form in Stripe's older API."""
    recurring = price["recurring"]
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": price["billing_scheme"],
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": price["livemode"],
        "metadata": price["metadata"],
        "meter": recurring["meter"],
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": price["tiers_mode"],
        "transform_usage": None,
        "trial_period_days": recurring["trial_period_days"],
        "usage_type": recurring["usage_type"],
    }


def _card_view(facts: CardFacts) -> View:
    return {
        "brand": facts.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": "US",
        "exp_month": facts.exp_month,
        "exp_year": facts.exp_year,
        "funding": "credit",
        "last4": facts.last_four,
    }


def _billing_details(name: str | None) -> View:
    return {"address": None, "email": None, "name": name, "phone": None, "tax_id": None}


def payment_method_view(card: Card) -> View:
    """Return a card that was attached."""
    return {
        "id": card.id,
        "object": "payment_method",
        "billing_details": _billing_details(card.facts.holder or None),
        "card": {
            **_card_view(card.facts),
            "display_brand": card.facts.brand,
            "networks": {"available": [card.facts.brand], "preferred": None},
            **unset.CARD,
        },
        "created": seconds(card.created_at),
        "customer": card.customer_id,
        "livemode": False,
        "type": "card",
        **unset.PAYMENT_METHOD,
    }


def customer_view(customer: Customer) -> View:
    """Return a customer."""
    return {
        "id": customer.id,
        "object": "customer",
        "balance": customer.balance_cents,
        "created": seconds(customer.created_at),
        "currency": CURRENCY,
        "email": customer.email,
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": customer.card_id,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {"workspace_id": customer.workspace_id},
        "name": customer.name,
        "next_invoice_sequence": customer.invoice_count + 1,
        **unset.CUSTOMER,
    }


def subscription_view(world: World, subscription: Subscription) -> View:
    """Return a subscription with its single item.

    Real: only the item has the period since API version 2025-03-31.basil.
    """
    return {
        "id": subscription.id,
        "object": "subscription",
        "billing_cycle_anchor": seconds(subscription.anchor),
        "cancel_at": seconds(subscription.cancel_at),
        "cancel_at_period_end": subscription.cancel_at is not None,
        "canceled_at": seconds(subscription.canceled_at),
        "cancellation_details": {
            "comment": None,
            "feedback": None,
            "feedback_option": None,
            "reason": subscription.end_reason,
        },
        "created": seconds(subscription.created_at),
        "currency": CURRENCY,
        "customer": subscription.customer_id,
        "default_payment_method": subscription.card_id,
        "ended_at": seconds(subscription.ended_at),
        "items": listed(
            [_item_view(world, subscription)],
            f"/v1/subscription_items?subscription={subscription.id}",
        ),
        "latest_invoice": subscription.invoice_id,
        "livemode": False,
        "metadata": {"workspace_id": subscription.workspace_id},
        "quantity": 1,
        "start_date": seconds(subscription.created_at),
        "status": subscription.status,
        "trial_end": seconds(subscription.trial_end),
        "trial_start": seconds(subscription.trial_start),
        **unset.SUBSCRIPTION,
    }


def _item_view(world: World, subscription: Subscription) -> View:
    price = price_view(
        world, subscription.plan, subscription.interval, cents=subscription.amount_cents
    )
    return {
        "id": subscription.item_id,
        "object": "subscription_item",
        "created": seconds(subscription.created_at),
        "current_period_end": seconds(subscription.period_end),
        "current_period_start": seconds(subscription.period_start),
        "plan": plan_view(price),
        "price": price,
        "quantity": 1,
        "subscription": subscription.id,
        **unset.SUBSCRIPTION_ITEM,
    }


def invoice_item_view(item: InvoiceItem) -> View:
    """Return a proration."""
    line = item.line
    return {
        "id": item.id,
        "object": "invoiceitem",
        "amount": line.amount_cents,
        "currency": CURRENCY,
        "customer": item.customer_id,
        "date": seconds(item.created_at),
        "description": line.description,
        "livemode": False,
        "parent": {
            "type": "subscription_details",
            "subscription_details": {"subscription": item.subscription_id},
        },
        "period": {"start": seconds(line.period_start), "end": seconds(line.period_end)},
        "pricing": pricing_view(line.plan, line.interval, line.price_cents),
        "proration": True,
        "quantity": 1,
        "quantity_decimal": "1",
        **unset.INVOICE_ITEM,
    }


def pricing_view(plan: str, interval: Interval, cents: int) -> View:
    """Return the pricing of a line. Real: decimals are strings in API version 2026-10-28.endive."""
    return {
        "type": "price_details",
        "price_details": {"price": price_id(plan, interval), "product": f"prod_{plan}"},
        "unit_amount_decimal": str(cents),
    }


def payment_intent_view(payment: Payment) -> View:
    """Return a payment as its payment intent."""
    is_paid = payment.failure is None
    return {
        "id": payment.id,
        "object": "payment_intent",
        "amount": payment.amount_cents,
        "amount_received": payment.amount_cents if is_paid else 0,
        "capture_method": "automatic",
        "client_secret": f"{payment.id}_secret_emulated",
        "confirmation_method": "automatic",
        "created": seconds(payment.created_at),
        "currency": CURRENCY,
        "customer": payment.customer_id,
        "last_payment_error": _error(payment),
        "latest_charge": payment.charge_id,
        "livemode": False,
        "payment_method": payment.card_id if is_paid else None,
        "payment_method_types": ["card"],
        "status": "succeeded" if is_paid else "requires_payment_method",
        **unset.PAYMENT_INTENT,
    }


def charge_view(payment: Payment) -> View:
    """Return a payment as its charge."""
    is_paid = payment.failure is None
    refunded = payment.refunded_cents
    return {
        "id": payment.charge_id,
        "object": "charge",
        "amount": payment.amount_cents,
        "amount_captured": payment.amount_cents if is_paid else 0,
        "amount_refunded": refunded,
        "billing_details": _billing_details(payment.card.holder or None),
        "captured": is_paid,
        "created": seconds(payment.created_at),
        "currency": CURRENCY,
        "customer": payment.customer_id,
        "failure_code": None if is_paid else _code(payment),
        "failure_message": None if payment.failure is None else MESSAGES[payment.failure],
        "livemode": False,
        "outcome": {
            "network_status": "approved_by_network" if is_paid else "declined_by_network",
            "reason": payment.failure,
            "type": "authorized" if is_paid else "issuer_declined",
            **unset.OUTCOME,
        },
        "paid": is_paid,
        "payment_intent": payment.id,
        "payment_method": payment.card_id,
        "payment_method_details": {
            "card": {
                **_card_view(payment.card),
                "network": payment.card.brand,
                **unset.CHARGED_CARD,
            },
            "type": "card",
        },
        "refunded": is_paid and refunded == payment.amount_cents,
        "status": "succeeded" if is_paid else "failed",
        **unset.CHARGE,
    }


DECLINES = ("generic_decline", "insufficient_funds", "test_mode_live_card")
"""Decline codes: the reasons for the error code `card_declined`."""


def _code(payment: Payment) -> str:
    assert payment.failure is not None
    return "card_declined" if payment.failure in DECLINES else payment.failure


def _error(payment: Payment) -> View | None:
    if payment.failure is None:
        return None
    error: View = {
        "type": "card_error",
        "code": _code(payment),
        "message": MESSAGES[payment.failure],
    }
    if payment.failure in DECLINES:
        error["decline_code"] = payment.failure
    return error


def portal_session_view(session: PortalSession, *, url: str) -> View:
    """Return a portal session."""
    return {
        "id": session.id,
        "object": "billing_portal.session",
        "configuration": "bpc_emulated",
        "created": seconds(session.created_at),
        "customer": session.customer_id,
        "flow": None,
        "livemode": False,
        "locale": None,
        "on_behalf_of": None,
        "return_url": session.return_url,
        "url": url,
        **unset.BILLING_PORTAL_SESSION,
    }
