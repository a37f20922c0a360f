"""Change feed: wakes the requests that wait for a world to change, and only those of that world."""

from __future__ import annotations

import asyncio
from itertools import count

from emulator.world.core.world import World


class ChangeFeed:
    """For each world, the number of its latest change and the waiters for the next change.

    Numbers are drawn from one series, so that those of a deleted world never come back. A waiter
    that is canceled leaves nothing behind but an event, which the next change discards.
    """

    def __init__(self) -> None:
        self._numbers = count(1)
        self._latest: dict[str, int] = {}
        self._changed: dict[str, asyncio.Event] = {}

    def sequence(self, world_name: str) -> int:
        """Return the number of a world's latest change, 0 where none is recorded."""
        return self._latest.get(world_name, 0)

    def world_changed(self, world_name: str) -> None:
        """Record a change of a world and wake its waiters."""
        self._latest[world_name] = next(self._numbers)
        self._wake(world_name)

    def next_change(self, world_name: str) -> asyncio.Event:
        """Return the event that is set when a world changes next."""
        return self._changed.setdefault(world_name, asyncio.Event())

    def world_restarted(self, world_name: str) -> None:
        """Wake the waiters of a world that was reset, restored or deleted."""
        self._latest.pop(world_name, None)
        self._wake(world_name)

    def user_erased(self, world: World) -> None:
        """Do nothing: the request that erased the user is a change like any other."""

    def _wake(self, world_name: str) -> None:
        changed = self._changed.pop(world_name, None)
        if changed is not None:
            changed.set()
