"""JSON objects as text, so that they are values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from emulator.world.records.types import JsonText

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def json_text(value: Mapping[str, Any]) -> JsonText:
    """Return a JSON object as text that is equal for equal objects."""
    return _encode(value) if value else "{}"


def json_object(text: JsonText) -> dict[str, Any]:
    """Return the JSON object that the text holds, as a fresh dict."""
    return cast(dict[str, Any], json.loads(text))
