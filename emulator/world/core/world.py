"""Worlds: a world is one control plane, and its state is a value."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from emulator.world.core.refusals import Refusal
from emulator.world.records.identity import AuthSettings
from emulator.world.records.system import Clock, Ordinal, Origin
from emulator.world.records.tables import TABLES
from emulator.world.records.types import Instant
from emulator.world.store import ids
from emulator.world.store.digest import Digest
from emulator.world.store.draft import TableDraft
from emulator.world.store.sorted_keys import Key
from emulator.world.store.spec import Record
from emulator.world.store.table import Table

R = TypeVar("R", bound=Record)

DEFAULT = "default"
"""The world of a request that names no world; its credentials carry no tag."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class State:
    """The whole state of a world, as a few references. Holding on to a state is a snapshot."""

    tables: dict[type[Any], Table[Any]]
    digest: Digest


class World:
    """A name and a state, which operations, functions that take a world, change.

    What they write is collected in a draft of each table, and read there. Reading the state, or a
    list of a table, brings the draft in.
    """

    __slots__ = ("_drafts", "_state", "name", "written")

    def __init__(self, name: str, state: State) -> None:
        self.name = name
        self._state = state
        self._drafts: dict[type[Any], TableDraft[Any]] = {}
        self.written: list[tuple[str, str]] | None = None
        """Collects the table and id of every record written, where it is a list."""

    @property
    def state(self) -> State:
        """The state, a new value after each write; setting it discards what was written since."""
        if self._drafts:
            self._bring_in(self._drafts)
            self._drafts = {}
        return self._state

    @state.setter
    def state(self, state: State) -> None:
        self._state = state
        if self._drafts:
            self._drafts = {}

    def _bring_in(self, drafts: Mapping[type[Any], TableDraft[Any]]) -> None:
        before = self._state
        tables = {**before.tables}
        added = 0
        for kind, draft in drafts.items():
            tables[kind], change = draft.brought_in()
            added += change
        self._state = State(tables, before.digest.changed(by=added))

    @classmethod
    def begin(cls, *, name: str, entropy: str, epoch: Instant) -> World:
        """Return a world at `epoch` without accounts or plans; ids derive from `entropy`."""
        state = State({spec.record: Table(spec) for spec in TABLES}, Digest(0))
        world = cls(name, state)
        world.put(Origin(entropy=entropy, epoch=epoch))
        world.put(Clock(now=epoch))
        world.put(AuthSettings())
        return world

    @property
    def now(self) -> Instant:
        """The world's time."""
        return self.expect(Clock, "clock").now

    @property
    def epoch(self) -> Instant:
        """The time at which this world's clock started."""
        return self.expect(Origin, "origin").epoch

    @property
    def auth(self) -> AuthSettings:
        """How Supabase Auth is set up in this world."""
        return self.expect(AuthSettings, "auth")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Restore the state if the block raises, unless it raises a refusal that commits."""
        before = self.state
        try:
            yield
        except Refusal as refusal:
            if not refusal.commits:
                self.state = before
            raise
        except BaseException:
            self.state = before
            raise

    # Reading

    def table(self, kind: type[R]) -> Table[R]:
        """Return the table of that class of record."""
        if kind in self._drafts:
            self._bring_in({kind: self._drafts.pop(kind)})
        table: Table[R] = self._state.tables[kind]
        return table

    def get(self, kind: type[R], record_id: str) -> R | None:
        """Return the record of that id, or None."""
        draft = self._drafts.get(kind)
        return (self._state.tables[kind] if draft is None else draft).get(record_id)

    def expect(self, kind: type[R], record_id: str) -> R:
        """Return the record of an id that another record refers to, so that it must exist."""
        draft = self._drafts.get(kind)
        record: R | None = (self._state.tables[kind] if draft is None else draft).get(record_id)
        if record is None:
            raise KeyError(f"{kind.__name__} {record_id} does not exist")
        return record

    def find(self, kind: type[R], index: str, key: Hashable) -> R | None:
        """Return the record that a unique index holds under `key`, or None."""
        draft = self._drafts.get(kind)
        return (self._state.tables[kind] if draft is None else draft).find(index, key)

    def oldest(self, kind: type[R], index: str, key: Hashable) -> R | None:
        """Return the first record under `key`, or None."""
        return self.table(kind).oldest(index, key)

    def all(self, kind: type[R], index: str, key: Hashable) -> list[R]:
        """Return every record under `key`, oldest first; for lists that stay short."""
        return self.table(kind).all(index, key)

    def newest(
        self, kind: type[R], index: str, key: Hashable, *, limit: int, before: Key | None = None
    ) -> list[R]:
        """Return up to `limit` records under `key`, newest first, older than `before`."""
        return self.table(kind).newest(index, key, limit=limit, before=before)

    def count(self, kind: type[R], index: str, key: Hashable) -> int:
        """Return the number of records under `key`."""
        return self.table(kind).count(index, key)

    def count_from(self, kind: type[R], index: str, key: Hashable, *, moment: Instant) -> int:
        """Return the number of records under `key` that sort at or after an instant."""
        return self.table(kind).count_from(index, key, moment)

    # Writing

    def put(self, record: Record) -> None:
        """Add a record, or replace the record of its id."""
        kind = type(record)
        draft = self._drafts.get(kind) or self._draft(kind)
        draft.put(record)
        if self.written is not None:
            self.written.append((draft.spec.name, record.id))

    def remove(self, record: Record) -> None:
        """Remove a record."""
        kind = type(record)
        draft = self._drafts.get(kind) or self._draft(kind)
        draft.remove(record.id)
        if self.written is not None:
            self.written.append((draft.spec.name, record.id))

    def extend(self, kind: type[R], records: list[R]) -> None:
        """Add new records of a class, faster than with `put`."""
        draft = self._drafts.get(kind) or self._draft(kind)
        draft.extend(records)
        if self.written is not None:
            self.written.extend([(draft.spec.name, record.id) for record in records])

    def _draft(self, kind: type[R]) -> TableDraft[R]:
        draft = self._drafts[kind] = TableDraft(self._state.tables[kind])
        return draft

    # Ids

    def ordinal(self, kind: str) -> int:
        """Return the next ordinal of that kind, from 1."""
        last = self.get(Ordinal, kind)
        value = 1 if last is None else last.value + 1
        self.put(Ordinal(id=kind, value=value))
        return value

    def derive(self, kind: str, *parts: str | int) -> bytes:
        """Return 32 bytes that depend on this world's entropy, the kind and the parts alone."""
        return ids.derive(self.expect(Origin, "origin").entropy, kind, *parts)

    def new_id(self, kind: str, *, pin: str | None = None) -> tuple[str, int]:
        """Return a new id of that kind, or the id that a seed pins, and its ordinal."""
        ordinal = self.ordinal(kind)
        return pin or ids.as_uuid(self.derive(kind, ordinal)), ordinal
