"""The world's clock: it stands still until told to move, and never goes backwards."""

from __future__ import annotations

from emulator.world.records import Clock, Instant
from emulator.world.refusals import Invalid
from emulator.world.times import LATEST, to_text
from emulator.world.world import World


def advance(world: World, *, by: int) -> Instant:
    """Move the clock `by` microseconds and return the new time. Refuses Invalid."""
    if by < 0:
        raise Invalid("seconds", "The clock never goes backwards; advance by zero or more.")
    return move(world, to=world.now + by)


def move(world: World, *, to: Instant) -> Instant:
    """Move the clock to a later instant and return it. Refuses Invalid."""
    if to < world.now:
        raise Invalid("now", f"The clock never goes backwards; it stands at {to_text(world.now)}.")
    if to > LATEST:
        raise Invalid("now", f"The clock cannot pass {to_text(LATEST)}.")
    if to > world.now:
        world.put(Clock(now=to))
    return to
