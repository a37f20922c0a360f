"""Jobs that fall due, as many as a test wants."""

from __future__ import annotations

from emulator.world.core.world import World
from emulator.world.privacy.data_requests import EXPIRE_EXPORT
from emulator.world.records.identity import Export
from emulator.world.records.system import Job
from emulator.world.records.types import Instant


def add_jobs(world: World, *dues: Instant) -> None:
    """Add an export of nobody's that expires at each of these instants from the world's epoch."""
    epoch, exports, waiting = world.epoch, [], []
    for place, due in enumerate(dues):
        name = f"export-{place}"
        exports.append(
            Export(
                id=name,
                user_id="nobody",
                token=name,
                archive=None,
                created_at=epoch,
                ordinal=place,
                ready_at=None,
                expires_at=epoch + due,
            )
        )
        waiting.append(
            Job(
                id=f"job-{place}",
                kind=EXPIRE_EXPORT,
                target_id=name,
                due=epoch + due,
                ordinal=place,
            )
        )
    world.extend(Export, exports)
    world.extend(Job, waiting)
