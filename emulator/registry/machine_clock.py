"""Machine clock: the only place that reads the time of the machine."""

from __future__ import annotations

import time

from emulator.world.records.types import Instant


def machine_now() -> Instant:
    """Return the machine's time, which worlds follow in wall mode and which signs webhooks:
    consumers compare the `t=` of a signature with their own clock.
    """
    return time.time_ns() // 1_000
