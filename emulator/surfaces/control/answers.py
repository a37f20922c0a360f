"""What control's handlers share: answering JSON, reading whole numbers."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import Response

from emulator.world.refusals import Invalid


def reply(view: Any, *, status: int = 200) -> Response:
    """Return a view as JSON."""
    return Response(orjson.dumps(view), status_code=status, media_type="application/json")


def whole(text: str | None, name: str, *, default: int, most: int) -> int:
    """Return a query member as a whole number from 1 to `most`. Refuses Invalid."""
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= most:
        raise Invalid(name, f"{name} should be a whole number from 1 to {most}")
    return int(text)
