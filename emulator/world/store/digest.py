"""The digest of a state: one number, updated in constant time by each write.

It is the sum, modulo 2**128, of a hash of every record with the name of its table. A sum does not
depend on the order of writes, so equal states have equal digests.
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import fields
from functools import cache
from hashlib import blake2b
from math import isfinite
from operator import attrgetter
from typing import Any, cast

import orjson

_MODULUS = 1 << 128


class Digest:
    """The digest of one state, as a number; `str()` gives 32 hexadecimal digits."""

    __slots__ = ("value",)

    def __init__(self, value: int) -> None:
        self.value = value

    def changed(self, *, by: int) -> Digest:
        """Return the digest with hashes of records added, and of others subtracted."""
        return Digest((self.value + by) % _MODULUS)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Digest) and other.value == self.value

    def __hash__(self) -> int:
        return hash(self.value)

    def __str__(self) -> str:
        return f"{self.value:032x}"


def record_digest(table: str, record: object) -> int:
    """Return the hash of a record: of its table's name and every field.

    The hash of a record that is replaced is computed again: a cache of all would take 300 bytes a
    record.
    """
    read, floats = _layout_of(cast(Hashable, type(record)))
    values = read(record)
    try:
        if floats:
            _require_finite(values, floats)
        text = orjson.dumps((table, values))
    except TypeError:
        text = _encode((table, values)).encode()
    return int.from_bytes(blake2b(text, digest_size=16).digest())


def _require_finite(values: tuple[Any, ...], floats: tuple[int, ...]) -> None:
    """Raise TypeError for NaN and infinities, which orjson writes as null.

    It raises the same itself for integers beyond 64 bits and for halves of surrogate pairs.
    """
    for place in floats:
        value = values[place]
        if value is not None and not isfinite(value):
            raise TypeError(value)


@cache
def _layout_of(kind: Hashable) -> tuple[attrgetter[Any], tuple[int, ...]]:
    """Return what reads the fields of a record, and the places of those that hold floats."""
    found = fields(cast(Any, kind))
    floats = (place for place, field in enumerate(found) if "float" in str(field.type))
    return attrgetter(*(field.name for field in found)), tuple(floats)


def _values(record: object) -> Any:
    return _layout_of(cast(Hashable, type(record)))[0](record)


_encode = json.JSONEncoder(separators=(",", ":"), default=_values).encode
"""Encodes the few records that orjson cannot, each as no other record is: what it cannot express
does not occur in its output.
"""
