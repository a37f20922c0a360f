"""What control's handlers share: answering JSON, reading whole numbers."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import Request, Response

from emulator.live import Live
from emulator.seeding.schema import Strict
from emulator.wire.exchange import exchange_of
from emulator.world.refusals import Invalid
from emulator.worlds import Worlds

_DIGITS_MAX = 18


class Nothing(Strict):
    """What takes no body takes an empty object too, and no member."""


def reply(view: Any, *, status: int = 200) -> Response:
    """Return a view as JSON."""
    return Response(orjson.dumps(view), status_code=status, media_type="application/json")


def whole(text: str | None, name: str, *, default: int, most: int) -> int:
    """Return a query member as a whole number from 1 to `most`. Refuses Invalid."""
    if text is None:
        return default
    number = natural(text, name)
    if not 0 < number <= most:
        raise Invalid(name, f"{name} should be a whole number from 1 to {most}")
    return number


def natural(text: str, name: str) -> int:
    """Return a text of digits as the number that it is. Refuses Invalid."""
    if not text.isascii() or not text.isdigit() or len(text) > _DIGITS_MAX:
        raise Invalid(name, f"{name} should be a whole number")
    return int(text)


def live_of(request: Request, worlds: Worlds) -> Live:
    """Return the world of a request with what lies beside its state."""
    return worlds.known(exchange_of(request).world.name)
