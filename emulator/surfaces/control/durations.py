"""Durations in ISO 8601, by which the clock is moved."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from pydantic import PlainValidator, TypeAdapter, ValidationError, WithJsonSchema

from emulator.wire.http.validation_messages import message_for
from emulator.world.core.times import microseconds

_CALENDAR = re.compile(r"P(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(.*)")
"""The years and months that a duration starts with, and the rest of it."""

_MONTHS_A_YEAR = 12
_SPAN = TypeAdapter(timedelta)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Calendar months, and then microseconds."""

    months: int = 0
    microseconds: int = 0


def _stretch(value: Any) -> Stretch:
    months = 0
    found = _CALENDAR.fullmatch(value) if isinstance(value, str) else None
    if found is not None and (found[1] or found[2]):
        months = _MONTHS_A_YEAR * int(found[1] or 0) + int(found[2] or 0)
        value = f"P{found[3]}" if found[3] else "PT0S"
    try:
        span = _SPAN.validate_python(value if isinstance(value, str) else None)
    except ValidationError as error:
        raise ValueError(message_for(error.errors()[0])) from error
    return Stretch(months=months, microseconds=microseconds(span))


Span = Annotated[
    Stretch,
    PlainValidator(_stretch),
    WithJsonSchema({"type": "string", "examples": ["P30D", "P1M"]}),
]
"""A duration. Assumed: `P1M` is a calendar month, as billing counts months, so that from 1 January
it leads to 1 February and the renewal there; pydantic would read it as 30 days.
"""
