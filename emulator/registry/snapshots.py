"""Snapshot store: the states of worlds that were saved under a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from emulator.registry.live_world import Baseline, LiveWorld, require_name
from emulator.world.core.refusals import Conflict, NotFound

SNAPSHOTS_MAX = 10_000
"""Assumed: for all worlds together, as many snapshots as there may be worlds. Each holds a state,
and no test suite needs more of them than of worlds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A state saved under a name, and the world that it was taken from."""

    name: str
    world: str
    baseline: Baseline


class SnapshotStore:
    """The snapshots of all worlds, in the order in which their names were first used."""

    def __init__(self, is_live: Callable[[str], bool]) -> None:
        """`is_live` returns whether a world of that name exists."""
        self._is_live = is_live
        self._all: dict[str, Snapshot] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Snapshot]:
        return iter(self._all.values())

    def __contains__(self, name: str) -> bool:
        return name in self._all

    def get(self, name: str) -> Snapshot:
        """Return a snapshot. Raises NotFound."""
        snapshot = self._all.get(name)
        if snapshot is None:
            raise NotFound("snapshot", name)
        return snapshot

    def take(self, name: str, *, live: LiveWorld) -> Snapshot:
        """Save the state of a world, replacing an older snapshot of that name.

        Raises Invalid for a bad name, and Conflict where another live world has a snapshot of that
        name or there are too many snapshots.
        """
        require_name(name)
        world = live.world.name
        older = self._all.get(name)
        if older is not None and older.world != world and self._is_live(older.world):
            raise Conflict(
                f"World {older.world!r} has a snapshot {name!r}; choose another name, or delete "
                "that snapshot first."
            )
        if older is None and len(self._all) >= SNAPSHOTS_MAX:
            raise Conflict(
                f"There are {SNAPSHOTS_MAX} snapshots already; delete some, or reuse the name of "
                "an older snapshot."
            )
        snapshot = Snapshot(name=name, world=world, baseline=live.present_baseline())
        self._all[name] = snapshot
        return snapshot

    def delete(self, name: str) -> None:
        """Delete a snapshot. Raises NotFound."""
        del self._all[self.get(name).name]

    def delete_of_world(self, world_name: str) -> None:
        """Delete every snapshot that was taken from a world."""
        for snapshot in list(self._all.values()):
            if snapshot.world == world_name:
                del self._all[snapshot.name]

    def replace_all(self, snapshots: Iterable[Snapshot]) -> None:
        """Replace every snapshot."""
        self._all = {snapshot.name: snapshot for snapshot in snapshots}
