"""Baseline planter: turns a seed into the baseline of a world, as the settings require."""

from __future__ import annotations

from collections.abc import Callable

from emulator.registry.live_world import Baseline
from emulator.seeding.files import SeedFile, plant_file
from emulator.settings import Settings
from emulator.world.billing import webhook_endpoints
from emulator.world.core.world import DEFAULT, State, World
from emulator.world.records.types import Instant


class BaselinePlanter:
    """Plants seeds: in wall mode with the machine's time as their epoch."""

    def __init__(self, settings: Settings, now: Callable[[], Instant]) -> None:
        self._settings = settings
        self._now = now

    def plant(self, seed: SeedFile) -> Baseline:
        """Return the baseline that a seed plants. Raises SeedError."""
        planted = plant_file(seed, epoch=self._now() if self._settings.is_wall_clock else None)
        planted.world.state = self.with_webhooks(planted.world.state)
        return Baseline(state=planted.world.state, seed=seed, planted=planted)

    def with_webhooks(self, state: State) -> State:
        """Return a state in which the events go to every URL of the settings too."""
        world = World(DEFAULT, state)
        known = {endpoint.url for endpoint in webhook_endpoints.endpoints(world)}
        for url in dict.fromkeys(self._settings.webhooks):
            if url not in known:
                webhook_endpoints.add_endpoint(world, url=url)
        return world.state
