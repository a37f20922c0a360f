"""Export: every world and snapshot as one versioned file, and the import of such a file.

A table that several states share is stored once and shared again after the import. Journals,
faults and ports belong to a process and are not exported.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import orjson
from pydantic import Field, ValidationError

from emulator.persistence.atomic_write import write_atomically
from emulator.persistence.envelope import unwrap, wrap
from emulator.persistence.records_json import dump, join_tables, load_table
from emulator.persistence.stored_seed import StoredPart, StoredSeed
from emulator.registry.live_world import Baseline, require_name
from emulator.registry.registry import WORLDS_MAX, WorldRegistry
from emulator.registry.snapshots import Snapshot
from emulator.seeding.files import SeedFile
from emulator.seeding.plant import Planted
from emulator.world.core.refusals import Invalid
from emulator.world.core.world import DEFAULT, State, World
from emulator.world.records.tables import TABLES
from emulator.world.store.digest import Digest
from emulator.world.store.table import Table

FORMAT = "worldflux-emulator.export"
VERSION = 2
"""Raised when older emulators can no longer read the files. Digests of version 1 are computed
otherwise, so its states are read without a comparison; the checksum of the file vouches for them.
"""

Index = Annotated[int, Field(ge=0)]


class StoredState(StoredPart):
    """A state: its digest, and the index of each of its tables among the file's."""

    digest: str
    tables: dict[str, Index]


class PlantedSeed(StoredSeed):
    """A seed and the state that it was planted as."""

    logins: list[tuple[str, str]]
    keys: list[tuple[str, str]]
    state: StoredState


class StoredBaseline(StoredPart):
    """A baseline: a state, and the index of the seed that it derives from."""

    state: StoredState
    seed: Index
    is_kept: bool


class StoredWorld(StoredPart):
    """A world: its current state and its baseline."""

    name: str
    state: StoredState
    begin: StoredBaseline


class StoredSnapshot(StoredPart):
    """A snapshot and the name of the world that it was taken of."""

    name: str
    world: str
    begin: StoredBaseline


class StoredTable(StoredPart):
    """The records of a table."""

    table: str
    records: list[dict[str, Any]]


class Content(StoredPart):
    """The content of an export; `settings` documents the exporting server and is not imported."""

    settings: dict[str, Any]
    begin: StoredBaseline
    worlds: list[StoredWorld]
    snapshots: list[StoredSnapshot]
    seeds: list[PlantedSeed]
    tables: list[StoredTable]


class _Writer:
    """Collects the tables and seeds that an export refers to, each of them once."""

    def __init__(self) -> None:
        self.tables: list[tuple[str, Table[Any]]] = []
        self.planted: list[tuple[SeedFile, Planted]] = []
        self._indexes: dict[int, int] = {}

    def state(self, state: State) -> dict[str, Any]:
        """Return a state as it is stored."""
        indexes = {}
        for spec in TABLES:
            table = state.tables[spec.record]
            if id(table) not in self._indexes:
                self._indexes[id(table)] = len(self.tables)
                self.tables.append((spec.name, table))
            indexes[spec.name] = self._indexes[id(table)]
        return {"digest": str(state.digest), "tables": indexes}

    def baseline(self, baseline: Baseline) -> dict[str, Any]:
        """Return a baseline as it is stored."""
        if id(baseline.planted) not in self._indexes:
            self._indexes[id(baseline.planted)] = len(self.planted)
            self.planted.append((baseline.seed, baseline.planted))
        return {
            "state": self.state(baseline.state),
            "seed": self._indexes[id(baseline.planted)],
            "is_kept": baseline.is_snapshot,
        }


