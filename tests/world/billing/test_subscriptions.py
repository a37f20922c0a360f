"""The life of a subscription, without HTTP."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emulator.world.billing import (
    cards,
    checkout,
    entitlement,
    payments,
    plan_changes,
    renewals,
    subscriptions,
)
from emulator.world.core.refusals import CardDeclined, Conflict, Invalid, SessionClosed
from emulator.world.core.times import DAY, SECOND
from emulator.world.records.billing import (
    BillingSettings,
    CheckoutSession,
    Event,
    Payment,
    Subscription,
)
from tests.support.billed_world import Billed

CREATED = [
    "customer.created",
    "payment_method.attached",
    "customer.updated",
    "invoice.created",
    "customer.subscription.created",
    "invoice.finalized",
    "payment_intent.succeeded",
    "charge.succeeded",
    "invoice.paid",
    "invoice.payment_succeeded",
    "customer.subscription.updated",
    "checkout.session.completed",
]
PAID = ["payment_intent.succeeded", "charge.succeeded", "invoice.paid", "invoice.payment_succeeded"]
FAILED = [
    "charge.failed",
    "payment_intent.payment_failed",
    "invoice.payment_failed",
    "invoice.updated",
]


def failing(billed: Billed, payments_to_fail: int = 100) -> None:
    billed.world.put(replace(billed.customer, payments_to_fail=payments_to_fail))


def statuses(billed: Billed, *, after: int = 0) -> list[str]:
    events = billed.world.all(Event, "all", ())[after:]
    return [one.record.status for one in events if isinstance(one.record, Subscription)]


def test_a_paid_checkout_tells_of_every_step_in_order() -> None:
    billed = Billed()
    billed.subscribe()
    assert billed.kinds() == CREATED
    assert statuses(billed) == ["incomplete", "active"]
    assert billed.workspace.plan == "enterprise"
    assert billed.workspace.period_anchor == billed.subscription.anchor


def test_a_first_subscription_begins_with_the_plans_trial() -> None:
    billed = Billed()
    subscription = billed.subscribe("team")
    assert subscription.status == "trialing"
    assert subscription.trial_end == subscription.created_at + 14 * DAY
    [invoice] = billed.invoices
    assert (invoice.status, invoice.total_cents, invoice.payment_id) == ("paid", 0, None)
    seen = len(billed.kinds())
    billed.advance(days=11)
    assert billed.kinds(after=seen) == ["customer.subscription.trial_will_end"]
    billed.advance(days=3)
    assert billed.status() == "active"
    assert billed.subscription.anchor == subscription.trial_end
    assert billed.invoices[-1].status == "draft"
    billed.advance(days=1)
    assert billed.invoices[-1].paid_cents == 4900


def test_a_trial_without_a_card_ends_the_subscription() -> None:
    billed = Billed()
    billed.subscribe("team", number=None)
    assert billed.workspace.plan == "team"
    billed.advance(days=14)
    assert billed.status() == "canceled"
    assert billed.workspace.plan == "free"
    assert len(billed.invoices) == 1


def test_a_workspace_has_one_trial_only() -> None:
    billed = Billed()
    billed.subscribe("team", number=None)
    billed.advance(days=15)
    assert billed.subscribe("team").status == "active"


def test_a_renewal_is_a_draft_for_an_hour() -> None:
    billed = Billed()
    billed.subscribe()
    seen = len(billed.kinds())
    billed.advance(days=31)
    assert billed.kinds(after=seen) == ["invoice.created", "customer.subscription.updated"]
    assert billed.subscription.period_start == billed.world.now
    billed.advance(days=1 / 24)
    assert billed.kinds(after=seen + 2) == ["invoice.finalized", *PAID]


def test_periods_keep_the_day_of_the_month_they_began_on() -> None:
    billed = Billed()
    billed.advance(days=30)
    billed.subscribe()
    ends = []
    for _ in range(4):
        ends.append((billed.subscription.period_end - billed.world.epoch) // DAY)
        billed.advance(days=ends[-1] - (billed.world.now - billed.world.epoch) / DAY)
    assert ends == [58, 89, 119, 150]


def test_a_failed_payment_is_retried_and_recovers() -> None:
    billed = Billed()
    billed.subscribe()
    failing(billed, 2)
    seen = len(billed.kinds())
    billed.advance(days=32)
    assert billed.kinds(after=seen) == [
        "invoice.created",
        "customer.subscription.updated",
        "invoice.finalized",
        *FAILED,
        "customer.subscription.updated",
    ]
    assert (billed.status(), billed.workspace.plan) == ("past_due", "enterprise")
    seen = len(billed.kinds())
    billed.advance(days=3)
    assert billed.kinds(after=seen) == FAILED
    assert billed.invoices[-1].attempt_count == 2
    seen = len(billed.kinds())
    billed.advance(days=5)
    assert billed.kinds(after=seen) == [*PAID, "customer.subscription.updated"]
    assert billed.status() == "active"
    assert billed.invoices[-1].attempt_count == 3


def test_retries_that_run_out_end_the_subscription() -> None:
    billed = Billed()
    billed.subscribe()
    failing(billed)
    billed.advance(days=31 + 16)
    assert billed.status() == "canceled"
    assert billed.subscription.end_reason == "payment_failed"
    assert billed.workspace.plan == "free"
    assert billed.invoices[-1].status == "uncollectible"
    assert billed.kinds()[-2:] == ["invoice.marked_uncollectible", "customer.subscription.deleted"]


def test_retries_that_run_out_may_leave_it_unpaid_until_somebody_pays() -> None:
    billed = Billed()
    billed.world.put(BillingSettings(on_exhausted="unpaid"))
    billed.subscribe()
    failing(billed, 4)
    billed.advance(days=31 + 16)
    assert (billed.status(), billed.workspace.plan) == ("unpaid", "free")
    billed.advance(days=31)
    assert [one.status for one in billed.invoices] == ["paid", "open"]
    renewals.pay_now(billed.world, billed.invoices[-1])
    entitlement.receive_waiting(billed.world)
    assert (billed.status(), billed.workspace.plan) == ("active", "enterprise")


def test_paying_by_hand_does_not_move_the_schedule() -> None:
    billed = Billed()
    billed.subscribe()
    failing(billed, 2)
    billed.advance(days=32)
    due = billed.invoices[-1].next_attempt_at
    with pytest.raises(CardDeclined):
        renewals.pay_now(billed.world, billed.invoices[-1])
    assert billed.invoices[-1].next_attempt_at == due
    assert billed.invoices[-1].attempt_count == 1
    renewals.pay_now(billed.world, billed.invoices[-1])
    assert billed.status() == "active"
    billed.advance(days=10)
    assert len(billed.world.all(Payment, "workspace", billed.workspace_id)) == 4


def test_cancelling_ends_with_the_period_and_can_be_taken_back() -> None:
    billed = Billed()
    billed.subscribe()
    subscriptions.cancel_at_period_end(billed.world, billed.subscription)
    assert billed.subscription.cancel_at == billed.subscription.period_end
    assert billed.status() == "active"
    assert subscriptions.resume(billed.world, billed.subscription).cancel_at is None
    subscriptions.cancel_at_period_end(billed.world, billed.subscription)
    billed.advance(days=31)
    assert billed.subscription.ended_at == billed.world.now
    assert len(billed.invoices) == 1
    assert billed.workspace.plan == "free"
    with pytest.raises(Conflict):
        subscriptions.resume(billed.world, billed.subscription)


def test_an_upgrade_charges_the_difference_for_the_rest_of_the_period() -> None:
    billed = Billed()
    billed.subscribe("team", number=None)
    billed.advance(days=15)
    billed.subscribe("team")
    billed.advance(days=15.5)
    seen = len(billed.kinds())
    proposal = plan_changes.propose_change(
        billed.world, billed.subscription, plan="enterprise", interval="month"
    )
    assert [one.amount_cents for one in proposal.lines] == [-2450, 24950]
    assert proposal.due_cents == 22500
    plan_changes.change_subscription(
        billed.world, billed.subscription, plan="enterprise", interval="month"
    )
    assert billed.kinds(after=seen) == [
        "invoiceitem.created",
        "invoiceitem.created",
        "customer.subscription.updated",
        "invoice.created",
        "invoice.finalized",
        *PAID,
        "customer.subscription.updated",
    ]
    assert billed.invoices[-1].paid_cents == 22500
    entitlement.receive_waiting(billed.world)
    assert billed.workspace.plan == "enterprise"


def test_a_downgrade_leaves_credit_that_later_invoices_use_up() -> None:
    billed = Billed()
    billed.subscribe()
    billed.advance(days=15.5)
    plan_changes.change_subscription(
        billed.world, billed.subscription, plan="team", interval="month"
    )
    assert billed.invoices[-1].total_cents == -24950 + 2450
    assert billed.customer.balance_cents == -22500
    billed.advance(days=31)
    assert billed.invoices[-1].total_cents == 4900
    assert (billed.invoices[-1].due_cents, billed.invoices[-1].status) == (0, "paid")
    assert billed.customer.balance_cents == -17600


def test_another_interval_begins_a_new_period_now() -> None:
    billed = Billed()
    billed.subscribe()
    billed.advance(days=15.5)
    plan_changes.change_subscription(
        billed.world, billed.subscription, plan="enterprise", interval="year"
    )
    assert [line.amount_cents for line in billed.invoices[-1].lines] == [-24950, 499_000]
    assert billed.subscription.period_start == billed.world.now
    assert billed.subscription.period_end == billed.world.now + 365 * DAY


def test_a_change_that_cannot_be_paid_changes_nothing_but_the_record_of_the_attempt() -> None:
    billed = Billed()
    billed.subscribe()
    failing(billed, 1)
    before = billed.subscription
    with pytest.raises(CardDeclined):
        plan_changes.change_subscription(
            billed.world, billed.subscription, plan="enterprise", interval="year"
        )
    assert billed.subscription is before
    assert len(billed.invoices) == 1


def test_a_trial_may_change_plan_for_nothing() -> None:
    billed = Billed()
    billed.subscribe("team")
    changed = plan_changes.change_subscription(
        billed.world, billed.subscription, plan="enterprise", interval="month"
    )
    assert (changed.status, changed.plan, len(billed.invoices)) == ("trialing", "enterprise", 1)


def test_a_plan_that_costs_nothing_is_left_by_cancelling() -> None:
    billed = Billed()
    billed.subscribe()
    with pytest.raises(Invalid):
        plan_changes.propose_change(
            billed.world, billed.subscription, plan="free", interval="month"
        )


def test_ending_a_trial_collects_at_once() -> None:
    billed = Billed()
    billed.subscribe("team")
    renewals.end_trial(billed.world, billed.subscription)
    assert billed.status() == "active"
    assert billed.invoices[-1].paid_cents == 4900
    assert billed.subscription.trial_end == billed.world.now


def test_a_refund_gives_back_no_more_than_was_paid() -> None:
    billed = Billed()
    billed.subscribe()
    [payment] = billed.world.all(Payment, "workspace", billed.workspace_id)
    payment = payments.refund(billed.world, payment, amount_cents=900)
    with pytest.raises(Invalid):
        payments.refund(billed.world, payment, amount_cents=49_001)
    payment = payments.refund(billed.world, payment)
    assert payment.refunded_cents == 49_900
    with pytest.raises(Conflict):
        payments.refund(billed.world, payment)


def test_a_second_live_subscription_is_refused_with_the_portal_as_the_way_on() -> None:
    billed = Billed()
    billed.subscribe()
    with pytest.raises(Conflict, match="portal"):
        billed.subscribe("team")


def test_of_two_open_checkouts_only_one_completes() -> None:
    billed = Billed()
    sessions = [
        checkout.open_checkout(
            billed.world,
            billed.actor,
            workspace=billed.workspace,
            plan="team",
            interval="month",
            success_url="http://localhost/ok",
            cancel_url="http://localhost/back",
        )
        for _ in range(2)
    ]
    checkout.pay_checkout(billed.world, sessions[0], email="mara@example.com", card=None)
    with pytest.raises(Conflict):
        checkout.pay_checkout(billed.world, sessions[1], email="mara@example.com", card=None)


def test_an_abandoned_checkout_expires_after_a_day() -> None:
    billed = Billed()
    session = checkout.open_checkout(
        billed.world,
        billed.actor,
        workspace=billed.workspace,
        plan="team",
        interval="month",
        success_url="http://localhost/ok",
        cancel_url="http://localhost/back",
    )
    billed.advance(days=1)
    assert billed.kinds() == ["checkout.session.expired"]
    with pytest.raises(SessionClosed):
        checkout.pay_checkout(
            billed.world,
            billed.world.expect(CheckoutSession, session.id),
            email="mara@example.com",
            card=None,
        )


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("4000000000000002", "generic_decline"),
        ("4000000000009995", "insufficient_funds"),
        ("4000000000000069", "expired_card"),
        ("4000000000000127", "incorrect_cvc"),
        ("4000000000000341", "generic_decline"),
        ("4111111111111111", "test_mode_live_card"),
    ],
)
def test_a_card_that_is_declined_begins_nothing(number: str, code: str) -> None:
    billed = Billed()
    with pytest.raises(CardDeclined) as refused:
        billed.subscribe(number=number)
    assert refused.value.code == code
    assert billed.kinds() == ["charge.failed", "payment_intent.payment_failed"]
    assert billed.world.all(Subscription, "workspace", billed.workspace_id) == []


def test_a_card_that_fails_later_is_good_for_a_trial() -> None:
    billed = Billed()
    billed.subscribe("team", number=cards.FAILS_LATER)
    assert billed.status() == "trialing"
    billed.advance(days=15)
    assert billed.status() == "past_due"


@pytest.mark.parametrize(
    ("number", "later"), [("4000002500003155", "active"), ("4000002760003184", "past_due")]
)
def test_3d_secure_comes_before_the_subscription(number: str, later: str) -> None:
    billed = Billed()
    with pytest.raises(IndexError):
        billed.subscribe(number=number)
    [session] = billed.world.all(CheckoutSession, "workspace", billed.workspace_id)
    assert session.pending is not None
    assert billed.kinds() == []
    with pytest.raises(CardDeclined):
        checkout.authenticate_checkout(billed.world, session, passes=False)
    card = cards.read_card(
        billed.world, number=number, expiry="12/30", cvc="123", holder="Mara Lindqvist"
    )
    session = billed.world.expect(CheckoutSession, session.id)
    session = checkout.pay_checkout(billed.world, session, email="m@example.com", card=card)
    checkout.authenticate_checkout(billed.world, session, passes=True)
    assert billed.status() == "active"
    billed.advance(days=32)
    assert billed.status() == later


def test_nothing_of_a_card_number_is_kept() -> None:
    billed = Billed()
    billed.subscribe()
    assert not any("4242424242424242" in repr(one) for one in billed.world.all(Event, "all", ()))


def test_entitlement_waits_for_the_webhook() -> None:
    billed = Billed()
    billed.world.put(BillingSettings(is_held=True))
    billed.subscribe()
    assert billed.workspace.plan == "free"
    billed.world.put(BillingSettings())
    entitlement.receive_waiting(billed.world)
    assert billed.workspace.plan == "enterprise"


def test_an_event_that_comes_twice_is_acted_on_once() -> None:
    billed = Billed()
    billed.subscribe()
    [event] = [
        one
        for one in billed.world.all(Event, "all", ())
        if one.kind == "checkout.session.completed"
    ]
    state = billed.world.state
    assert not entitlement.receive(
        billed.world, event_id=event.id, subscription_id=billed.subscription.id
    )
    assert billed.world.state is state


def test_next_collection_names_the_hour_after_the_period() -> None:
    billed = Billed()
    billed.subscribe()
    at = renewals.next_collection_at(billed.world, billed.subscription)
    assert at == billed.subscription.period_end + 3600 * SECOND
