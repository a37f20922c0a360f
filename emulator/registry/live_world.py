"""A live world: its state, and what lies beside the state and outside the digest."""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.faults.rules import FaultSet
from emulator.journal.journal import Journal
from emulator.seeding.files import SeedFile
from emulator.seeding.plant import Planted
from emulator.world.core.world import State, World
from emulator.world.records.types import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What a world begins as: a state, the seed that it stems from, and what the seed planted.

    `is_snapshot` tells that it is a state of another world, not the seed's own.
    """

    state: State
    seed: SeedFile
    planted: Planted
    is_snapshot: bool = False


@dataclass(slots=True)
class LiveWorld:
    """A world with its beginning, its journal, its faults and its port."""

    world: World
    baseline: Baseline
    journal: Journal = field(default_factory=Journal)
    faults: FaultSet = field(default_factory=FaultSet)
    port: int | None = None
    last_used: Instant = 0
    """The machine's time of the last request, where idle worlds may be dropped."""

    def restart(self, begin: Baseline) -> None:
        """Begin anew, without journal and faults; the port stays."""
        self.world.state = begin.state
        self.baseline = begin
        self.journal = Journal()
        self.faults = FaultSet()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A state that was kept under a name, and the world it was taken of."""

    name: str
    world: str
    baseline: Baseline
