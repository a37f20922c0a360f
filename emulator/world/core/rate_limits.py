"""Rate limits by the world's clock: the first mail or request opens a window of one minute."""

from __future__ import annotations

from typing import Literal

from emulator.world.core.refusals import RateLimited
from emulator.world.core.times import SECOND
from emulator.world.core.world import World
from emulator.world.records.system import RateWindow

WINDOW_SECONDS = 60


def count_request(
    world: World, kind: Literal["mail", "request"], key: str, *, limit: int | None
) -> None:
    """Count a mail or request under `key`. Raises RateLimited above the limit."""
    if limit is None:
        return
    window_id = f"{kind}:{key}"
    window = world.get(RateWindow, window_id)
    if window is None or world.now >= window.opened_at + WINDOW_SECONDS * SECOND:
        window = RateWindow(id=window_id, opened_at=world.now, count=0)
    if window.count >= limit:
        left = window.opened_at + WINDOW_SECONDS * SECOND - world.now
        raise RateLimited(kind, retry_after_seconds=-(-left // SECOND))
    world.put(RateWindow(id=window_id, opened_at=window.opened_at, count=window.count + 1))
