"""Every world and snapshot as one versioned file, and back.

The file is one JSON object: what it is, the SHA-256 of its content, the content. A table that
several states share stands in it once, and is shared again after loading. Journals, faults and
ports are of a process and are not in it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emulator.persistence.envelope import unwrap, wrap, write_atomically
from emulator.persistence.records_json import dump, join_tables, load_table
from emulator.registry.live_world import Baseline, require_name
from emulator.registry.registry import WORLDS_MAX, WorldRegistry
from emulator.registry.snapshots import Snapshot
from emulator.seeding.files import SeedError, SeedFile, parse
from emulator.seeding.plant import Planted
from emulator.world.core.refusals import Invalid
from emulator.world.core.world import DEFAULT, State, World
from emulator.world.records.tables import TABLES
from emulator.world.store.digest import Digest
from emulator.world.store.table import Table

FORMAT = "worldflux-emulator.export"
VERSION = 1
"""Goes up when an older emulator could not read a file any more."""


Place = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class StoredState(_Part):
    """A state: its digest, and the place of each of its tables in the file."""

    digest: str
    tables: dict[str, Place]


class StoredSeed(_Part):
    """A seed as it was planted, by its text; its file need not be there any more."""

    name: str
    text: str
    logins: list[tuple[str, str]]
    keys: list[tuple[str, str]]
    state: StoredState


class StoredBeginning(_Part):
    """A beginning: a state, and the place of the seed it stems from."""

    state: StoredState
    seed: Place
    is_snapshot: bool


class StoredWorld(_Part):
    """A world: its present state and what it began as."""

    name: str
    state: StoredState
    begin: StoredBeginning


class StoredSnapshot(_Part):
    """A snapshot and the world it was taken of."""

    name: str
    world: str
    begin: StoredBeginning


class StoredTable(_Part):
    """The records of a table."""

    table: str
    records: list[dict[str, Any]]


class Content(_Part):
    """What a file holds; `settings` says under which it was written and is only told."""

    settings: dict[str, Any]
    begin: StoredBeginning
    worlds: list[StoredWorld]
    snapshots: list[StoredSnapshot]
    seeds: list[StoredSeed]
    tables: list[StoredTable]


class _Writer:
    """Collects the tables and seeds that what is written refers to, each once."""

    def __init__(self) -> None:
        self.tables: list[tuple[str, Table[Any]]] = []
        self.planted: list[tuple[SeedFile, Planted]] = []
        self._places: dict[int, int] = {}

    def state(self, state: State) -> dict[str, Any]:
        """Return a state as it is written."""
        places = {}
        for spec in TABLES:
            table = state.tables[spec.record]
            if id(table) not in self._places:
                self._places[id(table)] = len(self.tables)
                self.tables.append((spec.name, table))
            places[spec.name] = self._places[id(table)]
        return {"digest": str(state.digest), "tables": places}

    def beginning(self, begin: Baseline) -> dict[str, Any]:
        """Return a beginning as it is written."""
        if id(begin.planted) not in self._places:
            self._places[id(begin.planted)] = len(self.planted)
            self.planted.append((begin.seed, begin.planted))
        place = self._places[id(begin.planted)]
        return {"state": self.state(begin.state), "seed": place, "is_snapshot": begin.is_snapshot}


def export_bytes(worlds: WorldRegistry) -> bytes:
    """Return every world and snapshot as a file."""
    pool = _Writer()
    settings = worlds.settings
    content: dict[str, Any] = {
        "settings": {
            "public_url": settings.public_url,
            "clock": "wall" if settings.is_wall_clock else "virtual",
            "e2e_fixtures": settings.e2e_fixtures,
        },
        "begin": pool.beginning(worlds.baseline),
        "worlds": [
            {
                "name": live.world.name,
                "state": pool.state(live.world.state),
                "begin": pool.beginning(live.baseline),
            }
            for live in worlds.all()
        ],
        "snapshots": [
            {"name": kept.name, "world": kept.world, "begin": pool.beginning(kept.baseline)}
            for kept in worlds.snapshots
        ],
    }
    content["seeds"] = [
        {
            "name": seed.name,
            "text": seed.text,
            "logins": planted.logins,
            "keys": planted.keys,
            "state": pool.state(planted.world.state),
        }
        for seed, planted in pool.planted
    ]
    content["tables"] = [
        {"table": name, "records": dump(table.spec.record, table.rows())}
        for name, table in pool.tables
    ]
    return wrap(FORMAT, VERSION, orjson.dumps(content))


class _Reader:
    """The tables and seeds of a file, loaded once each."""

    def __init__(self, content: Content) -> None:
        self._tables: list[tuple[Table[Any], Digest]] = [
            load_table(one.table, one.records) for one in content.tables
        ]
        self._seeds = [self._seed(one) for one in content.seeds]

    def _seed(self, said: StoredSeed) -> tuple[SeedFile, Planted]:
        try:
            seed = parse(said.text, source=said.name)
        except SeedError as error:
            raise Invalid("", f"The seed in this file cannot be read: {error}") from error
        planted = Planted(
            seed=said.name,
            world=World(DEFAULT, self.state(said.state)),
            logins=tuple(said.logins),
            keys=tuple(said.keys),
        )
        return SeedFile(name=said.name, path=Path(said.name), text=said.text, seed=seed), planted

    def state(self, said: StoredState) -> State:
        """Return a state. Refuses Invalid unless it has the digest that was written."""
        try:
            state = join_tables({name: self._tables[at] for name, at in said.tables.items()})
        except IndexError as error:
            raise Invalid("", "This file refers to a table that it does not hold.") from error
        if str(state.digest) != said.digest:
            raise Invalid(
                "",
                f"A state of this file has the digest {state.digest} here and had {said.digest} "
                "where it was written: another emulator kept other records.",
            )
        return state

    def beginning(self, said: StoredBeginning) -> Baseline:
        """Return a beginning. Refuses Invalid."""
        if said.seed >= len(self._seeds):
            raise Invalid("", "This file refers to a seed that it does not hold.")
        seed, planted = self._seeds[said.seed]
        return Baseline(
            state=self.state(said.state), seed=seed, planted=planted, is_snapshot=said.is_snapshot
        )


def import_bytes(worlds: WorldRegistry, raw: bytes) -> None:
    """Replace every world and snapshot by those of a file.

    Refuses Invalid for a file that is newer, damaged or no export, and then nothing has changed.
    """
    try:
        content = Content.model_validate_json(unwrap(FORMAT, VERSION, raw))
    except ValidationError as error:
        raise Invalid("", f"This file is no export: {error.errors()[0]['msg']}.") from error
    names = [one.name for one in content.worlds]
    for name in (*names, *(one.name for one in content.snapshots)):
        require_name(name)
    if DEFAULT not in names or len(set(names)) < len(names) or len(names) > WORLDS_MAX:
        raise Invalid("", "This file holds no default world, one world twice, or too many.")
    shelf = _Reader(content)
    worlds.replace_all(
        shelf.beginning(content.begin),
        {one.name: (shelf.beginning(one.begin), shelf.state(one.state)) for one in content.worlds},
        [
            Snapshot(name=one.name, world=one.world, baseline=shelf.beginning(one.begin))
            for one in content.snapshots
        ],
    )


def export_file(worlds: WorldRegistry, path: Path) -> None:
    """Write every world and snapshot to a file, which is whole at any moment."""
    write_atomically(path, [export_bytes(worlds)])


def import_file(worlds: WorldRegistry, path: Path) -> None:
    """Replace every world and snapshot by those of a file. Refuses Invalid, raises OSError."""
    import_bytes(worlds, path.read_bytes())
