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
from weakref import WeakKeyDictionary

_MODULUS = 1 << 128


class Digest:
    """The digest of one state, as a number; `str()` gives 32 hexadecimal digits."""

    __slots__ = ("value",)

    def __init__(self, value: int) -> None:
        self.value = value

    def changed(self, old: int | None, new: int | None) -> Digest:
        """Return the digest with the hash of one record replaced by that of another."""
        return Digest((self.value - (old or 0) + (new or 0)) % _MODULUS)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Digest) and other.value == self.value

    def __hash__(self) -> int:
        return hash(self.value)

    def __str__(self) -> str:
        return f"{self.value:032x}"


_digests: WeakKeyDictionary[object, tuple[str, int]] = WeakKeyDictionary()
"""Record → its table and digest, a cache: a record that is replaced has its digest subtracted."""


def record_digest(table: str, record: object) -> int:
    """Return the hash of a record: of its table's name and every field."""
    found = _digests.get(record)
    if found is not None and found[0] == table:
        return found[1]
    text = _encode((table, _values(record)))
    digest = int.from_bytes(blake2b(text.encode(), digest_size=16).digest())
    _digests[record] = (table, digest)
    return digest


@cache
def _fields_of(kind: Hashable) -> attrgetter[Any]:
    return attrgetter(*(field.name for field in fields(cast(Any, kind))))


def _values(record: object) -> Any:
    return _fields_of(cast(Hashable, type(record)))(record)


_encode = json.JSONEncoder(separators=(",", ":"), default=_values).encode
