"""Tables as values: rows by id, unique indexes and ordered indexes, all persistent maps.

A write returns a new table, which shares everything else with the old table. This module alone
uses the persistent map. A hash map is never iterated into output: every list has an ordered index.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from rpds import HashTrieMap

from emulator.world.store.sorted_keys import Key, Ordered


class Record(Protocol):
    """Anything with an id that is unique within its table."""

    @property
    def id(self) -> str:
        """The id."""
        ...

    def __hash__(self) -> int: ...


R = TypeVar("R", bound=Record)

Extract = Callable[[Any], Hashable | None]
"""Returns the key of a record in an index, or None to leave the record out of the index."""


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

    def order_of(self, index: str) -> Callable[[Any], Key]:
        """Return the function that gives a record's key in an ordered index."""
        return self.orders.get(index, self.order)


class Table(Generic[R]):
    """An immutable table of records; `replace` and `extend` return a new table."""

    __slots__ = ("_ordered", "_rows", "_unique", "spec")

    def __init__(
        self,
        spec: TableSpec,
        rows: HashTrieMap[str, R] | None = None,
        unique: dict[str, HashTrieMap[Hashable, str]] | None = None,
        ordered: dict[str, HashTrieMap[Hashable, Ordered]] | None = None,
    ) -> None:
        self.spec = spec
        self._rows = HashTrieMap() if rows is None else rows
        self._unique = {name: HashTrieMap() for name in spec.unique} if unique is None else unique
        self._ordered = (
            {name: HashTrieMap() for name in spec.ordered} if ordered is None else ordered
        )

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, record_id: str) -> R | None:
        """Return the record of that id, or None."""
        return self._rows.get(record_id)

    def find(self, index: str, key: Hashable) -> R | None:
        """Return the record that the unique index `index` holds under `key`, or None."""
        record_id = self._unique[index].get(key)
        return None if record_id is None else self._rows[record_id]

    def newest(
        self, index: str, key: Hashable, *, limit: int, before: Key | None = None
    ) -> list[R]:
        """Return up to `limit` records under `key`, newest first, older than `before`."""
        keys = self._ordered[index].get(key)
        if keys is None:
            return []
        rows = self._rows
        return [rows[record_id] for _, _, record_id in keys.newest(limit, before=before)]

    def oldest(self, index: str, key: Hashable) -> R | None:
        """Return the first record under `key`, or None."""
        keys = self._ordered[index].get(key)
        return None if keys is None else self._rows[keys.oldest()[2]]

    def all(self, index: str, key: Hashable) -> list[R]:
        """Return every record under `key`, oldest first; for lists that stay short."""
        keys = self._ordered[index].get(key)
        return [] if keys is None else [self._rows[record_id] for _, _, record_id in keys]

    def count(self, index: str, key: Hashable) -> int:
        """Return the number of records under `key`."""
        keys = self._ordered[index].get(key)
        return 0 if keys is None else len(keys)

    def count_from(self, index: str, key: Hashable, moment: int) -> int:
        """Return the number of records under `key` that sort at or after an instant."""
        keys = self._ordered[index].get(key)
        return 0 if keys is None else keys.count_from((moment, -1, ""))

    def rows(self) -> list[R]:
        """Return every record, sorted by id, for exports of the whole table."""
        return sorted(self._rows.values(), key=lambda record: record.id)

    def replace(self, old: R | None, new: R | None) -> Table[R]:
        """Return the table without `old` and with `new`; either may be None."""
        rows = self._rows
        unique, ordered = self._unique, self._ordered
        if new is not None:
            rows = rows.insert(new.id, new)
        elif old is not None:
            rows = rows.remove(old.id)
        if unique:
            unique = {
                name: _reindex_unique(unique[name], extract, old, new)
                for name, extract in self.spec.unique.items()
            }
        if ordered:
            ordered = {
                name: _reindex_ordered(ordered[name], extract, old, new, self.spec.order_of(name))
                for name, extract in self.spec.ordered.items()
            }
        return Table(self.spec, rows, unique, ordered)

    def extend(self, records: list[R]) -> Table[R]:
        """Return the table with `records` added, whose ids must be new; faster than `replace` for a
        few dozen or more.
        """
        rows = self._rows.update((record.id, record) for record in records)
        if len(rows) != len(self._rows) + len(records):
            raise ValueError("an id is given twice or exists already")
        unique = {}
        for name, extract in self.spec.unique.items():
            index = self._unique[name]
            for record in records:
                index = _reindex_unique(index, extract, None, record)
            unique[name] = index
        places = [self.spec.order(record) for record in records] if self.spec.ordered else []
        ordered = {
            name: _extend_ordered(
                self._ordered[name],
                extract,
                records,
                list(map(self.spec.orders[name], records)) if name in self.spec.orders else places,
            )
            for name, extract in self.spec.ordered.items()
        }
        return Table(self.spec, rows, unique, ordered)


def _reindex_unique(
    index: HashTrieMap[Hashable, str], extract: Extract, old: Record | None, new: Record | None
) -> HashTrieMap[Hashable, str]:
    old_key = None if old is None else extract(old)
    new_key = None if new is None else extract(new)
    if old_key == new_key:
        return index
    if old_key is not None:
        index = index.remove(old_key)
    if new_key is not None and new is not None:
        if new_key in index:
            raise ValueError(f"duplicate key {new_key!r}")
        index = index.insert(new_key, new.id)
    return index


def _reindex_ordered(
    index: HashTrieMap[Hashable, Ordered],
    extract: Extract,
    old: Any,
    new: Any,
    order: Callable[[Any], Key],
) -> HashTrieMap[Hashable, Ordered]:
    old_key = None if old is None else extract(old)
    new_key = None if new is None else extract(new)
    before = None if old is None else order(old)
    after = None if new is None else order(new)
    if old_key == new_key and before == after:
        return index
    if old_key is not None and before is not None:
        rest = index[old_key].remove(before)
        index = index.insert(old_key, rest) if rest else index.remove(old_key)
    if new_key is not None and after is not None:
        index = index.insert(new_key, index.get(new_key, _EMPTY).insert(after))
    return index


_EMPTY = Ordered()


def _extend_ordered(
    index: HashTrieMap[Hashable, Ordered],
    extract: Extract,
    records: Iterable[Any],
    keys: list[Key],
) -> HashTrieMap[Hashable, Ordered]:
    groups: dict[Hashable, list[Key]] = {}
    for record, key in zip(records, keys, strict=True):
        under = extract(record)
        if under is not None:
            groups.setdefault(under, []).append(key)
    return index.update(
        (under, index.get(under, _EMPTY).merge(group)) for under, group in groups.items()
    )
