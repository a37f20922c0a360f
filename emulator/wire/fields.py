"""Field types of wire models and seeds: ids, names, addresses, times and numbers."""

from __future__ import annotations

import math
import re
from datetime import datetime
from difflib import get_close_matches
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)

from emulator.world.billing.events import EVENT_KINDS
from emulator.world.billing.webhook_endpoints import ALL_KINDS
from emulator.world.core.json_text import json_text

UUID_TEXT = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
EVENT_NAMES = (ALL_KINDS, *EVENT_KINDS)

_CONTROLS = re.compile(r"[\x00-\x20\x7f]")


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("Input should be a finite number")
    return value


Number = Annotated[int | float, PlainValidator(_number), WithJsonSchema({"type": "number"})]
"""A finite number with its type preserved: 1 stays 1 and 1.0 stays 1.0."""


def _uuid(value: str) -> str:
    try:
        return str(UUID(value))
    except ValueError:
        raise ValueError("Input should be a UUID") from None


Id = Annotated[str, AfterValidator(_uuid), WithJsonSchema({"type": "string", "format": "uuid"})]

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]

Slug = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", min_length=1, max_length=60)
]

Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        to_lower=True,
        pattern=r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)*$",
        max_length=254,
    ),
]


def _web_url(value: str) -> str:
    if _CONTROLS.search(value):
        raise ValueError("Input should be a URL without spaces and control characters")
    try:
        parts = urlsplit(value)
        _ = parts.port  # ValueError for one that is not a number up to 65535
    except ValueError as error:
        raise ValueError(f"Input should be a URL: {error}") from None
    if not parts.hostname:
        raise ValueError("Input should be a URL with a host")
    return value


WebUrl = Annotated[
    str,
    StringConstraints(pattern=r"^https?://[^\s/]\S*$", max_length=2048),
    AfterValidator(_web_url),
]
"""The URL of a page or an endpoint: http or https only."""


def _event_name(name: str) -> str:
    if name not in EVENT_NAMES:
        near = get_close_matches(name, EVENT_NAMES, n=3) or EVENT_NAMES
        listed = " or ".join(filter(None, [", ".join(map(repr, near[:-1])), repr(near[-1])]))
        raise ValueError(f"{name!r} is not a supported event; use {listed}")
    return name


EventName = Annotated[
    str, AfterValidator(_event_name), WithJsonSchema({"type": "string", "enum": [*EVENT_NAMES]})
]
"""A kind of event that an endpoint can subscribe to, or `*` for all of them."""


Password = Annotated[str, StringConstraints(min_length=6, max_length=72)]


def _jsonable(value: dict[str, Any]) -> dict[str, Any]:
    try:
        json_text(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"Input should be JSON: {error}") from error
    return value


JsonObject = Annotated[dict[str, Any], AfterValidator(_jsonable)]


def within_calendar(value: datetime) -> datetime:
    """Return a time within the years that RFC 3339 can write. Raises ValueError."""
    if not 1800 <= value.year < 9000:  # noqa: PLR2004 - a sane calendar
        raise ValueError("A time must lie between the years 1800 and 9000")
    return value


Time = Annotated[AwareDatetime, AfterValidator(within_calendar)]
"""An instant with a time zone, within the years of RFC 3339."""


class Strict(BaseModel):
    """A model that refuses unknown members, built on first use."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
