"""A live world: its state, and what lies beside the state and outside the digest."""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.faults.rules import Armed
from emulator.journal.journal import Journal
from emulator.seeding.files import Named
from emulator.seeding.plant import Planted
from emulator.world.core.world import State, World
from emulator.world.records.types import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What a world begins as: a state, the seed that it stems from, and what the seed planted.

    `is_kept` tells that it is a state of another world, not the seed's own.
    """

    state: State
    seed: Named
    planted: Planted
    is_kept: bool = False


@dataclass(slots=True)
class Live:
    """A world with its beginning, its journal, its faults and its port."""

    world: World
    begin: Beginning
    journal: Journal = field(default_factory=Journal)
    armed: Armed = field(default_factory=Armed)
    port: int | None = None
    last_used: Instant = 0
    """The machine's time of the last request, where idle worlds may be dropped."""

    def restart(self, begin: Beginning) -> None:
        """Begin anew, without journal and faults; the port stays."""
        self.world.state = begin.state
        self.begin = begin
        self.journal = Journal()
        self.armed = Armed()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A state that was kept under a name, and the world it was taken of."""

    name: str
    world: str
    begin: Beginning
