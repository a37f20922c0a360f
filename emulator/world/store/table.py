"""Tables as values: rows by id, unique indexes and ordered indexes, all persistent maps.

A change returns a new table, which shares everything else with the old table. A hash map is never
iterated into output: every list has an ordered index.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Generic, TypeVar

from rpds import HashTrieMap

from emulator.world.store.lists import Lists
from emulator.world.store.sorted_keys import Key
from emulator.world.store.spec import Change, Record, TableSpec

R = TypeVar("R", bound=Record)

FEW = 2
"""Up to how many changes of a map are faster one by one than in bulk, as measured."""


class Table(Generic[R]):
    """An immutable table of records, which a `TableDraft` changes."""

    __slots__ = ("_lists", "_rows", "_unique", "digests", "get", "spec")

    def __init__(
        self,
        spec: TableSpec,
        rows: HashTrieMap[str, R] | None = None,
        unique: dict[str, HashTrieMap[Hashable, str]] | None = None,
        lists: Lists | None = None,
        digests: Mapping[str, int] | None = None,
    ) -> None:
        self.spec = spec
        self._rows = HashTrieMap() if rows is None else rows
        self.get: Callable[[str], R | None] = self._rows.get
        """Returns the record of that id, or None. Not a method of the class: a request looks up
        some 30 records.
        """
        self._unique = {name: HashTrieMap() for name in spec.unique} if unique is None else unique
        self._lists = Lists.of(spec) if lists is None else lists
        self.digests: Mapping[str, int] = {} if digests is None else digests
        """The digests of the records that the last change wrote, if they were few, by id: counters
        are written again and again.
        """

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, index: str, key: Hashable) -> R | None:
        """Return the record that the unique index `index` holds under `key`, or None."""
        record_id = self._unique[index].get(key)
        return None if record_id is None else self._rows[record_id]

    def holder(self, index: str, key: Hashable) -> str | None:
        """Return the id of the record that the unique index `index` holds under `key`, or None."""
        return self._unique[index].get(key)

    def newest(
        self, index: str, key: Hashable, *, limit: int, before: Key | None = None
    ) -> list[R]:
        """Return up to `limit` records under `key`, newest first, older than `before`."""
        keys = self._lists.keys(index, key)
        if keys is None:
            return []
        rows = self._rows
        return [rows[record_id] for _, _, record_id in keys.newest(limit, before=before)]

    def oldest(self, index: str, key: Hashable) -> R | None:
        """Return the first record under `key`, or None."""
        keys = self._lists.keys(index, key)
        return None if keys is None else self._rows[keys.oldest()[2]]

    def all(self, index: str, key: Hashable) -> list[R]:
        """Return every record under `key`, oldest first; for lists that stay short."""
        keys = self._lists.keys(index, key)
        return [] if keys is None else [self._rows[record_id] for _, _, record_id in keys]

    def count(self, index: str, key: Hashable) -> int:
        """Return the number of records under `key`."""
        keys = self._lists.keys(index, key)
        return 0 if keys is None else len(keys)

    def count_from(self, index: str, key: Hashable, moment: int) -> int:
        """Return the number of records under `key` that sort at or after an instant."""
        keys = self._lists.keys(index, key)
        return 0 if keys is None else keys.count_from((moment, -1, ""))

    def rows(self) -> list[R]:
        """Return every record, sorted by id, for exports of the whole table."""
        return sorted(self._rows.values(), key=lambda record: record.id)

    def changed(
        self,
        changes: list[Change],
        unique: Mapping[str, Mapping[Hashable, str | None]],
        *,
        digests: Mapping[str, int],
    ) -> Table[R]:
        """Return the table with some records changed, each of them once.

        `unique` has the entries of unique indexes that change with them; None removes an entry.
        """
        own = self._unique
        return Table(
            self.spec,
            _with_records(self._rows, changes),
            {name: _with_entries(own[name], unique[name]) for name in own} if own else own,
            self._lists.changed(changes),
            digests if len(changes) <= FEW else None,
        )


def _with_records(rows: HashTrieMap[str, R], changes: list[Change]) -> HashTrieMap[str, R]:
    if len(changes) > FEW:
        return _with_entries(rows, {(new or old).id: new for old, new in changes})
    for old, new in changes:
        rows = rows.remove(old.id) if new is None else rows.insert(new.id, new)
    return rows


K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def _with_entries(index: HashTrieMap[K, V], entries: Mapping[K, V | None]) -> HashTrieMap[K, V]:
    """Return a map with each entry in place of that of its key; None removes an entry."""
    if not entries:
        return index
    added = {key: value for key, value in entries.items() if value is not None}
    if len(added) < len(entries):
        for key in entries.keys() - added.keys():
            index = index.discard(key)
    return index.update(added)
