"""Cursors: opaque positions in a list that stay valid while the list grows."""

from __future__ import annotations

import base64
import binascii
from typing import Any, TypeVar

import orjson

from emulator.wire.json_reader import load_json
from emulator.world.core.refusals import Invalid
from emulator.world.store.sorted_keys import Key
from emulator.world.store.spec import Record

R = TypeVar("R", bound=Record)


def first_page(found: list[R], limit: int) -> tuple[list[R], str | None]:
    """Return up to `limit` of the records found and the cursor of the next page, which is None if
    no more than `limit` were found.
    """
    page = found[:limit]
    return page, cursor_after(page[-1]) if len(found) > limit else None


def cursor_after(record: Any) -> str:
    """Return the cursor of the page that follows `record`."""
    text = orjson.dumps([record.created_at, record.ordinal, record.id])
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def read_cursor(cursor: str | None) -> Key | None:
    """Return the position of a cursor, or None without a cursor. Raises Invalid."""
    if cursor is None:
        return None
    try:
        parts = load_json(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        parts = None
    if isinstance(parts, list) and [type(part) for part in parts] == [int, int, str]:
        created_at, ordinal, record_id = parts
        return (created_at, ordinal, record_id)
    raise Invalid("cursor", "This cursor is broken; send next_cursor as you received it.")
