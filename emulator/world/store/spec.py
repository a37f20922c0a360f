"""Specifications of tables: the name, the class of records, and what the indexes hold."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from emulator.world.store.sorted_keys import Key


class Record(Protocol):
    """Anything with an id that is unique within its table."""

    @property
    def id(self) -> str:
        """The id."""
        ...

    def __hash__(self) -> int: ...


Extract = Callable[[Any], Hashable | None]
"""Returns the key of a record in an index, or None to leave the record out of the index."""


Change = tuple[Any, Any]
"""A record before and after a change; None where it did not or does not exist."""


def _by_creation(record: Any) -> Key:
    return (record.created_at, record.ordinal, record.id)


@dataclass(frozen=True, slots=True)
class TableSpec:
    """The name of a table, the class of its records, its indexes by name, and the order of its
    lists; `orders` has the exceptions, by ordered index.
    """

    name: str
    record: type[Any]
    unique: Mapping[str, Extract]
    ordered: Mapping[str, Extract]
    order: Callable[[Any], Key] = _by_creation
    orders: Mapping[str, Callable[[Any], Key]] = field(default_factory=dict)