def export_bytes(worlds: WorldRegistry) -> bytes:
    """Return every world and snapshot as a file."""
    writer = _Writer()
    settings = worlds.settings
    content: dict[str, Any] = {
        "settings": {
            "public_url": settings.public_url,
            "clock": "wall" if settings.is_wall_clock else "virtual",
            "e2e_fixtures": settings.e2e_fixtures,
        },
        "begin": writer.baseline(worlds.baseline),
        "worlds": [
            {
                "name": live.world.name,
                "state": writer.state(live.world.state),
                "begin": writer.baseline(live.baseline),
            }
            for live in worlds.all()
        ],
        "snapshots": [
            {
                "name": snapshot.name,
                "world": snapshot.world,
                "begin": writer.baseline(snapshot.baseline),
            }
            for snapshot in worlds.snapshots
        ],
    }
    content["seeds"] = [
        {
            "name": seed.name,
            "text": seed.text,
            "logins": planted.logins,
            "keys": planted.keys,
            "state": writer.state(planted.world.state),
        }
        for seed, planted in writer.planted
    ]
    content["tables"] = [
        {"table": name, "records": dump(table.spec.record, table.rows())}
        for name, table in writer.tables
    ]
    return wrap(FORMAT, VERSION, orjson.dumps(content))


class _Reader:
    """The tables and seeds of a file, each of them loaded once."""

    def __init__(self, content: Content, *, version: int) -> None:
        self._version = version
        self._tables: list[tuple[Table[Any], Digest]] = [
            load_table(table.table, table.records) for table in content.tables
        ]
        self._seeds = [self._seed(seed) for seed in content.seeds]

    def _seed(self, stored: PlantedSeed) -> tuple[SeedFile, Planted]:
        planted = Planted(
            seed=stored.name,
            world=World(DEFAULT, self.state(stored.state)),
            logins=tuple(stored.logins),
            keys=tuple(stored.keys),
        )
        return stored.read(), planted

    def state(self, stored: StoredState) -> State:
        """Return a state. Raises Invalid for another digest than was stored with it."""
        try:
            state = join_tables({name: self._tables[at] for name, at in stored.tables.items()})
        except IndexError as error:
            raise Invalid("", "This file refers to a table that it does not contain.") from error
        if self._version == VERSION and str(state.digest) != stored.digest:
            raise Invalid(
                "",
                f"A state of this file was exported with the digest {stored.digest} and has the "
                f"digest {state.digest} here: it was written by an incompatible emulator.",
            )
        return state

    def baseline(self, stored: StoredBaseline) -> Baseline:
        """Return a baseline. Raises Invalid."""
        if stored.seed >= len(self._seeds):
            raise Invalid("", "This file refers to a seed that it does not contain.")
        seed, planted = self._seeds[stored.seed]
        return Baseline(
            state=self.state(stored.state),
            seed=seed,
            planted=planted,
            is_snapshot=stored.is_kept,
        )


def import_bytes(worlds: WorldRegistry, raw: bytes) -> None:
    """Replace every world and snapshot with those of a file.

    Raises Invalid for a file that is newer, damaged or not an export; then nothing has changed.
    """
    try:
        version, text = unwrap(FORMAT, VERSION, raw)
        content = Content.model_validate_json(text)
    except ValidationError as error:
        raise Invalid("", f"This is not an export file: {error.errors()[0]['msg']}.") from error
    names = [world.name for world in content.worlds]
    for name in (*names, *(snapshot.name for snapshot in content.snapshots)):
        require_name(name)
    if DEFAULT not in names or len(set(names)) < len(names) or len(names) > WORLDS_MAX:
        raise Invalid("", "This file has no default world, the same world twice, or too many.")
    reader = _Reader(content, version=version)
    worlds.replace_all(
        reader.baseline(content.begin),
        {
            world.name: (reader.baseline(world.begin), reader.state(world.state))
            for world in content.worlds
        },
        [
            Snapshot(
                name=snapshot.name,
                world=snapshot.world,
                baseline=reader.baseline(snapshot.begin),
            )
            for snapshot in content.snapshots
        ],
    )


def export_file(worlds: WorldRegistry, path: Path) -> None:
    """Write every world and snapshot to a file, atomically. Raises OSError."""
    write_atomically(path, [export_bytes(worlds)])


def import_file(worlds: WorldRegistry, path: Path) -> None:
    """Replace every world and snapshot with those of a file. Raises Invalid, OSError."""
    import_bytes(worlds, path.read_bytes())
