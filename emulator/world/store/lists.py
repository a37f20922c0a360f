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
        many = len(self._unsorted) + len(changes) > _UNSORTED_MAX
        if many or any(old is not None for old, _ in changes):
            return Lists(self._spec, _reindexed(self._spec, self._sorted(), changes))
        return Lists(self._spec, self._indexes, (*self._unsorted, *(new for _, new in changes)))

    def _sorted(self) -> dict[str, _Index]:
        if self._unsorted:
            added = [(None, record) for record in self._unsorted]
            self._indexes = _reindexed(self._spec, self._indexes, added)
            self._unsorted = ()
        return self._indexes


def _reindexed(
    spec: TableSpec, indexes: dict[str, _Index], changes: Sequence[Change]
) -> dict[str, _Index]:
    # Indexes of one order share their keys, each of which takes 64 bytes.
    places = _places(spec.order, changes)
    return {
        name: _reordered(
            indexes[name],
            extract,
            changes,
            _places(spec.orders[name], changes) if name in spec.orders else places,
        )
        for name, extract in spec.ordered.items()
    }


_Place = tuple[Key | None, Key | None]
"""The keys of a record before and after a change; None where it did not or does not exist."""


def _places(order: Callable[[Any], Key], changes: Sequence[Change]) -> list[_Place]:
    return [
        (None if old is None else order(old), None if new is None else order(new))
        for old, new in changes
    ]


def _reordered(
    index: _Index, extract: Extract, changes: Sequence[Change], places: list[_Place]
) -> _Index:
    """Return an index with every change; what is added to one list is added at once."""
    added: dict[Hashable, list[Key]] = {}
    for (old, new), (before, after) in zip(changes, places, strict=True):
        new_key = None if after is None else extract(new)
        if before is not None:
            old_key = extract(old)
            if old_key == new_key and before == after:
                continue
            if old_key is not None:
                rest = index[old_key].remove(before)
                index = index.insert(old_key, rest) if rest else index.remove(old_key)
        if new_key is not None and after is not None:
            added.setdefault(new_key, []).append(after)
    return index.update(
        (under, index.get(under, _EMPTY).merge(keys)) for under, keys in added.items()
    )
