"""Tables: the one place that knows the persistent map.

A table is a value: its rows by id, its unique indexes and its ordered indexes are persistent maps,
so a write gives a new table that shares everything else with the old one. A hash map is never
iterated into output: what can be listed has an ordered index.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from rpds import HashTrieMap

from emulator.world.store.sorted_keys import Key, Ordered


class Record(Protocol):
    """What every record has: an id, unique within its table."""

    @property
    def id(self) -> str:
        """The id, unique within the table."""
        ...

    def __hash__(self) -> int: ...


R = TypeVar("R", bound=Record)

Extract = Callable[[Any], Hashable | None]
"""Gives the key of a record in one index; None leaves the record out of that index."""


def _by_creation(record: Any) -> Key:
    return (record.created_at, record.ordinal, record.id)


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A table's name, the class of its records, its indexes by name, and the order of its lists;
    `orders` has that of each ordered index whose order is another.
    """

    name: str
    record: type[Any]
    unique: Mapping[str, Extract]
    ordered: Mapping[str, Extract]
    order: Callable[[Any], Key] = _by_creation
    orders: Mapping[str, Callable[[Any], Key]] = field(default_factory=dict)

    def order_of(self, index: str) -> Callable[[Any], Key]:
        """Return what gives a record's place in an ordered index."""
        return self.orders.get(index, self.order)


class Table(Generic[R]):
    """An immutable table of records. Writing is `replace` and `extend`, which give new tables."""

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
        """Return every record under `key`, oldest first. For lists that are short by nature."""
        keys = self._ordered[index].get(key)
        return [] if keys is None else [self._rows[record_id] for _, _, record_id in keys]

    def count(self, index: str, key: Hashable) -> int:
        """Return how many records stand under `key`."""
        keys = self._ordered[index].get(key)
        return 0 if keys is None else len(keys)

    def count_from(self, index: str, key: Hashable, moment: int) -> int:
        """Return how many records under `key` have their place at or after a moment."""
        keys = self._ordered[index].get(key)
        return 0 if keys is None else keys.count_from((moment, -1, ""))

    def rows(self) -> list[R]:
        """Return every record, sorted by id: for who writes the whole table down."""
        return sorted(self._rows.values(), key=lambda record: record.id)

    def replace(self, old: R | None, new: R | None) -> Table[R]:
        """Return the table with `old` taken out and `new` put in; either may be None."""
        rows = self._rows
        unique, ordered = self._unique, self._ordered
        if new is not None:
            rows = rows.insert(new.id, new)
        elif old is not None:
            rows = rows.remove(old.id)
        if unique:
            unique = {
                name: _moved_unique(unique[name], extract, old, new)
                for name, extract in self.spec.unique.items()
            }
        if ordered:
            ordered = {
                name: _moved_ordered(ordered[name], extract, old, new, self.spec.order_of(name))
                for name, extract in self.spec.ordered.items()
            }
        return Table(self.spec, rows, unique, ordered)

    def extend(self, records: list[R]) -> Table[R]:
        """Return the table with `records` added, none of which it holds yet; quicker than one by
        one from a few dozen on.
        """
        rows = self._rows.update((record.id, record) for record in records)
        if len(rows) != len(self._rows) + len(records):
            raise ValueError("an id comes twice or is held already")
        unique = {}
        for name, extract in self.spec.unique.items():
            index = self._unique[name]
            for record in records:
                index = _moved_unique(index, extract, None, record)
            unique[name] = index
        places = [self.spec.order(record) for record in records] if self.spec.ordered else []
        ordered = {
            name: _grown(
                self._ordered[name],
                extract,
                records,
                list(map(self.spec.orders[name], records)) if name in self.spec.orders else places,
            )
            for name, extract in self.spec.ordered.items()
        }
        return Table(self.spec, rows, unique, ordered)


def _moved_unique(
    index: HashTrieMap[Hashable, str], extract: Extract, old: Record | None, new: Record | None
) -> HashTrieMap[Hashable, str]:
    gone = None if old is None else extract(old)
    come = None if new is None else extract(new)
    if gone == come:
        return index
    if gone is not None:
        index = index.remove(gone)
    if come is not None and new is not None:
        if come in index:
            raise ValueError(f"duplicate key {come!r}")
        index = index.insert(come, new.id)
    return index


def _moved_ordered(
    index: HashTrieMap[Hashable, Ordered],
    extract: Extract,
    old: Any,
    new: Any,
    order: Callable[[Any], Key],
) -> HashTrieMap[Hashable, Ordered]:
    gone = None if old is None else extract(old)
    come = None if new is None else extract(new)
    before = None if old is None else order(old)
    after = None if new is None else order(new)
    if gone == come and before == after:
        return index
    if gone is not None and before is not None:
        rest = index[gone].remove(before)
        index = index.insert(gone, rest) if rest else index.remove(gone)
    if come is not None and after is not None:
        index = index.insert(come, index.get(come, _EMPTY).insert(after))
    return index


_EMPTY = Ordered()


def _grown(
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
