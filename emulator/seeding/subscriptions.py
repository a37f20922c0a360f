"""Subscriptions of a seed: started in the past and run up to the epoch by the usual operations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from emulator.seeding.error_paths import at
from emulator.world import lifecycle
from emulator.world.billing import cards, entitlement, webhook_endpoints
from emulator.world.billing.cards import FAILS_LATER, GOOD
from emulator.world.billing.customers import attach_card, customer_of, ensure_customer
from emulator.world.billing.intervals import MONTHS
from emulator.world.billing.portal import use_card
from emulator.world.billing.subscriptions import (
    cancel_at_period_end,
    newest_subscription,
    start_subscription,
)
from emulator.world.core.refusals import Invalid
from emulator.world.core.times import DAY, instant, to_datetime
from emulator.world.core.world import World
from emulator.world.metering.periods import months_after
from emulator.world.metering.plans import plan_named
from emulator.world.records.billing import Customer
from emulator.world.records.identity import User
from emulator.world.records.system import Clock
from emulator.world.records.types import Instant
from emulator.world.records.workspaces import Plan, Workspace

if TYPE_CHECKING:
    from emulator.seeding.schema import SeedSubscription

_AGES: Mapping[str, tuple[int, int]] = {
    "trialing": (0, 4),
    "active": (0, 10),
    "past_due": (1, 1),
    "unpaid": (1, 20),
    "canceled": (1, 5),
}
"""Status → how many periods and days before the epoch a subscription starts to reach it."""

_FAILING = ("past_due", "unpaid")


def plant_subscription(
    world: World,
    workspace: Workspace,
    spec: SeedSubscription,
    *,
    owner: User,
    started_at: Instant | None,
) -> None:
    """Start a subscription in the past and let time pass up to the epoch.

    Raises Invalid if its status is then not the seed's, and what the operations raise.
    """
    epoch = world.epoch
    start = _default_start(spec, epoch) if started_at is None else started_at
    if start > epoch:
        raise Invalid("started_at", "A subscription cannot start after the epoch.")
    # The one place that turns a clock back: nothing else in this world has a past yet.
    world.put(Clock(now=start))
    settings = webhook_endpoints.settings_of(world)
    becomes_unpaid = spec.status == "unpaid"
    world.put(replace(settings, on_exhausted="unpaid" if becomes_unpaid else "cancel"))
    _start(world, workspace, spec, owner=owner)
    lifecycle.move(world, to=epoch)
    world.put(settings)
    entitlement.receive_waiting(world)
    subscription = newest_subscription(world, workspace.id)
    status = None if subscription is None else subscription.status
    if status != spec.status:
        raise Invalid("status", f"It is {status} at the epoch, not {spec.status}; move its start.")


def _default_start(spec: SeedSubscription, epoch: Instant) -> Instant:
    periods, days = _AGES[spec.status]
    start = months_after(to_datetime(epoch - days * DAY), -periods * MONTHS[spec.interval])
    return instant(start)


def _start(world: World, workspace: Workspace, spec: SeedSubscription, *, owner: User) -> None:
    with at("plan"):
        plan = plan_named(world, spec.plan)
    is_failing = spec.status in _FAILING
    first_card = GOOD if is_failing else spec.card
    holder = owner.name or owner.email
    customer = ensure_customer(world, workspace, email=owner.email, name=holder, user_id=owner.id)
    if first_card is not None:
        attach_card(world, customer, cards.facts_of(world, first_card, holder=holder))
    subscription = start_subscription(
        world,
        _payer(world, workspace),
        plan=plan,
        interval=spec.interval,
        trial_days=_trial_days(spec, plan),
    )
    if spec.cancel_at_period_end or spec.status == "canceled":
        cancel_at_period_end(world, subscription)
    if is_failing:
        number = FAILS_LATER if spec.card in (None, GOOD) else spec.card
        assert number is not None
        facts = cards.facts_of(world, number, holder=holder)
        use_card(world, _payer(world, workspace), facts)


def _payer(world: World, workspace: Workspace) -> Customer:
    customer = customer_of(world, workspace.id)
    assert customer is not None
    return customer


def _trial_days(spec: SeedSubscription, plan: Plan) -> int:
    if spec.trial_days is not None:
        return spec.trial_days
    return plan.trial_days if spec.status == "trialing" else 0
