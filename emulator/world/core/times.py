"""Instants, converted to and from datetimes, durations and RFC 3339."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from emulator.world.records.types import Instant

SECOND = 1_000_000
DAY = 86_400 * SECOND

_UNIX = datetime(1970, 1, 1, tzinfo=UTC)
_UNIX_WITHOUT_ZONE = datetime(1970, 1, 1)  # noqa: DTZ001 - to write times, which is faster so
_MICROSECOND = timedelta(microseconds=1)

LATEST: Instant = (datetime(9000, 1, 1, tzinfo=UTC) - _UNIX) // _MICROSECOND
"""The last instant of any clock, so that every year has four digits."""


def instant(moment: datetime) -> Instant:
    """Return an aware datetime as an instant."""
    return (moment - _UNIX) // _MICROSECOND


def microseconds(span: timedelta) -> int:
    """Return a duration in microseconds."""
    return span // _MICROSECOND


def to_datetime(moment: Instant) -> datetime:
    """Return an instant as an aware datetime in UTC."""
    return _UNIX + timedelta(microseconds=moment)


def text_or_none(moment: Instant | None) -> str | None:
    """Return RFC 3339 in UTC, or None for None."""
    return None if moment is None else to_text(moment)


@lru_cache(maxsize=1024)
def to_text(moment: Instant) -> str:
    """Return RFC 3339 in UTC; the fraction is left out where it is zero.

    Cached: what is shown has few times, which often are the world's own.
    """
    return (_UNIX_WITHOUT_ZONE + timedelta(microseconds=moment)).isoformat() + "Z"
