"""Moves of the clock on which much falls due: bounded, all or nothing, and linear."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from emulator.world import lifecycle
from emulator.world.core.refusals import Invalid
from emulator.world.core.times import DAY, SECOND
from emulator.world.core.world import State, World
from emulator.world.records.types import Instant
from tests.support import world_builder
from tests.support.billed_world import Billed
from tests.support.due_jobs import add_jobs
from tests.support.messages import golden

EPOCH = 20_454 * DAY
MOST = 20
"""How many jobs a move passes in these tests."""


def world_with_jobs(*dues: Instant) -> World:
    """Return a world in which an export expires at each of these instants from the epoch."""
    world = world_builder.begin("long")
    add_jobs(world, *dues)
    return world


def refusal_of(world: World, to: Instant) -> str:
    """Return how a move is refused, having checked that it changed nothing."""
    before = world.state
    with pytest.raises(Invalid) as refused:
        lifecycle.move(world, to=to, jobs_max=MOST)
    assert world.state is before
    assert refused.value.path == "now"
    return refused.value.message


def seconds(*counts: int) -> list[Instant]:
    return [count * SECOND for count in counts]


def test_as_many_jobs_as_may_fall_due_do() -> None:
    world = world_with_jobs(*seconds(*range(1, MOST + 1)))
    assert len(lifecycle.move(world, to=EPOCH + DAY, jobs_max=MOST)) == MOST
    assert world.now == EPOCH + DAY


def test_one_job_more_is_refused_and_the_last_moment_that_passes_is_named() -> None:
    world = world_with_jobs(*seconds(*range(2, 2 * MOST + 4, 2)))
    assert refusal_of(world, EPOCH + DAY) == (golden("control", "clock", "too-many-jobs"))
    last = EPOCH + (2 * MOST + 1) * SECOND
    refusal_of(world, last + SECOND)
    assert len(lifecycle.move(world, to=last, jobs_max=MOST)) == MOST
    assert len(lifecycle.move(world, to=EPOCH + DAY, jobs_max=MOST)) == 1


def test_between_two_jobs_of_one_second_the_last_moment_is_named_to_the_microsecond() -> None:
    world = world_with_jobs(0, *range(1, MOST + 1))
    message = refusal_of(world, EPOCH + DAY)
    assert message == golden("control", "clock", "too-many-jobs-of-one-second")
    assert len(lifecycle.move(world, to=EPOCH + MOST - 1, jobs_max=MOST)) == MOST


def test_jobs_of_one_moment_all_fall_due_however_many() -> None:
    dues = [*[5 * SECOND] * (MOST + 5), 9 * SECOND]
    world = world_with_jobs(*dues)
    assert refusal_of(world, EPOCH + DAY) == golden("control", "clock", "too-many-jobs-at-once")
    assert len(lifecycle.move(world, to=EPOCH + 8 * SECOND, jobs_max=MOST)) == MOST + 5
    assert len(lifecycle.move(world, to=EPOCH + DAY, jobs_max=MOST)) == 1


def test_a_move_towards_a_moment_stops_where_it_must_and_goes_on_from_there() -> None:
    world = world_with_jobs(*seconds(*range(1, MOST + 3)))
    assert len(lifecycle.move_towards(world, to=EPOCH + DAY, jobs_max=MOST)) == MOST
    assert world.now == EPOCH + MOST * SECOND
    assert len(lifecycle.move_towards(world, to=EPOCH + DAY, jobs_max=MOST)) == 2
    assert world.now == EPOCH + DAY


def calls_of(act: Callable[[], Any]) -> int:
    """Return how many calls and steps of generators something takes."""
    count = 0

    def note(_frame: Any, _event: str, _argument: Any) -> None:
        nonlocal count
        count += 1

    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(None)
    return count


def moved(world: World, *, years: int) -> State:
    """Move the clock and return the state, with all that was written."""
    lifecycle.move(world, to=world.now + years * 365 * DAY)
    return world.state


def test_a_year_takes_as_much_work_after_decades_as_at_first() -> None:
    billed = Billed()
    billed.subscribe()
    first = calls_of(lambda: moved(billed.world, years=1))
    moved(billed.world, years=30)
    later = calls_of(lambda: moved(billed.world, years=1))
    assert later < 1.15 * first
