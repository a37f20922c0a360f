"""Subscriptions of a seed: begun in the past and lived through to the epoch, by the operations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from emulator.seeding.schema import SeedSubscription
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

_AGES: Mapping[str, tuple[int, int]] = {
    "trialing": (0, 4),
    "active": (0, 10),
    "past_due": (1, 1),
    "unpaid": (1, 20),
    "canceled": (1, 5),
}
"""Status → how many periods and days before the epoch it began, so that it has come to that."""

_FAILING = ("past_due", "unpaid")


def live_through(
    world: World,
    workspace: Workspace,
    said: SeedSubscription,
    *,
    owner: User,
    started_at: Instant | None,
) -> None:
    """Begin a subscription and let it live until the epoch; the clock stands there again then.

    Refuses Invalid where it is then not what the seed says, and as the operations do.
    """
    epoch = world.epoch
    start = _default_start(said, epoch) if started_at is None else started_at
    if start > epoch:
        raise Invalid("started_at", "A subscription cannot have begun after the epoch.")
    # The one place that puts a clock back: nothing else of this world has a past yet.
    world.put(Clock(now=start))
    settings = webhook_endpoints.settings_of(world)
    becomes_unpaid = said.status == "unpaid"
    world.put(replace(settings, on_exhausted="unpaid" if becomes_unpaid else "cancel"))
    _begin(world, workspace, said, owner=owner)
    lifecycle.move(world, to=epoch)
    world.put(settings)
    entitlement.receive_waiting(world)
    known = newest_subscription(world, workspace.id)
    status = None if known is None else known.status
    if status != said.status:
        raise Invalid("status", f"Begun then, it is {status} at the epoch, not {said.status}.")


def _default_start(said: SeedSubscription, epoch: Instant) -> Instant:
    periods, days = _AGES[said.status]
    back = months_after(to_datetime(epoch - days * DAY), -periods * MONTHS[said.interval])
    return instant(back)


def _begin(world: World, workspace: Workspace, said: SeedSubscription, *, owner: User) -> None:
    plan = plan_named(world, said.plan)
    is_failing = said.status in _FAILING
    first = GOOD if is_failing else said.card
    holder = owner.name or owner.email
    customer = ensure_customer(world, workspace, email=owner.email, name=holder, user_id=owner.id)
    if first is not None:
        attach_card(world, customer, cards.facts_of(world, first, holder=holder))
    subscription = start_subscription(
        world,
        _payer(world, workspace),
        plan=plan,
        interval=said.interval,
        trial_days=_trial_days(said, plan),
    )
    if said.cancel_at_period_end or said.status == "canceled":
        cancel_at_period_end(world, subscription)
    if is_failing:
        number = FAILS_LATER if said.card in (None, GOOD) else said.card
        assert number is not None
        facts = cards.facts_of(world, number, holder=holder)
        use_card(world, _payer(world, workspace), facts)


def _payer(world: World, workspace: Workspace) -> Customer:
    customer = customer_of(world, workspace.id)
    assert customer is not None
    return customer


def _trial_days(said: SeedSubscription, plan: Plan) -> int:
    if said.trial_days is not None:
        return said.trial_days
    return plan.trial_days if said.status == "trialing" else 0
