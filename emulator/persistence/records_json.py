"""Records and states as JSON, derived from the record classes."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, cast

import orjson
from pydantic import TypeAdapter, ValidationError

from emulator.wire.json_reader import DEPTH_MAX, STORED_DEPTH_MAX, TooDeepError, load_json
from emulator.world.core.refusals import Invalid
from emulator.world.core.world import State
from emulator.world.records.tables import TABLES
from emulator.world.store.digest import Digest
from emulator.world.store.draft import TableDraft
from emulator.world.store.spec import TableSpec
from emulator.world.store.table import Table

SPECS: Mapping[str, TableSpec] = {spec.name: spec for spec in TABLES}


@cache
def _adapter(kind: Hashable) -> TypeAdapter[list[Any]]:
    adapter: TypeAdapter[list[Any]] = TypeAdapter(list[kind])  # type: ignore[valid-type]
    return adapter


def dump(kind: type[Any], records: Sequence[Any]) -> orjson.Fragment:
    """Return records of one class as a JSON array."""
    return orjson.Fragment(_adapter(cast(Hashable, kind)).dump_json(list(records)))


@cache
def _json_fields(kind: Hashable) -> tuple[str, ...]:
    """Return the fields of a record class that hold JSON as text."""
    return tuple(field.name for field in fields(cast(Any, kind)) if "JsonText" in str(field.type))


def load(kind: type[Any], rows: Any) -> list[Any]:
    """Return the records of a JSON array.

    Raises Invalid, also for a text that should be a JSON object and either is not or could not be
    written again.
    """
    try:
        records = _adapter(cast(Hashable, kind)).validate_python(rows)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise _unreadable(kind, f"{place}: {first['msg']}") from error
    for ordinal, record in enumerate(records):
        for name in _json_fields(cast(Hashable, kind)):
            text = getattr(record, name)
            if text is not None and not _is_json_object(text):
                raise _unreadable(kind, f"{ordinal}.{name}: Input should be a JSON object")
    return records


_LONG_NUMBER = re.compile(r"\d{19}")


def _is_json_object(text: str) -> bool:
    try:
        value = load_json(text, depth_max=STORED_DEPTH_MAX)
        if _LONG_NUMBER.search(text):
            orjson.dumps(json.loads(text))  # TypeError for an integer beyond 64 bits
    except (ValueError, TypeError):
        return False
    return isinstance(value, dict)


def _unreadable(kind: type[Any], reason: str) -> Invalid:
    return Invalid("", f"A {kind.__name__} cannot be read: {reason}.")


def spec_of(table: str) -> TableSpec:
    """Return the table with a name. Raises Invalid."""
    if table not in SPECS:
        raise Invalid("", f"Table {table!r} does not exist.")
    return SPECS[table]


def load_table(table: str, rows: Any) -> tuple[Table[Any], Digest]:
    """Return a table and its share of the digest of a state. Raises Invalid."""
    spec = spec_of(table)
    return _joined(spec, load(spec.record, rows))


def _joined(spec: TableSpec, records: list[Any]) -> tuple[Table[Any], Digest]:
    draft = TableDraft[Any](Table(spec))
    try:
        draft.extend(records)
    except ValueError as error:
        raise Invalid("", f"Table {spec.name!r} cannot be read: {error}.") from error
    table, added = draft.brought_in()
    return table, Digest(0).changed(by=added)


def dump_text(kind: type[Any], records: Sequence[Any]) -> str:
    """Return records of one class as the text of a JSON array.

    Tools that rewrite JSON leave text unchanged, and with it the spelling of the numbers.
    """
    return _adapter(cast(Hashable, kind)).dump_json(list(records)).decode()


def load_text(kind: type[Any], text: str) -> list[Any]:
    """Return the records in the text of a JSON array. Raises Invalid."""
    try:
        rows = load_json(text)
    except TooDeepError as error:
        raise _unreadable(kind, f"it is nested more than {DEPTH_MAX} levels deep") from error
    except orjson.JSONDecodeError as error:
        raise _unreadable(kind, str(error)) from error
    return load(kind, rows)


def dump_state(state: State) -> dict[str, str]:
    """Return the records of a state by table, as text, without empty tables."""
    tables = ((spec, state.tables[spec.record].rows()) for spec in TABLES)
    return {spec.name: dump_text(spec.record, rows) for spec, rows in tables if rows}


def load_state(tables: Mapping[str, str]) -> State:
    """Return the state of records by table. Raises Invalid."""
    rows = {table: load_text(spec_of(table).record, text) for table, text in tables.items()}
    return join_tables({table: _joined(spec_of(table), records) for table, records in rows.items()})


def join_tables(loaded: Mapping[str, tuple[Table[Any], Digest]]) -> State:
    """Return the state of some tables; all others are empty."""
    digest = Digest(0)
    tables: dict[type[Any], Table[Any]] = {spec.record: Table(spec) for spec in TABLES}
    for name, (table, part) in loaded.items():
        tables[spec_of(name).record] = table
        digest = digest.changed(by=part.value)
    return State(tables, digest)
