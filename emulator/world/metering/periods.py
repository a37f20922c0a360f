"""Usage periods: months that follow an anchor, as a pure function of an instant."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from emulator.world.core.times import instant, to_datetime
from emulator.world.records.types import Instant

_MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The time from `start` up to, but not including, `end`."""

    start: Instant
    end: Instant


@lru_cache(maxsize=256)
def period_at(anchor: Instant | None, now: Instant) -> Period:
    """Return the month of `now`: one that follows the anchor, or a calendar month in UTC.

    Assumed: usage is counted by the month on yearly subscriptions too, as caps are per month. Real:
    in a month without the anchor's day the period ends on the last day, as in Stripe
    (docs.stripe.com/billing/subscriptions/billing-cycle).
    """
    at = to_datetime(now)
    since = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if anchor is not None:
        since = to_datetime(anchor)
    months = _MONTHS * (at.year - since.year) + at.month - since.month
    if months_after(since, months) > at:
        months -= 1
    return Period(
        start=instant(months_after(since, months)), end=instant(months_after(since, months + 1))
    )


def months_after(moment: datetime, months: int) -> datetime:
    """Return the same day and time some months later, or the last day of a shorter month."""
    years, month = divmod(_MONTHS * moment.year + moment.month - 1 + months, _MONTHS)
    day = min(moment.day, monthrange(years, month + 1)[1])
    return moment.replace(year=years, month=month + 1, day=day)
