"""Lists of a table: its ordered indexes, sorted when they are read."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeAlias

from rpds import HashTrieMap

from emulator.world.store.sorted_keys import Key, Ordered
from emulator.world.store.spec import Change, Extract, Record, TableSpec

_UNSORTED_MAX = 64
"""How many records wait to be sorted at most, so that no list waits for many."""

_EMPTY = Ordered()

_Index: TypeAlias = "HashTrieMap[Hashable, Ordered]"


class Lists:
    """The immutable ordered indexes of a table.

    The first read, or the first change of a record that exists, sorts the records that were added
    since the last: few are listed at once, and some together cost less than each alone. Sorting at
    each write took a fifth of creating a run.
    """

    __slots__ = ("_indexes", "_spec", "_unsorted")

    def __init__(
        self,
        spec: TableSpec,
        indexes: dict[str, _Index],
        unsorted: tuple[Record, ...] = (),
    ) -> None:
        self._spec = spec
        self._indexes = indexes
        self._unsorted = unsorted

    @classmethod
    def of(cls, spec: TableSpec) -> Lists:
        """Return the ordered indexes of a table without records."""
        return cls(spec, {name: HashTrieMap() for name in spec.ordered})

    def keys(self, index: str, key: Hashable) -> Ordered | None:
        """Return the sorted keys of the records under `key`, or None."""
        return self._sorted()[index].get(key)

    def changed(self, changes: list[Change]) -> Lists:
        """Return the indexes with some records changed.

        Only records that exist wait to be sorted, so that nothing holds those that were removed.
        """
        if not self._indexes:
            return self
        moved = [change for change in changes if change[0] is not None]
        added = [new for old, new in changes if old is None]
        if not moved and len(self._unsorted) + len(added) <= _UNSORTED_MAX:
            return Lists(self._spec, self._indexes, (*self._unsorted, *added))
        indexes = self._sorted()
        for old, new in moved:
            indexes = _with_move(self._spec, indexes, old, new)
        return Lists(self._spec, _with_added(self._spec, indexes, added))

    def _sorted(self) -> dict[str, _Index]:
        if self._unsorted:
            self._indexes = _with_added(self._spec, self._indexes, self._unsorted)
            self._unsorted = ()
        return self._indexes


def _with_added(
    spec: TableSpec, indexes: dict[str, _Index], records: Sequence[Record]
) -> dict[str, _Index]:
    # Indexes of one order share their keys, each of which takes 64 bytes.
    keys = list(map(spec.order, records))
    return {
        name: _extended(
            indexes[name],
            extract,
            records,
            list(map(spec.orders[name], records)) if name in spec.orders else keys,
        )
        for name, extract in spec.ordered.items()
    }


def _extended(
    index: _Index, extract: Extract, records: Sequence[Record], keys: list[Key]
) -> _Index:
    added: dict[Hashable, list[Key]] = {}
    for record, key in zip(records, keys, strict=True):
        under = extract(record)
        if under is not None:
            added.setdefault(under, []).append(key)
    return index.update(
        (under, index.get(under, _EMPTY).merge(group)) for under, group in added.items()
    )


def _with_move(
    spec: TableSpec, indexes: dict[str, _Index], old: Record, new: Record | None
) -> dict[str, _Index]:
    return {
        name: _moved(indexes[name], extract, old, new, spec.orders.get(name, spec.order))
        for name, extract in spec.ordered.items()
    }


def _moved(
    index: _Index,
    extract: Extract,
    old: Record,
    new: Record | None,
    order: Callable[[Any], Key],
) -> _Index:
    """Return an index with a record in the place of another; None is removed."""
    old_key, before = extract(old), order(old)
    new_key = None if new is None else extract(new)
    after = None if new is None else order(new)
    if old_key == new_key and before == after:
        return index
    if old_key is not None:
        rest = index[old_key].remove(before)
        index = index.insert(old_key, rest) if rest else index.remove(old_key)
    if new_key is not None and after is not None:
        index = index.insert(new_key, index.get(new_key, _EMPTY).insert(after))
    return index
