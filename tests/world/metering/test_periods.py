"""Periods of use as a function of anchor and now."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.world.core.times import LATEST, instant, to_text
from emulator.world.metering.periods import period_at

MOMENTS = st.integers(0, LATEST)


def at(text: str) -> int:
    return instant(datetime.fromisoformat(text).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("anchor", "now", "start", "end"),
    [
        (None, "2026-01-01T00:00:00", "2026-01-01T00:00:00", "2026-02-01T00:00:00"),
        (None, "2026-01-31T23:59:59.999999", "2026-01-01T00:00:00", "2026-02-01T00:00:00"),
        (None, "2026-12-05", "2026-12-01T00:00:00", "2027-01-01T00:00:00"),
        ("2026-01-15T08:00:00", "2026-01-15T08:00", "2026-01-15T08:00:00", "2026-02-15T08:00:00"),
        ("2026-01-15T08:00:00", "2026-02-15T07:59", "2026-01-15T08:00:00", "2026-02-15T08:00:00"),
        ("2026-01-15T08:00:00", "2027-03-01", "2027-02-15T08:00:00", "2027-03-15T08:00:00"),
        ("2026-01-15T08:00:00", "2026-01-02", "2025-12-15T08:00:00", "2026-01-15T08:00:00"),
        ("2026-01-31T00:00:00", "2026-02-27", "2026-01-31T00:00:00", "2026-02-28T00:00:00"),
        ("2026-01-31T00:00:00", "2026-02-28", "2026-02-28T00:00:00", "2026-03-31T00:00:00"),
        ("2028-01-31T00:00:00", "2028-02-29", "2028-02-29T00:00:00", "2028-03-31T00:00:00"),
        ("2024-02-29T00:00:00", "2025-03-01", "2025-02-28T00:00:00", "2025-03-29T00:00:00"),
    ],
    ids=str,
)
def test_a_period_is_a_month_that_follows_its_anchor(
    anchor: str | None, now: str, start: str, end: str
) -> None:
    period = period_at(None if anchor is None else at(anchor), at(now))
    assert (to_text(period.start), to_text(period.end)) == (f"{start}Z", f"{end}Z")


@given(anchor=st.none() | MOMENTS, now=MOMENTS)
def test_periods_hold_now_and_follow_one_another_without_a_gap(
    anchor: int | None, now: int
) -> None:
    period = period_at(anchor, now)
    assert period.start <= now < period.end
    following, inside = period_at(anchor, period.end), period_at(anchor, period.end - 1)
    assert following.start == period.end
    assert (inside.start, inside.end) == (period.start, period.end)
