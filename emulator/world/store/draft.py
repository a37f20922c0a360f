"""Draft of a table: changes that are read at once and brought into its indexes together.

A transaction writes some records several times. Bringing them in once, when the state is read as a
value or a list of the table is, costs a fraction of doing it at each write.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

from emulator.world.store.digest import record_digest
from emulator.world.store.spec import Change, Record
from emulator.world.store.table import Table

R = TypeVar("R", bound=Record)


class TableDraft(Generic[R]):
    """A table and the changes to it: rows and entries of unique indexes, where None is removed."""

    __slots__ = ("_rows", "_table", "_unique", "spec")

    def __init__(self, table: Table[R]) -> None:
        self.spec = table.spec
        self._table = table
        self._rows: dict[str, R | None] = {}
        self._unique: dict[str, dict[Hashable, str | None]] = (
            {name: {} for name in self.spec.unique} if self.spec.unique else {}
        )

    def get(self, record_id: str) -> R | None:
        """Return the record of that id, or None."""
        if record_id in self._rows:
            return self._rows[record_id]
        return self._table.get(record_id)

    def find(self, index: str, key: Hashable) -> R | None:
        """Return the record that the unique index `index` holds under `key`, or None."""
        record_id = self._holder(index, key)
        return None if record_id is None else self.get(record_id)

    def put(self, record: R) -> None:
        """Add a record, or replace the record of its id.

        Raises ValueError, before anything changes, if another record has its key in a unique index.
        """
        if self._unique:
            self._move(self.get(record.id), record)
        self._rows[record.id] = record

    def remove(self, record_id: str) -> None:
        """Remove the record of that id. Raises KeyError."""
        old = self.get(record_id)
        if old is None:
            raise KeyError(record_id)
        if self._unique:
            self._move(old, None)
        self._rows[record_id] = None

    def extend(self, records: Iterable[R]) -> None:
        """Add records.

        Raises ValueError, before anything changes, for an id or a key that exists or is given
        twice.
        """
        rows: dict[str, R] = {}
        for record in records:
            if record.id in rows or self.get(record.id) is not None:
                raise ValueError("an id is given twice or exists already")
            rows[record.id] = record
        added: dict[str, dict[Hashable, str | None]] = {}
        for name, extract in self.spec.unique.items():
            entries = added[name] = {}
            for record in rows.values():
                key = extract(record)
                if key is not None:
                    if key in entries or self._holder(name, key) is not None:
                        raise ValueError(f"duplicate key {key!r}")
                    entries[key] = record.id
        self._rows.update(rows)
        for name, entries in added.items():
            self._unique[name].update(entries)

    def brought_in(self) -> tuple[Table[R], int]:
        """Return the table with the changes, and what they add to the digest of the state."""
        table, name = self._table, self.spec.name
        changes: list[Change] = []
        digests: dict[str, int] = {}
        added = 0
        for record_id, new in self._rows.items():
            old = table.get(record_id)
            if old is not None:
                known = table.digests.get(record_id)
                added -= record_digest(name, old) if known is None else known
            elif new is None:
                continue
            if new is not None:
                digests[record_id] = record_digest(name, new)
                added += digests[record_id]
            changes.append((old, new))
        return table.changed(changes, self._unique, digests=digests), added

    def _holder(self, index: str, key: Hashable) -> str | None:
        entries = self._unique[index]
        return entries[key] if key in entries else self._table.holder(index, key)

    def _move(self, old: R | None, new: R | None) -> None:
        """Move the entries of a record in the unique indexes."""
        moves: list[tuple[str, Hashable, Hashable]] = []
        for name, extract in self.spec.unique.items():
            old_key = None if old is None else extract(old)
            new_key = None if new is None else extract(new)
            if old_key == new_key:
                continue
            if new_key is not None and self._holder(name, new_key) is not None:
                raise ValueError(f"duplicate key {new_key!r}")
            moves.append((name, old_key, new_key))
        for name, old_key, new_key in moves:
            if old_key is not None:
                self._unique[name][old_key] = None
            if new_key is not None and new is not None:
                self._unique[name][new_key] = new.id
