"""Headers that say where a response comes from, and the limits of request bodies."""

from __future__ import annotations

STATE_HEADER = "X-Emulator-State"
WORLD_HEADER = "X-Emulator-World"
INSTANCE_HEADER = "X-Emulator"

BODY_MAX = 10 * 2**20
BODY_MAX_BY_PATH = {"/api/e2e/cli-sync": 64 * 2**20, "/_emulator/import": 2**30}
"""Bytes. Assumed: 1 GiB is room enough for an import. Measured: an export takes 2.9 kB a run, so
that is some 370,000 runs."""
