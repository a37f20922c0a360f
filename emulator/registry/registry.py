"""The named worlds now live. A surface asks for the world of this request; nobody keeps one."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from emulator.registry.live_world import Baseline, LiveWorld, Snapshot
from emulator.seeding.files import SeedFile, bundled_names, load, plant_file
from emulator.seeding.plant import Planted
from emulator.settings import Settings
from emulator.world import lifecycle
from emulator.world.billing import webhook_endpoints
from emulator.world.core.refusals import Conflict, Invalid, NotFound
from emulator.world.core.times import SECOND
from emulator.world.core.world import DEFAULT, State, World
from emulator.world.lifecycle import FiredJob
from emulator.world.privacy.erasure import PURGES
from emulator.world.records.system import Ordinal
from emulator.world.records.types import Instant

WORLDS_MAX = 10_000
SNAPSHOTS_MAX = 10_000
"""Assumed: the snapshots of all worlds together, as many as there may be worlds; each keeps a
state."""

CROWD = 1_000
"""From so many worlds on those that were idle for too long make room for each new one."""

_KINDS = ("snapshot", "world", "seed")
"""What a world can be made from."""
NAME = re.compile(r"[a-z0-9-]{1,40}")


def machine_now() -> Instant:
    """Return the machine's time: the only place that reads it, for worlds in wall mode and for the
    `t=` of webhook signatures, which consumers compare with their own clock.
    """
    return time.time_ns() // 1_000


def purges(world: World) -> int:
    """Return how many users were purged from a world; what was kept before one must go."""
    counted = world.get(Ordinal, PURGES)
    return 0 if counted is None else counted.value


class WorldRegistry:
    """The live worlds by name, the beginning of each new one, and the snapshots."""

    def __init__(
        self, settings: Settings, seed: str | SeedFile, *, now: Callable[[], Instant] = machine_now
    ) -> None:
        """Plant the baseline; `now` is what wall mode follows. Raises SeedError."""
        self.settings = settings
        self._now = now
        self.on_reset: list[Callable[[str], None]] = []
        """What else begins anew, by the world's name, when a world is put back or is no more."""
        self.on_purge: list[Callable[[World], None]] = []
        """What else drops what it kept of a world when a user was purged from it."""
        self.baseline = self._plant(load(seed) if isinstance(seed, str) else seed)
        self.snapshots: dict[str, Snapshot] = {}
        self.met: Counter[tuple[str, str, str]] = Counter()
        """How often clients met (kind, name, detail): operations and codes, for coverage."""
        self.operations: Mapping[str, str] = {}
        """The surface of every operation by its name, set when the app is built."""
        self.unbuilt: frozenset[str] = frozenset()
        """The operations that answer 501, set when the app is built."""
        self.operation_at: Callable[[str, str], str | None] = lambda method, path: None
        """The operation that a method and path name, set when the app is built."""
        self.open_port: Callable[[int], int] | None = None
        """Opens a further socket on the running server, 0 for a free port, and returns its port;
        refuses Conflict. None in process.
        """
        self.close_port: Callable[[int], None] | None = None
        """Has the server listen on a port no more."""
        self._live: dict[str, LiveWorld] = {}
        self._by_port: dict[int, str] = {}
        self._idle_again_at: Instant = 0
        self._add(DEFAULT, self.baseline)

    def _plant(self, seed: SeedFile) -> Baseline:
        planted = plant_file(seed, epoch=self._now() if self.settings.is_wall_clock else None)
        planted.world.state = self._with_webhooks(planted.world.state)
        return Baseline(state=planted.world.state, seed=seed, planted=planted)

    def _with_webhooks(self, state: State) -> State:
        """Return a state in which the events go to every URL of the settings too."""
        world = World(DEFAULT, state)
        known = {one.url for one in webhook_endpoints.endpoints(world)}
        for url in dict.fromkeys(self.settings.webhooks):
            if url not in known:
                webhook_endpoints.add_endpoint(world, url=url)
        return world.state

    @property
    def planted(self) -> Planted:
        """What the seed planted, which every world begins with unless told otherwise."""
        return self.baseline.planted

    def _add(self, name: str, begin: Baseline) -> LiveWorld:
        if len(self._live) >= CROWD:
            self._expire()
        if len(self._live) >= WORLDS_MAX:
            raise Conflict(f"There are {WORLDS_MAX} worlds already; delete some first.")
        self._live[name] = live = LiveWorld(World(name, begin.state), begin)
        return live

    def _expire(self) -> None:
        """Drop the worlds that were idle for longer than the settings allow."""
        idle_seconds = self.settings.idle_world_seconds
        if idle_seconds is None or (now := self._now()) < self._idle_again_at:
            return
        idle = idle_seconds * SECOND
        for name, live in list(self._live.items()):
            if name != DEFAULT and live.port is None and live.last_used < now - idle:
                self.drop(name)
        # Until the longest unused of the others is idle for too long there is nothing to look for.
        rest = (one for one in self._live.values() if one.world.name != DEFAULT)
        self._idle_again_at = min((one.last_used for one in rest), default=now) + idle

    # Finding

    def all(self) -> list[LiveWorld]:
        """Return the live worlds in the order in which they were made; none counts as used."""
        return list(self._live.values())

    def machine_now(self) -> Instant:
        """Return the machine's time, which a replay puts back."""
        return self._now()

    def get(self, name: str) -> LiveWorld:
        """Return a live world with its clock brought up to date. Refuses NotFound."""
        return self._current(self.known(name))

    def known(self, name: str) -> LiveWorld:
        """Return a live world as it is, its clock too. Refuses NotFound."""
        live = self._live.get(name)
        if live is None:
            raise NotFound("world", name)
        return live

    def exists(self, name: str) -> bool:
        """Tell whether a world of that name is live."""
        return name in self._live

    def is_current(self, live: LiveWorld) -> bool:
        """Tell whether a world is still live: it, not another that was made under its name."""
        return self._live.get(live.world.name) is live

    def peek(self, name: str) -> World | None:
        """Return a live world as it is, or None; it does not count as used."""
        live = self._live.get(name)
        return None if live is None else live.world

    def _current(self, live: LiveWorld) -> LiveWorld:
        if self.settings.is_wall_clock:
            self._follow(live, lifecycle.move_towards, to=max(live.world.now, self._now()))
        if self.settings.idle_world_seconds is not None:
            live.last_used = self._now()
        return live

    def move_clock(self, live: LiveWorld, *, to: Instant) -> list[FiredJob]:
        """Move a world's clock, drop its past if a user was purged on the way, and return what
        happened. Refuses Invalid.
        """
        return self._follow(live, lifecycle.move, to=to)

    def _follow(
        self, live: LiveWorld, move: Callable[..., list[FiredJob]], *, to: Instant
    ) -> list[FiredJob]:
        purged = purges(live.world)
        happened = move(live.world, to=to)
        if purges(live.world) > purged:
            self.discard_history(live)
        return happened

    def get_or_create(self, name: str) -> LiveWorld:
        """Return the world of that name, made of the baseline if there is none yet.

        Refuses Invalid for a bad name, NotFound where worlds are not made by naming them, and
        Conflict above the limit.
        """
        if name not in self._live:
            require_name(name)
            if self.settings.makes_worlds_lazily:
                return self._current(self._add(name, self.baseline))
        return self.get(name)

    def default(self) -> World:
        """Return the world of a request that names none."""
        return self.get(DEFAULT).world

    def of_port(self, port: int) -> str | None:
        """Return the name of the world that a port belongs to, or did until it was dropped."""
        return self._by_port.get(port)

    # Making and unmaking

    def make(self, name: str, *, begin: Baseline) -> LiveWorld:
        """Make a world of that name. Refuses Invalid, Conflict."""
        require_name(name)
        if name in self._live:
            raise Conflict(f"A world {name!r} exists; reset it, delete it or choose another name.")
        return self._current(self._add(name, begin))

    def resolve_source(self, source: str | None) -> Baseline:
        """Return what a new world begins as: a snapshot, a world or a seed of that name, or of
        `kind:name`; None is the baseline. Refuses Conflict for a name of two kinds, NotFound.
        Raises SeedError.
        """
        if source is None:
            return self.baseline
        kind, mark, name = source.partition(":")
        if not mark or kind not in _KINDS:
            kind, name = self._kind_of(source), source
        if kind == "snapshot" and name in self.snapshots:
            return self.snapshots[name].baseline
        if kind == "world" and name in self._live:
            return self.baseline_from(self._live[name])
        if kind != "seed":
            raise NotFound(kind, name)
        return self._plant(load(name))

    def _kind_of(self, source: str) -> str:
        held = (source in self.snapshots, source in self._live, source in bundled_names())
        kinds = [kind for kind, is_held in zip(_KINDS, held, strict=True) if is_held]
        if len(kinds) > 1:
            said = " or ".join(repr(f"{kind}:{source}") for kind in kinds)
            raise Conflict(f"{source!r} is a {' and a '.join(kinds)}; say {said}.")
        return kinds[0] if kinds else "seed"

    def baseline_from(self, live: LiveWorld) -> Baseline:
        """Return the present state of a world as a beginning."""
        return replace(live.baseline, state=live.world.state, is_snapshot=True)

    def give_port(self, name: str, port: int) -> int:
        """Open a socket that reaches this world alone, 0 for a free port, and return the port.

        Refuses Conflict for a port in use, and in process, where there is no server.
        """
        live = self.known(name)
        if live.port is not None:
            return live.port
        if self.open_port is None:
            raise Conflict("There is no server here that could open a port.")
        live.port = self.open_port(port)
        self._by_port[live.port] = name
        return live.port

    def drop(self, name: str) -> None:
        """Forget a world and close its port. Refuses NotFound, and Conflict for the default one.

        A connection that is still open there reaches a world that is no more, and is refused.
        """
        if name == DEFAULT:
            raise Conflict("The default world cannot be deleted; reset it.")
        live = self.known(name)
        del self._live[name]
        self._begin_anew(name)
        if live.port is not None and self.close_port is not None:
            self.close_port(live.port)

    def reset(self, name: str, *, seed: str | None = None) -> None:
        """Put a world back to what it began as, or to a seed, which it then begins as.

        Assumed: a world made of a seed, a snapshot or another world began as that, not as the
        baseline; journal and faults begin anew, snapshots stay. What the default world begins as,
        new worlds do. Raises SeedError, and then nothing has changed.
        """
        live = self.known(name)
        begin = live.baseline
        if seed is not None:
            begin = self._plant(load(seed))
        elif self.settings.is_wall_clock and not begin.is_snapshot:
            begin = self._plant(begin.seed)
        if name == DEFAULT:
            self.baseline = begin
        live.restart(begin)
        self._begin_anew(name)
        self._current(live)

    def _begin_anew(self, name: str) -> None:
        for begin_anew in self.on_reset:
            begin_anew(name)

    def replace_all(
        self,
        begin: Baseline,
        worlds: Mapping[str, tuple[Baseline, State]],
        snapshots: Iterable[Snapshot],
    ) -> None:
        """Replace every world and snapshot; a world of a name that stays keeps its port.

        `worlds` are no more than there may be, and the default one is among them. All of them
        deliver their events to the URLs of the settings, wherever they come from.
        """

        def completed(begin: Baseline) -> Baseline:
            return replace(begin, state=self._with_webhooks(begin.state))

        self.baseline = completed(begin)
        self.snapshots = {
            kept.name: replace(kept, baseline=completed(kept.baseline)) for kept in snapshots
        }
        for name in [name for name in self._live if name not in worlds]:
            self.drop(name)
        for name, (imported, state) in worlds.items():
            began = completed(imported)
            live = self._live.get(name) or self._add(name, began)
            live.restart(began)
            live.world.state = self._with_webhooks(state)
            self._begin_anew(name)
            self._current(live)

    # Snapshots and rewinding

    def take_snapshot(self, snapshot: str, *, world: str) -> Snapshot:
        """Keep the state of a world under a name, over an older snapshot of it. Refuses Invalid,
        and Conflict for the name of another live world's and above the limit.
        """
        require_name(snapshot)
        older = self.snapshots.get(snapshot)
        if older is not None and older.world != world and older.world in self._live:
            raise Conflict(
                f"World {older.world!r} has a snapshot {snapshot!r}; choose another name, or "
                "delete it first."
            )
        if older is None and len(self.snapshots) >= SNAPSHOTS_MAX:
            raise Conflict(
                f"There are {SNAPSHOTS_MAX} snapshots already; delete some, or keep this one under "
                "the name of an older one."
            )
        kept = Snapshot(name=snapshot, world=world, baseline=self.baseline_from(self.get(world)))
        self.snapshots[snapshot] = kept
        return kept

    def restore(self, snapshot: str, *, world: str) -> None:
        """Put a world into the state of a snapshot. Refuses NotFound."""
        kept = self.snapshots.get(snapshot)
        if kept is None:
            raise NotFound("snapshot", snapshot)
        live = self.get(world)
        live.world.state = kept.baseline.state
        self._begin_anew(world)
        self._current(live)

    def drop_snapshot(self, snapshot: str) -> None:
        """Forget a snapshot. Refuses NotFound."""
        if self.snapshots.pop(snapshot, None) is None:
            raise NotFound("snapshot", snapshot)

    def rewind(self, name: str, *, before: int) -> None:
        """Put a world back to just before a request of its journal, its faults too.

        Refuses NotFound, Conflict.
        """
        live = self.get(name)
        entry = live.journal.entry_to_undo(before)
        live.world.state = entry.before
        live.faults = entry.armed
        live.journal.cut(before)
        self._begin_anew(name)

    def discard_history(self, live: LiveWorld) -> None:
        """Drop what was kept of a world before a purge: its journal, snapshots of it, and the
        kept state that it began as; a seed may come back.
        """
        live.journal.forget()
        for name, kept in list(self.snapshots.items()):
            if kept.world == live.world.name:
                del self.snapshots[name]
        if live.baseline.is_snapshot:
            live.baseline = self.baseline
        for drop_kept in self.on_purge:
            drop_kept(live.world)


def require_name(name: str) -> None:
    """Refuse Invalid unless a world or snapshot may have that name."""
    if not NAME.fullmatch(name):
        raise Invalid("name", f"{name!r} is no name: use 1 to 40 of a-z, 0-9 and hyphens.")
