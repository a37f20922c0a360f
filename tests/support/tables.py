"""Tables of the store, changed through a draft of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from emulator.world.store.draft import TableDraft
from emulator.world.store.spec import Record, TableSpec
from emulator.world.store.table import Table

R = TypeVar("R", bound=Record)


def written(table: Table[R], *records: R) -> Table[R]:
    """Return the table with each of the records put into it."""
    draft = TableDraft(table)
    for record in records:
        draft.put(record)
    return draft.brought_in()[0]


def without(table: Table[R], record_id: str) -> Table[R]:
    """Return the table without the record of that id."""
    draft = TableDraft(table)
    draft.remove(record_id)
    return draft.brought_in()[0]


def extended(table: Table[R], records: Iterable[R]) -> Table[R]:
    """Return the table with records of new ids added at once."""
    draft = TableDraft(table)
    draft.extend(records)
    return draft.brought_in()[0]


def table_of(spec: TableSpec, records: Iterable[R]) -> Table[R]:
    """Return a table of the records."""
    return extended(Table[R](spec), records)
