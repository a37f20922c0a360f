"""JSON objects and slugs as values."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, cast

from emulator.world.records import JsonText

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def json_text(value: Mapping[str, Any]) -> JsonText:
    """Return a JSON object as text that is equal for equal objects."""
    return _encode(value)


def json_object(text: JsonText) -> dict[str, Any]:
    """Return the JSON object that the text holds, as a fresh dict."""
    return cast(dict[str, Any], json.loads(text))


def slugify(name: str) -> str:
    """Return `name` in lower-case ASCII letters, digits and hyphens, at most 40; never empty."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "untitled"
