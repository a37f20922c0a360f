"""The world's clock: it stands still until told to move, and never goes backwards.

Whatever falls due on the way happens on the way, in order, with the clock at its moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emulator.world import checkout, privacy, renewals, sessions, subscriptions, usage
from emulator.world.periods import months_after
from emulator.world.records import Clock, Instant, Job
from emulator.world.refusals import Invalid
from emulator.world.times import LATEST, instant, to_datetime, to_text
from emulator.world.world import World

HANDLERS: Mapping[str, Callable[[World, str], None]] = {
    sessions.TIMEBOX: sessions.end_timeboxed,
    sessions.FORGET: sessions.forget_timeboxed,
    privacy.FINISH_EXPORT: privacy.finish_export,
    privacy.EXPIRE_EXPORT: privacy.expire_export,
    privacy.PURGE: privacy.purge_user,
    usage.EXPIRE: usage.expire,
    checkout.EXPIRE: checkout.expire_checkout,
    subscriptions.ANNOUNCE_TRIAL_END: subscriptions.announce_trial_end,
    subscriptions.RENEW: renewals.renew,
    subscriptions.FINALIZE: renewals.finalize,
    subscriptions.RETRY: renewals.retry,
}
"""What is done when a job of each kind falls due."""

_MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """A job that was done: when, what, and to which record."""

    at: Instant
    kind: str
    target_id: str


def moment_after(world: World, *, months: int = 0, by: int) -> Instant:
    """Return the moment some months of the calendar and `by` microseconds from now.

    Refuses Invalid for one that has passed, or that no clock reaches.
    """
    if by < 0:
        raise Invalid("seconds", "The clock never goes backwards; advance by zero or more.")
    now = to_datetime(world.now)
    if now.year + months // _MONTHS_A_YEAR > to_datetime(LATEST).year:
        raise Invalid("now", f"The clock cannot pass {to_text(LATEST)}.")
    return instant(months_after(now, months)) + by


def advance(world: World, *, by: int) -> list[Happened]:
    """Move the clock `by` microseconds and return what happened. Refuses Invalid."""
    return move(world, to=moment_after(world, by=by))


def move(world: World, *, to: Instant) -> list[Happened]:
    """Move the clock to a later instant and return what happened on the way. Refuses Invalid."""
    if to < world.now:
        raise Invalid("now", f"The clock never goes backwards; it stands at {to_text(world.now)}.")
    if to > LATEST:
        raise Invalid("now", f"The clock cannot pass {to_text(LATEST)}.")
    happened = []
    while (job := world.oldest(Job, "all", ())) is not None and job.due <= to:
        world.remove(job)
        _set(world, max(job.due, world.now))
        happened.append(Happened(at=world.now, kind=job.kind, target_id=job.target_id))
        HANDLERS[job.kind](world, job.target_id)
    _set(world, to)
    return happened


def _set(world: World, now: Instant) -> None:
    if now != world.now:
        world.put(Clock(now=now))
