"""JSON reader that limits nesting to what can be written again.

orjson reads 1,024 levels and writes 254: a deeper body would break every response that contains
it. All JSON from outside is read here.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Any

import orjson

DEPTH_MAX = 128
"""Levels of nesting in JSON from outside."""

STORED_DEPTH_MAX = 160
"""Levels of nesting in records, tokens and cookies, which contain JSON from outside."""

_BRACKETS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_ALL_BUT_BRACKETS_AND_QUOTES = bytes(set(range(256)) - set(_BRACKETS) - {ord('"')})
_QUOTED = re.compile(rb'"[^"]*"?')


class TooDeepError(ValueError):
    """JSON is nested too deeply."""


def load_json(text: bytes | str, *, depth_max: int = DEPTH_MAX) -> Any:
    """Return the value of JSON text.

    Raises TooDeepError, orjson.JSONDecodeError; both are ValueErrors.
    """
    raw = text.encode() if isinstance(text, str) else text
    if raw.count(b"[") + raw.count(b"{") > depth_max and depth_of(raw) > depth_max:
        raise TooDeepError
    return orjson.loads(raw)


def depth_of(text: bytes) -> int:
    """Return the depth of nesting of JSON text, outside strings, in linear time."""
    if b"\\" in text:
        # The order matters: an escaped backslash may stand before a quote that ends its string.
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = text.translate(None, _ALL_BUT_BRACKETS_AND_QUOTES)
    # Most strings contain no bracket. Two adjacent strings may merge, which changes nothing.
    brackets = _QUOTED.sub(b"", brackets.replace(b'""', b""))
    return max(accumulate(map(_BRACKETS.__getitem__, brackets)), default=0)
