"""World registry: the live worlds by name, and the baseline of each new world.

A handler gets the world of its request; nothing else holds on to a world between requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from emulator.registry.baseline_planter import BaselinePlanter
from emulator.registry.live_world import Baseline, LiveWorld, WorldListener, require_name
from emulator.registry.machine_clock import machine_now
from emulator.registry.ports import PortMap
from emulator.registry.snapshots import Snapshot, SnapshotStore
from emulator.seeding.files import SeedFile, bundled_names, load
from emulator.seeding.plant import Planted
from emulator.settings import Settings
from emulator.world import lifecycle
from emulator.world.core.refusals import Conflict, NotFound
from emulator.world.core.times import SECOND
from emulator.world.core.world import DEFAULT, State, World
from emulator.world.lifecycle import FiredJob
from emulator.world.privacy.erasure import PURGES
from emulator.world.records.system import Ordinal
from emulator.world.records.types import Instant

WORLDS_MAX = 10_000

CROWD = 1_000
"""From this many worlds on, those that are idle for too long make room for each new world."""

_KINDS = ("snapshot", "world", "seed")
"""What a world can be made from."""


def erasures(world: World) -> int:
    """Return how many users were erased from a world; it counts up with each of them."""
    counted = world.get(Ordinal, PURGES)
    return 0 if counted is None else counted.value


class WorldRegistry:
    """The live worlds by name, the baseline of each new world, and the snapshots."""

    def __init__(
        self,
        settings: Settings,
        seed: str | SeedFile,
        *,
        now: Callable[[], Instant] = machine_now,
        ports: PortMap | None = None,
    ) -> None:
        """Plant the baseline; `now` is what wall mode follows. Raises SeedError."""
        self.settings = settings
        self.now = now
        self.ports = PortMap() if ports is None else ports
        self.snapshots = SnapshotStore(self.exists)
        self._planter = BaselinePlanter(settings, now)
        self.baseline = self._planter.plant(load(seed) if isinstance(seed, str) else seed)
        self._listeners: list[WorldListener] = []
        self._live: dict[str, LiveWorld] = {}
        self._idle_again_at: Instant = 0
        self._add(DEFAULT, self.baseline)

    def add_listeners(self, *listeners: WorldListener) -> None:
        """Notify further listeners of worlds that restart and of users that are erased."""
        self._listeners += listeners

    @property
    def planted(self) -> Planted:
        """What the seed of the baseline planted."""
        return self.baseline.planted

    # Finding

    def all(self) -> list[LiveWorld]:
        """Return the live worlds in the order of their creation; none counts as used."""
        return list(self._live.values())

    def get(self, name: str) -> LiveWorld:
        """Return a live world with its clock brought up to date. Raises NotFound."""
        return self._current(self.known(name))

    def known(self, name: str) -> LiveWorld:
        """Return a live world as it is, its clock too. Raises NotFound."""
        live = self._live.get(name)
        if live is None:
            raise NotFound("world", name)
        return live

    def exists(self, name: str) -> bool:
        """Return whether a world of that name is live."""
        return name in self._live

    def is_current(self, live: LiveWorld) -> bool:
        """Return whether a world is still live, and was not replaced under its name."""
        return self._live.get(live.world.name) is live

    def peek(self, name: str) -> World | None:
        """Return a live world as it is, or None; it does not count as used."""
        live = self._live.get(name)
        return None if live is None else live.world

    def default(self) -> World:
        """Return the world of a request that names none."""
        return self.get(DEFAULT).world

    def get_or_create(self, name: str) -> LiveWorld:
        """Return the world of that name, created from the baseline if it does not exist.

        Raises Invalid for a bad name, NotFound where worlds are not created by naming them, and
        Conflict above the limit.
        """
        if name not in self._live:
            require_name(name)
            if self.settings.makes_worlds_lazily:
                return self._current(self._add(name, self.baseline))
        return self.get(name)

    # The clock

    def _current(self, live: LiveWorld) -> LiveWorld:
        if self.settings.is_wall_clock:
            self._follow(live, lifecycle.move_towards, to=max(live.world.now, self.now()))
        self.mark_used(live)
        return live

    def mark_used(self, live: LiveWorld) -> None:
        """Record that a world is used now, where idle worlds may be deleted."""
        if self.settings.idle_world_seconds is not None:
            live.last_used = self.now()

    def move_clock(self, live: LiveWorld, *, to: Instant) -> list[FiredJob]:
        """Move a world's clock and return the jobs that fell due. Raises Invalid.

        If a user was erased on the way, the world's history is discarded.
        """
        return self._follow(live, lifecycle.move, to=to)

    def _follow(
        self, live: LiveWorld, move: Callable[..., list[FiredJob]], *, to: Instant
    ) -> list[FiredJob]:
        erased = erasures(live.world)
        fired = move(live.world, to=to)
        if erasures(live.world) > erased:
            self.discard_history(live)
        return fired

    # Creating and deleting

    def make(self, name: str, *, begin: Baseline) -> LiveWorld:
        """Create a world of that name from a baseline. Raises Invalid, Conflict."""
        require_name(name)
        if name in self._live:
            raise Conflict(f"A world {name!r} exists; reset it, delete it or choose another name.")
        return self._current(self._add(name, begin))

    def _add(self, name: str, baseline: Baseline) -> LiveWorld:
        if len(self._live) >= CROWD:
            self._expire()
        if len(self._live) >= WORLDS_MAX:
            raise Conflict(f"There are {WORLDS_MAX} worlds already; delete some first.")
        self._live[name] = live = LiveWorld(World(name, baseline.state), baseline)
        return live

    def _expire(self) -> None:
        """Delete the worlds that were idle for longer than the settings allow."""
        idle_seconds = self.settings.idle_world_seconds
        if idle_seconds is None or (now := self.now()) < self._idle_again_at:
            return
        idle = idle_seconds * SECOND
        for name, live in list(self._live.items()):
            if name != DEFAULT and live.port is None and live.last_used < now - idle:
                self.drop(name)
        # Until the longest unused of the others is idle for too long, there is nothing to delete.
        rest = (live for live in self._live.values() if live.world.name != DEFAULT)
        self._idle_again_at = min((live.last_used for live in rest), default=now) + idle

    def resolve_source(self, source: str | None) -> Baseline:
        """Return the baseline of a new world: of a snapshot, a world or a seed of that name, or of
        `kind:name`; None is the registry's own.

        Raises Conflict where a name is of two kinds, NotFound, SeedError.
        """
        if source is None:
            return self.baseline
        kind, mark, name = source.partition(":")
        if not mark or kind not in _KINDS:
            kind, name = self._kind_of(source), source
        if kind == "snapshot":
            return self.snapshots.get(name).baseline
        if kind == "world":
            return self.known(name).present_baseline()
        return self._planter.plant(load(name))

    def _kind_of(self, source: str) -> str:
        found = (source in self.snapshots, self.exists(source), source in bundled_names())
        kinds = [kind for kind, is_found in zip(_KINDS, found, strict=True) if is_found]
        if len(kinds) > 1:
            choices = " or ".join(repr(f"{kind}:{source}") for kind in kinds)
            raise Conflict(f"{source!r} is a {' and a '.join(kinds)}; use {choices}.")
        return kinds[0] if kinds else "seed"

    def give_port(self, name: str, port: int) -> int:
        """Open a port that reaches this world alone, 0 for a free port, and return it.

        Raises Conflict for a port in use, and in process, where there is no server.
        """
        live = self.known(name)
        if live.port is None:
            live.port = self.ports.open(name, port)
        return live.port

    def drop(self, name: str) -> None:
        """Delete a world and close its port. Raises NotFound, and Conflict for the default world.

        A request over a connection that is still open to that port is refused.
        """
        if name == DEFAULT:
            raise Conflict("The default world cannot be deleted; reset it.")
        live = self.known(name)
        del self._live[name]
        self._restarted(name)
        if live.port is not None:
            self.ports.close(live.port)

    def reset(self, name: str, *, seed: str | None = None) -> None:
        """Reset a world to its baseline, or to a seed, which becomes its baseline.

        Assumed: a world made from a seed, a snapshot or another world resets to that, not to the
        registry's baseline; journal and faults are emptied, snapshots stay. The baseline of the
        default world is that of new worlds. Raises SeedError, and then nothing has changed.
        """
        live = self.known(name)
        baseline = live.baseline
        if seed is not None:
            baseline = self._planter.plant(load(seed))
        elif self.settings.is_wall_clock and not baseline.is_snapshot:
            baseline = self._planter.plant(baseline.seed)
        if name == DEFAULT:
            self.baseline = baseline
        live.restart(baseline)
        self._restarted(name)
        self._current(live)

    def _restarted(self, name: str) -> None:
        for listener in self._listeners:
            listener.world_restarted(name)

    def replace_all(
        self,
        begin: Baseline,
        worlds: Mapping[str, tuple[Baseline, State]],
        snapshots: Iterable[Snapshot],
    ) -> None:
        """Replace every world and snapshot; a world whose name stays keeps its port.

        `worlds` are at most WORLDS_MAX, and the default world is among them. All of them deliver
        their events to the URLs of the settings too.
        """

        def completed(baseline: Baseline) -> Baseline:
            return replace(baseline, state=self._planter.with_webhooks(baseline.state))

        self.baseline = completed(begin)
        self.snapshots.replace_all(
            replace(snapshot, baseline=completed(snapshot.baseline)) for snapshot in snapshots
        )
        for name in [name for name in self._live if name not in worlds]:
            self.drop(name)
        for name, (imported, state) in worlds.items():
            baseline = completed(imported)
            live = self._live.get(name) or self._add(name, baseline)
            live.restart(baseline)
            live.world.state = self._planter.with_webhooks(state)
            self._restarted(name)
            self._current(live)

    # Snapshots and rewinding

    def take_snapshot(self, snapshot: str, *, world: str) -> Snapshot:
        """Save the state of a world under a name. Raises NotFound, Invalid, Conflict."""
        return self.snapshots.take(snapshot, live=self.get(world))

    def restore(self, snapshot: str, *, world: str) -> None:
        """Set a world to the state of a snapshot. Raises NotFound."""
        saved = self.snapshots.get(snapshot)
        live = self.get(world)
        live.world.state = saved.baseline.state
        self._restarted(world)
        self._current(live)

    def rewind(self, name: str, *, before: int) -> None:
        """Set a world to the state before a request of its journal, its faults too.

        Raises NotFound, Conflict.
        """
        live = self.get(name)
        entry = live.journal.undoable_entry(before)
        live.world.state = entry.before
        live.faults = entry.faults
        live.journal.truncate_from(before)
        self._restarted(name)

    def discard_history(self, live: LiveWorld) -> None:
        """Discard what holds the data of an erased user: the world's journal, its snapshots, and a
        baseline that was taken from a running world. Data of a seed may come back with a reset.
        """
        live.journal.erase()
        self.snapshots.delete_of_world(live.world.name)
        if live.baseline.is_snapshot:
            live.baseline = self.baseline
        for listener in self._listeners:
            listener.user_erased(live.world)
