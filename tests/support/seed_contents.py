"""Contents, worlds and processes that several tests of seeding begin with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from emulator.world.core.world import World
from tests.support import world_builder

EPOCH = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z."""


def a_world(entropy: str = "tests") -> World:
    """Return an empty world whose clock stands at the epoch."""
    return world_builder.begin(entropy, epoch=EPOCH)


def run_python(code: str, **environment: str) -> str:
    """Run code in a process of its own and return what it prints."""
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env={**os.environ, **environment},
        capture_output=True,
        check=True,
        text=True,
    )
    return ran.stdout
