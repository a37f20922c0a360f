"""Jobs: they wait in the state until the clock reaches them."""

from __future__ import annotations

from emulator.world.core.world import World
from emulator.world.records.system import Job
from emulator.world.records.types import Instant


def schedule(world: World, kind: str, target_id: str, *, due: Instant) -> Job:
    """Schedule a job for a target; an existing job of the same kind is rescheduled."""
    cancel(world, kind, target_id)
    job_id, ordinal = world.new_id("job")
    job = Job(id=job_id, kind=kind, target_id=target_id, due=due, ordinal=ordinal)
    world.put(job)
    return job


def cancel(world: World, kind: str, target_id: str) -> None:
    """Remove the job of that kind for a target, if it exists."""
    job = world.find(Job, "target", (kind, target_id))
    if job is not None:
        world.remove(job)
