"""The world's clock: it stands still until told to move, and never goes backwards.

Whatever falls due on the way happens on the way, in order, with the clock at its moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emulator.world.billing import checkout, renewals, subscriptions
from emulator.world.core.refusals import Invalid
from emulator.world.core.times import LATEST, SECOND, instant, to_datetime, to_text
from emulator.world.core.world import World
from emulator.world.identity import sessions
from emulator.world.metering import reservations
from emulator.world.metering.periods import months_after
from emulator.world.privacy import data_requests
from emulator.world.records.system import Clock, Job
from emulator.world.records.types import Instant

HANDLERS: Mapping[str, Callable[[World, str], None]] = {
    sessions.TIMEBOX: sessions.end_timeboxed,
    sessions.FORGET: sessions.forget_timeboxed,
    data_requests.FINISH_EXPORT: data_requests.finish_export,
    data_requests.EXPIRE_EXPORT: data_requests.expire_export,
    data_requests.PURGE: data_requests.purge_user,
    reservations.EXPIRE: reservations.expire,
    checkout.EXPIRE: checkout.expire_checkout,
    subscriptions.ANNOUNCE_TRIAL_END: subscriptions.announce_trial_end,
    subscriptions.RENEW: renewals.renew,
    subscriptions.FINALIZE: renewals.finalize,
    subscriptions.RETRY: renewals.retry,
}
"""What is done when a job of each kind falls due."""

JOBS_MAX = 10_000
"""How many jobs may fall due on one move of the clock, since nobody else is answered meanwhile.

Assumed: those that fall due first, all at one moment, may be more, or no move could pass them.
"""

_MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class FiredJob:
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


def move(world: World, *, to: Instant, jobs_max: int = JOBS_MAX) -> list[FiredJob]:
    """Move the clock to a later instant and return what happened on the way.

    Refuses Invalid, and then nothing has changed: for an instant that has passed or that no clock
    reaches, and where more than `jobs_max` jobs fall due on the way.
    """
    if to < world.now:
        raise Invalid("now", f"The clock never goes backwards; it stands at {to_text(world.now)}.")
    if to > LATEST:
        raise Invalid("now", f"The clock cannot pass {to_text(LATEST)}.")
    with world.transaction():
        happened, reached = _pass(world, to, jobs_max)
        if reached < to:
            raise Invalid(
                "now",
                f"More than {jobs_max:,} jobs fall due by {to_text(to)}; "
                f"advance to {to_text(reached)} first.",
            )
        _set(world, to)
    return happened


def move_towards(world: World, *, to: Instant, jobs_max: int = JOBS_MAX) -> list[FiredJob]:
    """Move the clock to a later instant, or as far as `jobs_max` jobs allow; the next move goes on
    from there. Returns what happened on the way.
    """
    with world.transaction():
        happened, reached = _pass(world, min(to, LATEST), jobs_max)
        _set(world, max(reached, world.now))
    return happened


def _pass(world: World, to: Instant, jobs_max: int) -> tuple[list[FiredJob], Instant]:
    """Do what falls due up to an instant, `jobs_max` jobs at most, and return what happened and the
    last instant up to which that is everything.
    """
    happened: list[FiredJob] = []
    while (job := world.oldest(Job, "all", ())) is not None and job.due <= to:
        if len(happened) >= jobs_max and job.due > happened[0].at:
            return happened, _last_before(job.due, not_before=world.now)
        world.remove(job)
        _set(world, max(job.due, world.now))
        happened.append(FiredJob(at=world.now, kind=job.kind, target_id=job.target_id))
        HANDLERS[job.kind](world, job.target_id)
    return happened, to


def _last_before(due: Instant, *, not_before: Instant) -> Instant:
    """Return the last instant before `due`, in whole seconds where that is possible."""
    last = due - 1
    whole = last - last % SECOND
    return whole if whole >= not_before else last


def _set(world: World, now: Instant) -> None:
    if now != world.now:
        world.put(Clock(now=now))
