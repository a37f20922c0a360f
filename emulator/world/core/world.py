"""Worlds: a world is one control plane, and its state is a value."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from emulator.world.core.refusals import Refusal
from emulator.world.records.identity import AuthSettings
from emulator.world.records.system import Clock, Ordinal, Origin
from emulator.world.records.tables import TABLES
from emulator.world.records.types import Instant
from emulator.world.store import ids
from emulator.world.store.digest import Digest, record_digest
from emulator.world.store.sorted_keys import Key
from emulator.world.store.table import Record, Table

R = TypeVar("R", bound=Record)

DEFAULT = "default"
"""The world of a request that names no world; its credentials carry no tag."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class State:
    """The whole state of a world, as a few references. Holding on to a state is a snapshot."""

    tables: dict[type[Any], Table[Any]]
    digest: Digest


class World:
    """A name and the current state, which operations, functions that take a world, replace."""

    __slots__ = ("name", "state", "written")

    def __init__(self, name: str, state: State) -> None:
        self.name = name
        self.state = state
        self.written: list[tuple[str, str]] | None = None
        """Collects the table and id of every record written, where it is a list."""

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
        table: Table[R] = self.state.tables[kind]
        return table

    def get(self, kind: type[R], record_id: str) -> R | None:
        """Return the record of that id, or None."""
        return self.table(kind).get(record_id)

    def expect(self, kind: type[R], record_id: str) -> R:
        """Return the record of an id that another record refers to, so that it must exist."""
        record = self.table(kind).get(record_id)
        if record is None:
            raise KeyError(f"{kind.__name__} {record_id} does not exist")
        return record

    def find(self, kind: type[R], index: str, key: Hashable) -> R | None:
        """Return the record that a unique index holds under `key`, or None."""
        return self.table(kind).find(index, key)

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
        self._replace(kind, self.table(kind).get(record.id), record)

    def remove(self, record: Record) -> None:
        """Remove a record."""
        self._replace(type(record), record, None)

    def extend(self, kind: type[R], records: list[R]) -> None:
        """Add new records of a class, faster than with `put`."""
        table = self.table(kind)
        digest = self.state.digest
        for record in records:
            digest = digest.changed(None, record_digest(table.spec.name, record))
            self._collect_written(table.spec.name, record.id)
        self.state = State({**self.state.tables, kind: table.extend(records)}, digest)

    def _replace(self, kind: type[Any], old: Record | None, new: Record | None) -> None:
        table: Table[Any] = self.state.tables[kind]
        digest = self.state.digest.changed(
            None if old is None else record_digest(table.spec.name, old),
            None if new is None else record_digest(table.spec.name, new),
        )
        written = new or old
        if written is not None:
            self._collect_written(table.spec.name, written.id)
        self.state = State({**self.state.tables, kind: table.replace(old, new)}, digest)

    def _collect_written(self, table: str, record_id: str) -> None:
        if self.written is not None:
            self.written.append((table, record_id))

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
