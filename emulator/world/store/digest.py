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
from operator import attrgetter
from typing import Any, cast

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
    text = _encode((table, _values(record)))
    return int.from_bytes(blake2b(text.encode(), digest_size=16).digest())


@cache
def _fields_of(kind: Hashable) -> attrgetter[Any]:
    return attrgetter(*(field.name for field in fields(cast(Any, kind))))


def _values(record: object) -> Any:
    return _fields_of(cast(Hashable, type(record)))(record)


_encode = json.JSONEncoder(separators=(",", ":"), default=_values).encode
