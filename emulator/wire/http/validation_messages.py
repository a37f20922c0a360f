"""Validation messages in HTTP and JSON terms instead of pydantic's Python terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_OBJECT = "Input should be a JSON object"
_ARRAY = "Input should be a JSON array"
_BOOLEAN = "Input should be true or false"
_TIME = "Input should be an RFC 3339 time with its zone, such as 2026-01-01T00:00:00Z"
_DURATION = "Input should be an ISO 8601 duration, such as P30D or PT90M"

_SAID: Mapping[str, str] = {
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dict_type": _OBJECT,
    "list_type": _ARRAY,
    "tuple_type": _ARRAY,
    "bool_type": _BOOLEAN,
    "bool_parsing": _BOOLEAN,
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "timezone_aware": _TIME,
    "time_delta_type": _DURATION,
    "time_delta_parsing": _DURATION,
    "too_short": "Array should have at least {min_length} item(s), not {actual_length}",
    "too_long": "Array should have at most {max_length} item(s), not {actual_length}",
}
"""Error type → message. Pydantic's other messages do not mention Python."""


def message_for(complaint: Mapping[str, Any]) -> str:
    """Return the message for an error of pydantic."""
    said = _SAID.get(complaint.get("type", ""))
    if said is not None:
        return said.format_map(complaint.get("ctx", {}))
    return str(complaint["msg"]).removeprefix("Value error, ")
