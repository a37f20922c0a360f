"""The named worlds now live. A surface asks for the world of this request; nobody keeps one."""

from __future__ import annotations

import time
from collections.abc import Callable

from emulator.seeding.library import Named, grow, load
from emulator.seeding.plant import Planted
from emulator.settings import Settings
from emulator.world import clock, webhooks
from emulator.world.records import Instant
from emulator.world.world import DEFAULT, World


def machine_now() -> Instant:
    """Return the machine's time: the only place that reads it, for worlds in wall mode and for the
    `t=` of webhook signatures, which consumers compare with their own clock.
    """
    return time.time_ns() // 1_000


class Worlds:
    """The live worlds by name, the baseline they began from, and the seed it was planted from."""

    def __init__(self, settings: Settings, seed: str) -> None:
        """Plant the baseline. Raises SeedError."""
        self.settings = settings
        self.source = seed
        self.on_reset: list[Callable[[str], None]] = []
        """What else begins anew, by the world's name, when a world is put back."""
        self.baseline = self._grow(load(seed))
        self._live = {DEFAULT: self.baseline.world.fork(DEFAULT)}

    def _grow(self, named: Named) -> Planted:
        planted = grow(named, epoch=machine_now() if self.settings.is_wall_clock else None)
        known = {one.url for one in webhooks.endpoints(planted.world)}
        for url in self.settings.webhooks:
            if url not in known:
                webhooks.add_endpoint(planted.world, url=url)
        return planted

    def named(self, name: str) -> World | None:
        """Return the live world of that name with its clock brought up to date, or None."""
        world = self._live.get(name)
        if world is not None and self.settings.is_wall_clock:
            clock.move(world, to=max(world.now, machine_now()))
        return world

    def default(self) -> World:
        """Return the world of a request that names none."""
        world = self.named(DEFAULT)
        assert world is not None
        return world

    def reset(self, name: str, *, seed: str | None = None) -> None:
        """Put a world back to the baseline, or plant another seed as the baseline first.

        Raises SeedError, and then nothing has changed.
        """
        source = self.source if seed is None else seed
        if seed is not None or self.settings.is_wall_clock:
            self.baseline = self._grow(load(source))
            self.source = source
        self._live[name].state = self.baseline.world.state
        for begin_anew in self.on_reset:
            begin_anew(name)
