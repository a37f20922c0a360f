"""Billing intervals: periods that follow an anchor, prices, and prorated shares in cents."""

from __future__ import annotations

from emulator.world.core.times import instant, to_datetime
from emulator.world.metering.periods import months_after
from emulator.world.records.types import Instant, Interval
from emulator.world.records.workspaces import Plan

MONTHS = {"month": 1, "year": 12}
_MONTHS_A_YEAR = 12


def price_of(plan: Plan, interval: Interval) -> int:
    """Return the price of one period of a plan, in cents."""
    return plan.month_price_cents if interval == "month" else plan.year_price_cents


def next_end(anchor: Instant, start: Instant, interval: Interval) -> Instant:
    """Return the end of the period that starts at `start`, a month or year that follows `anchor`.

    Real: in a month without the anchor's day the period ends on the last day, and later periods
    return to the anchor's day (docs.stripe.com/billing/subscriptions/billing-cycle).
    """
    began, since = to_datetime(anchor), to_datetime(start)
    months = _MONTHS_A_YEAR * (since.year - began.year) + since.month - began.month
    end = instant(months_after(began, months + MONTHS[interval]))
    return end if end > start else instant(months_after(began, months + 1 + MONTHS[interval]))


def share_of(amount_cents: int, part: int, whole: int) -> int:
    """Return the share `part / whole` of an amount in cents; half a cent is rounded up."""
    return (2 * amount_cents * part + whole) // (2 * whole)
