"""The laws of billing under any order of steps."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Literal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from emulator.world.billing import (
    cards,
    entitlement,
    invoices,
    payments,
    plan_changes,
    portal,
    renewals,
    subscriptions,
)
from emulator.world.billing.entitlement import ENTITLED
from emulator.world.core.refusals import Refusal
from emulator.world.records.billing import (
    LIVE,
    BillingSettings,
    Event,
    Invoice,
    Payment,
    Subscription,
)
from emulator.world.records.types import Interval
from tests.support.billed_world import Billed

EXPLAINED = (Subscription, Invoice, Payment)


class Billing(RuleBasedStateMachine):
    """One workspace, everything that can be done to its subscription, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.billed = Billed()
        self.seen = 0
        self.known: dict[str, object] = {}

    @property
    def live(self) -> Subscription | None:
        return subscriptions.live_subscription(self.billed.world, self.billed.workspace_id)

    @rule(
        plan=st.sampled_from(["team", "enterprise", "free"]),
        interval=st.sampled_from(["month", "year"]),
        number=st.sampled_from([None, *cards.TEST_CARDS]),
    )
    def check_out(self, plan: str, interval: Interval, number: str | None) -> None:
        with contextlib.suppress(Refusal, IndexError):
            self.billed.subscribe(plan, interval, number)

    @rule(days=st.sampled_from([0.02, 1, 3, 13.3, 31, 95, 370]))
    def wait(self, days: float) -> None:
        self.billed.advance(days=days)

    @precondition(lambda self: self.live)
    @rule(plan=st.sampled_from(["team", "enterprise"]), interval=st.sampled_from(["month", "year"]))
    def change(self, plan: str, interval: Interval) -> None:
        assert self.live is not None
        self._try(
            lambda live: plan_changes.change_subscription(
                self.billed.world, live, plan=plan, interval=interval
            )
        )

    @precondition(lambda self: self.live)
    @rule(step=st.sampled_from(["cancel", "resume", "end", "end trial"]))
    def step(self, step: str) -> None:
        world = self.billed.world
        steps = {
            "cancel": lambda live: subscriptions.cancel_at_period_end(world, live),
            "resume": lambda live: subscriptions.resume(world, live),
            "end": lambda live: subscriptions.end_subscription(
                world, live, reason="cancellation_requested"
            ),
            "end trial": lambda live: renewals.end_trial(world, live),
        }
        self._try(steps[step])

    @precondition(lambda self: self.live)
    @rule(number=st.sampled_from([cards.GOOD, cards.FAILS_LATER]))
    def replace_card(self, number: str) -> None:
        facts = cards.facts_of(self.billed.world, number, holder="Mara")
        portal.use_card(self.billed.world, self.billed.customer, facts)

    @precondition(lambda self: self.live)
    @rule(count=st.integers(0, 5))
    def fail_next(self, count: int) -> None:
        self.billed.world.put(replace(self.billed.customer, payments_to_fail=count))

    @rule(choice=st.sampled_from(["cancel", "unpaid"]))
    def choose_the_end(self, choice: Literal["cancel", "unpaid"]) -> None:
        self.billed.world.put(BillingSettings(on_exhausted=choice))

    @precondition(lambda self: self.live)
    @rule()
    def pay(self) -> None:
        for invoice in invoices.unpaid_invoices(self.billed.world, self.billed.subscription):
            self._try(lambda _, invoice=invoice: renewals.pay_now(self.billed.world, invoice))

    @rule(cents=st.integers(1, 60_000))
    def refund(self, cents: int) -> None:
        for payment in self.billed.world.all(Payment, "workspace", self.billed.workspace_id)[-1:]:
            self._try(
                lambda _, payment=payment: payments.refund(
                    self.billed.world, payment, amount_cents=cents
                )
            )

    def _try(self, step: object) -> None:
        assert callable(step)
        with contextlib.suppress(Refusal), self.billed.world.transaction():
            step(self.live)
        entitlement.receive_waiting(self.billed.world)

    @invariant()
    def never_two_live(self) -> None:
        found = self.billed.world.all(Subscription, "workspace", self.billed.workspace_id)
        assert sum(one.status in LIVE for one in found) <= 1

    @invariant()
    def invoices_add_up(self) -> None:
        balance = 0
        closed = [one for one in self.billed.invoices if one.finalized_at is not None]
        for one in sorted(closed, key=lambda one: int((one.number or "-0").split("-")[1])):
            assert one.total_cents == sum(line.amount_cents for line in one.lines)
            assert one.starting_balance_cents == balance
            assert one.ending_balance_cents is not None
            used = one.ending_balance_cents - balance
            assert one.due_cents == one.total_cents - used >= 0
            balance = one.ending_balance_cents
            assert balance <= 0
            assert one.paid_cents == (one.due_cents if one.status == "paid" else 0)
        if closed:
            assert self.billed.customer.balance_cents == balance

    @invariant()
    def what_was_charged_is_what_was_paid(self) -> None:
        taken = self.billed.world.all(Payment, "workspace", self.billed.workspace_id)
        charged = sum(one.amount_cents for one in taken if one.failure is None)
        assert charged == sum(one.paid_cents for one in self.billed.invoices)
        assert all(0 <= one.refunded_cents <= one.amount_cents for one in taken)

    @invariant()
    def entitlement_follows_status(self) -> None:
        live = self.live
        if live is not None and live.status in ENTITLED:
            assert self.billed.workspace.plan == live.plan
            assert self.billed.workspace.period_anchor == live.anchor
        else:
            assert self.billed.workspace.plan == "free"

    @invariant()
    def every_change_has_an_event_and_every_event_a_change(self) -> None:
        events = self.billed.world.all(Event, "all", ())[self.seen :]
        self.seen += len(events)
        for event in events:
            if event.before is not None:
                assert event.before is not event.record
                assert self.known.get(event.record.id) is event.before or not isinstance(
                    event.record, Subscription
                )
            if event.kind == "invoice.deleted":
                self.known.pop(event.record.id)
            elif isinstance(event.record, EXPLAINED):
                self.known[event.record.id] = event.record
        for kind in EXPLAINED:
            for record in self.billed.world.all(kind, "workspace", self.billed.workspace_id):
                assert self.known[record.id] is record, f"{record} changed without an event"

    @invariant()
    def a_live_subscription_has_a_next_step(self) -> None:
        live = self.live
        if live is not None:
            assert live.period_start <= self.billed.world.now < live.period_end


TestBilling = Billing.TestCase
TestBilling.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
