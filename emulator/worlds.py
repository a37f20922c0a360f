"""The named worlds now live. A surface asks for the world of this request; nobody keeps one."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from emulator.faults import Fault
from emulator.journal import Journal
from emulator.seeding.library import Named, grow, load
from emulator.seeding.plant import Planted
from emulator.settings import Settings
from emulator.world import clock
from emulator.world.forgetting import PURGES
from emulator.world.records import Instant, Ordinal
from emulator.world.refusals import Conflict, Invalid, NotFound
from emulator.world.world import DEFAULT, State, World

WORLDS_MAX = 10_000
NAME = re.compile(r"[a-z0-9-]{1,40}")


def machine_now() -> Instant:
    """Return the machine's time: the only place that reads it for a world, in wall mode."""
    return time.time_ns() // 1_000


def purges(world: World) -> int:
    """Return how many users were purged from a world; what was kept before one must go."""
    counted = world.get(Ordinal, PURGES)
    return 0 if counted is None else counted.value


@dataclass(slots=True)
class Live:
    """A world with what lies beside its state: its journal, its faults, its port."""

    world: World
    journal: Journal = field(default_factory=Journal)
    faults: list[Fault] = field(default_factory=list)
    faults_made: int = 0
    port: int | None = None
    last_used: Instant = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A state that was kept under a name, and the world it was taken of."""

    name: str
    world: str
    state: State


class Worlds:
    """The live worlds by name, the baseline they begin from, and the seed it was planted from."""

    def __init__(self, settings: Settings, seed: str) -> None:
        """Plant the baseline. Raises SeedError."""
        self.settings = settings
        self.source = seed
        self.baseline = self._grow(load(seed))
        self.snapshots: dict[str, Snapshot] = {}
        self.met: Counter[tuple[str, str, str]] = Counter()
        """How often clients met (kind, name, detail): operations and codes, for coverage."""
        self.operations: frozenset[str] = frozenset()
        """The names of all operations, set when the app is built."""
        self.open_port: Callable[[int], int] | None = None
        """Opens a further socket on the running server and returns its port; None in process."""
        self._live: dict[str, Live] = {}
        self._by_port: dict[int, str] = {}
        self._add(DEFAULT, self.baseline.world.state)

    def _grow(self, named: Named) -> Planted:
        return grow(named, epoch=machine_now() if self.settings.is_wall_clock else None)

    def _add(self, name: str, state: State) -> Live:
        if len(self._live) >= WORLDS_MAX:
            self._expire()
        if len(self._live) >= WORLDS_MAX:
            raise Conflict(f"There are {WORLDS_MAX} worlds already; delete some first.")
        self._live[name] = live = Live(World(name, state))
        return live

    def _expire(self) -> None:
        """Drop the worlds that were idle for longer than the settings allow."""
        idle_seconds = self.settings.idle_world_seconds
        if idle_seconds is None:
            return
        oldest = machine_now() - idle_seconds * 1_000_000
        for name, live in list(self._live.items()):
            if name != DEFAULT and live.port is None and live.last_used < oldest:
                del self._live[name]

    # Finding

    def names(self) -> list[str]:
        """Return the names of the live worlds in the order in which they were made."""
        return list(self._live)

    def live(self, name: str) -> Live:
        """Return a live world with its clock brought up to date. Refuses NotFound."""
        live = self._live.get(name)
        if live is None:
            raise NotFound("world", name)
        return self._current(live)

    def _current(self, live: Live) -> Live:
        if self.settings.is_wall_clock:
            clock.move(live.world, to=max(live.world.now, machine_now()))
        if self.settings.idle_world_seconds is not None:
            live.last_used = machine_now()
        return live

    def named(self, name: str) -> Live:
        """Return the world of that name, made of the baseline if there is none yet.

        Refuses Invalid for a bad name, NotFound where worlds are not made by naming them, and
        Conflict above the limit.
        """
        live = self._live.get(name)
        if live is not None:
            return self._current(live)
        require_name(name)
        if not self.settings.makes_worlds_lazily:
            raise NotFound("world", name)
        return self._current(self._add(name, self.baseline.world.state))

    def default(self) -> World:
        """Return the world of a request that names none."""
        return self.live(DEFAULT).world

    def of_port(self, port: int) -> str | None:
        """Return the name of the world that a port belongs to, or None."""
        return self._by_port.get(port)

    # Making and unmaking

    def make(self, name: str, *, state: State) -> Live:
        """Make a world of that name in a state. Refuses Invalid, Conflict."""
        require_name(name)
        if name in self._live:
            raise Conflict(f"A world {name!r} exists; reset it, delete it or choose another name.")
        return self._current(self._add(name, state))

    def state_of(self, source: str | None) -> State:
        """Return the state that a new world begins in: of a snapshot, a world or a seed, looked
        for in this order; None is the baseline. Refuses NotFound, raises SeedError.
        """
        if source is None:
            return self.baseline.world.state
        if source in self.snapshots:
            return self.snapshots[source].state
        if source in self._live:
            return self._live[source].world.state
        return self._grow(load(source)).world.state

    def give_port(self, name: str, port: int) -> int:
        """Open a socket that reaches this world alone, 0 for a free port, and return the port.

        Refuses Conflict in process, where there is no server.
        """
        live = self.live(name)
        if live.port is not None:
            return live.port
        if self.open_port is None:
            raise Conflict("There is no server here that could open a port.")
        live.port = self.open_port(port)
        self._by_port[live.port] = name
        return live.port

    def drop(self, name: str) -> None:
        """Forget a world. Refuses NotFound, and Conflict for the default one."""
        if name == DEFAULT:
            raise Conflict("The default world cannot be deleted; reset it.")
        live = self._live.pop(name, None)
        if live is None:
            raise NotFound("world", name)
        # Its port stays open and is of a world that is no more, which is refused by name.

    def reset(self, name: str, *, seed: str | None = None) -> None:
        """Put a world back to the baseline, or to another seed.

        For the default world another seed becomes the baseline. Raises SeedError, and then
        nothing has changed.
        """
        live = self.live(name)
        if seed is not None and name != DEFAULT:
            state = self._grow(load(seed)).world.state
        else:
            if seed is not None or self.settings.is_wall_clock:
                source = self.source if seed is None else seed
                self.baseline = self._grow(load(source))
                self.source = source
            state = self.baseline.world.state
        live.world.state = state
        live.journal.clear()
        live.faults.clear()

    # Snapshots and rewinding

    def keep(self, snapshot: str, *, world: str) -> Snapshot:
        """Keep the state of a world under a name, over an older snapshot of it. Refuses Invalid."""
        require_name(snapshot)
        kept = Snapshot(name=snapshot, world=world, state=self.live(world).world.state)
        self.snapshots[snapshot] = kept
        return kept

    def restore(self, snapshot: str, *, world: str) -> None:
        """Put a world into the state of a snapshot. Refuses NotFound."""
        kept = self.snapshots.get(snapshot)
        if kept is None:
            raise NotFound("snapshot", snapshot)
        self.live(world).world.state = kept.state

    def drop_snapshot(self, snapshot: str) -> None:
        """Forget a snapshot. Refuses NotFound."""
        if self.snapshots.pop(snapshot, None) is None:
            raise NotFound("snapshot", snapshot)

    def rewind(self, name: str, *, before: int) -> None:
        """Put a world back to just before a request of its journal. Refuses NotFound, Conflict."""
        live = self.live(name)
        live.world.state = live.journal.entry(before).before
        live.journal.cut(before)

    def forget_past(self, live: Live) -> None:
        """Drop what was kept of a world before a purge: its journal, and snapshots of it."""
        live.journal.forget()
        for name, kept in list(self.snapshots.items()):
            if kept.world == live.world.name:
                del self.snapshots[name]


def require_name(name: str) -> None:
    """Refuse Invalid unless a world or snapshot may have that name."""
    if not NAME.fullmatch(name):
        raise Invalid("name", f"{name!r} is no name: use 1 to 40 of a-z, 0-9 and hyphens.")
