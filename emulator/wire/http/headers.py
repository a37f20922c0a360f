"""Headers that identify the instance, the world and the state of a response."""

from __future__ import annotations

STATE_HEADER = "X-Emulator-State"
WORLD_HEADER = "X-Emulator-World"
INSTANCE_HEADER = "X-Emulator"
