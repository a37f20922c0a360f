"""Whether a state is whole: its digest and its indexes are those that its rows alone would give."""

from __future__ import annotations

from typing import Any

from emulator.world.core.world import World
from emulator.world.records.tables import TABLES
from emulator.world.store.digest import Digest, record_digest
from emulator.world.store.table import Table
from tests.support.tables import table_of


def assert_whole(world: World) -> None:
    """Rebuild the digest and every index of the state from its rows and compare."""
    digest = Digest(0)
    for spec in TABLES:
        table: Table[Any] = world.state.tables[spec.record]
        rows = [table.get(record_id) for record_id in table._rows]  # noqa: SLF001
        assert indexes_of(table) == indexes_of(table_of(spec, rows)), spec.name
        for row in rows:
            digest = digest.changed(by=record_digest(spec.name, row))
    assert world.state.digest == digest


def indexes_of(table: Table[Any]) -> dict[str, Any]:
    """Return the contents of every index."""
    unique = {name: dict(index.items()) for name, index in table._unique.items()}  # noqa: SLF001
    indexes = table._lists._sorted()  # noqa: SLF001
    ordered = {
        name: {key: list(keys) for key, keys in index.items()} for name, index in indexes.items()
    }
    return {"unique": unique, "ordered": ordered}
