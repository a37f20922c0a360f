"""Live world: its state, and what lies beside the state and outside the digest."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Protocol
from weakref import ref

from emulator.faults.rules import FaultSet
from emulator.journal.journal import Journal
from emulator.seeding.files import SeedFile
from emulator.seeding.plant import Planted
from emulator.world.core.refusals import Invalid
from emulator.world.core.world import State, World
from emulator.world.records.types import Instant

NAME = re.compile(r"[a-z0-9-]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What a world resets to: a state, the seed that it stems from, and what the seed planted.

    `is_snapshot` is whether the state was taken from a running world rather than from the seed.
    """

    state: State
    seed: SeedFile
    planted: Planted
    is_snapshot: bool = False


@dataclass(slots=True)
class LiveWorld:
    """A world with its baseline, journal, faults and port."""

    world: World
    baseline: Baseline
    journal: Journal = field(default_factory=Journal)
    faults: FaultSet = field(default_factory=FaultSet)
    port: int | None = None
    settled: ref[State] | None = None
    """The state whose queued webhooks are all delivered, or handed to the dispatcher."""
    last_used: Instant = 0
    """The machine's time of the last request, where idle worlds may be deleted."""

    def is_settled(self) -> bool:
        """Return whether nothing is queued in the present state."""
        return self.settled is not None and self.settled() is self.world.state

    def restart(self, baseline: Baseline) -> None:
        """Reset the state to a baseline, without journal and faults; the port stays."""
        self.world.state = baseline.state
        self.baseline = baseline
        self.journal = Journal()
        self.faults = FaultSet()

    def present_baseline(self) -> Baseline:
        """Return the present state as a baseline."""
        return replace(self.baseline, state=self.world.state, is_snapshot=True)


class WorldListener(Protocol):
    """What holds something of a world beside its state and must follow it."""

    def world_restarted(self, world_name: str) -> None:
        """Discard what is held of a world that was reset, restored or deleted."""

    def user_erased(self, world: World) -> None:
        """Discard what is held of a world from before the erasure of a user."""


def require_name(name: str) -> None:
    """Require that a world or a snapshot may have that name. Raises Invalid."""
    if not NAME.fullmatch(name):
        raise Invalid("name", f"Invalid name {name!r}; use 1 to 40 of a-z, 0-9 and hyphens.")
