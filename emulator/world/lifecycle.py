"""The clock of a world: it moves only when it is moved, and never backwards.

The jobs that fall due on the way are done in order, each with the clock at its due time.
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
    sessions.REMOVE: sessions.remove_timeboxed,
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
"""Kind of job → the function that does it."""

JOBS_MAX = 10_000
"""The most jobs that one move of the clock does, since no other request is answered meanwhile.

Assumed: more jobs are allowed if all of them fall due at the same first instant, since otherwise
the clock could never pass it.
"""

_MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class FiredJob:
    """A job that was done: when, of which kind, and for which record."""

    at: Instant
    kind: str
    target_id: str


def moment_after(world: World, *, months: int = 0, by: int) -> Instant:
    """Return the instant some calendar months and `by` microseconds from now.

    Raises Invalid if `by` is negative or the instant is later than any clock.
    """
    if by < 0:
        raise Invalid("seconds", "The clock never goes backwards; advance by zero or more.")
    now = to_datetime(world.now)
    if now.year + months // _MONTHS_A_YEAR > to_datetime(LATEST).year:
        raise Invalid("now", f"The clock cannot pass {to_text(LATEST)}.")
    return instant(months_after(now, months)) + by


def move(world: World, *, to: Instant, jobs_max: int = JOBS_MAX) -> list[FiredJob]:
    """Move the clock to a later instant and return the jobs that were done on the way.

    Raises Invalid, without changing anything, if the instant has passed, is later than any clock,
    or if more than `jobs_max` jobs fall due on the way.
    """
    if to < world.now:
        raise Invalid("now", f"The clock never goes backwards; it stands at {to_text(world.now)}.")
    if to > LATEST:
        raise Invalid("now", f"The clock cannot pass {to_text(LATEST)}.")
    with world.transaction():
        fired, reached = _run_jobs(world, to, jobs_max)
        if reached < to:
            raise Invalid(
                "now",
                f"More than {jobs_max:,} jobs fall due by {to_text(to)}; "
                f"advance to {to_text(reached)} first.",
            )
        _set_clock(world, to)
    return fired


def move_towards(world: World, *, to: Instant, jobs_max: int = JOBS_MAX) -> list[FiredJob]:
    """Move the clock to a later instant, or as far as `jobs_max` jobs allow, and return the jobs
    that were done; another move continues from there.
    """
    with world.transaction():
        fired, reached = _run_jobs(world, min(to, LATEST), jobs_max)
        _set_clock(world, max(reached, world.now))
    return fired


def _run_jobs(world: World, to: Instant, jobs_max: int) -> tuple[list[FiredJob], Instant]:
    """Do the jobs due up to an instant, `jobs_max` at most, and return them with the last instant
    up to which no job is left.
    """
    fired: list[FiredJob] = []
    while (job := world.oldest(Job, "all", ())) is not None and job.due <= to:
        if len(fired) >= jobs_max and job.due > fired[0].at:
            return fired, _last_before(job.due, not_before=world.now)
        world.remove(job)
        _set_clock(world, max(job.due, world.now))
        fired.append(FiredJob(at=world.now, kind=job.kind, target_id=job.target_id))
        HANDLERS[job.kind](world, job.target_id)
    return fired, to


def _last_before(due: Instant, *, not_before: Instant) -> Instant:
    """Return the last instant before `due`, in whole seconds where that is possible."""
    last = due - 1
    whole = last - last % SECOND
    return whole if whole >= not_before else last


def _set_clock(world: World, now: Instant) -> None:
    if now != world.now:
        world.put(Clock(now=now))
