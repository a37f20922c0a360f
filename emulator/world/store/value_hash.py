"""Hashes of values: equal for equal values of the types that JSON has."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any

from orjson import dumps


def hash_of(value: Any) -> str:
    """Return 32 hexadecimal digits."""
    try:
        text = dumps(value)
    except TypeError:  # a number beyond 64 bits, or a text with half a surrogate pair
        text = json.dumps(value).encode()
    return blake2b(text, digest_size=16).hexdigest()
