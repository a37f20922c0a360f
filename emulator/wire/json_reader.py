"""Reading JSON no deeper than it can be written again.

orjson reads 1,024 levels and writes 254, so that a body which was merely read could break every
later answer that shows it. Everything that comes from outside is read here.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Any

import orjson

DEPTH_MAX = 128
"""How deeply JSON from outside may be nested."""

STORED_DEPTH_MAX = 160
"""How deeply JSON of our own may be nested, in records, tokens and cookies: what was read, and the
levels around it.
"""

_BRACKETS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_ALL_BUT_BRACKETS_AND_QUOTES = bytes(set(range(256)) - set(_BRACKETS) - {ord('"')})
_QUOTED = re.compile(rb'"[^"]*"?')


class TooDeepError(ValueError):
    """JSON is nested more deeply than is read."""


def load_json(text: bytes | str, *, depth_max: int = DEPTH_MAX) -> Any:
    """Return what JSON text means. Raises TooDeepError and orjson.JSONDecodeError, which are both
    a ValueError.
    """
    raw = text.encode() if isinstance(text, str) else text
    if raw.count(b"[") + raw.count(b"{") > depth_max and depth_of(raw) > depth_max:
        raise TooDeepError
    return orjson.loads(raw)


def depth_of(text: bytes) -> int:
    """Return how many brackets of JSON text are open at once at most, in linear time; strings are
    skipped.
    """
    if b"\\" in text:
        # The order matters: an escaped backslash may stand before a quote that ends its string.
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = text.translate(None, _ALL_BUT_BRACKETS_AND_QUOTES)
    # Most strings hold no bracket. Two that touch may become one, which is skipped just the same.
    brackets = _QUOTED.sub(b"", brackets.replace(b'""', b""))
    return max(accumulate(map(_BRACKETS.__getitem__, brackets)), default=0)
