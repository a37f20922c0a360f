"""Parallel uploads: whatever their order, the state is the same."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from emulator.world.core.access import Fixture
from emulator.world.runs.uploads import Upload, sync_runs
from tests.support.world_builder import Lab, minutes, open_lab, state_of, upload

UPLOADS = (
    upload("a", status="succeeded", started_at=minutes(-2), finished_at=minutes(-1)),
    upload("b", status="running", started_at=minutes(-2)),
    upload("c"),
    upload("d", pin="a pinned id"),
)


def sync(lab: Lab, *uploads: Upload) -> None:
    """Upload to the lab as Ada."""
    sync_runs(lab.world, lab.ada, workspace=lab.lab, uploads=uploads)


def test_every_order_of_single_uploads_and_of_a_batch_gives_the_same_state() -> None:
    states = set()
    for order in itertools.permutations(UPLOADS):
        single, batch = open_lab(), open_lab()
        for one in order:
            sync(single, one)
        sync(batch, *order)
        states |= {state_of(single.world), state_of(batch.world)}
    assert len(states) == 1


LIVES = {
    name: [upload(name, status=status, log=name) for status in life]
    for name, life in {
        "a": ("queued", "running", "succeeded"),
        "b": ("running", "failed"),
        "c": ("queued", "cancelled"),
    }.items()
}


@given(st.permutations([name for name, life in LIVES.items() for _ in life]))
def test_lives_that_are_interleaved_in_any_way_end_in_the_same_state(names: list[str]) -> None:
    mixed, apart = open_lab(), open_lab()
    left = {name: iter(life) for name, life in LIVES.items()}
    for name in names:
        sync(mixed, next(left[name]))
    for life in LIVES.values():
        for one in life:
            sync(apart, one)
    assert state_of(mixed.world) == state_of(apart.world)


def test_who_uploads_is_part_of_the_state() -> None:
    one, other = open_lab(), open_lab()
    sync(one, UPLOADS[0])
    sync_runs(other.world, Fixture(), workspace=other.lab, uploads=[UPLOADS[0]])
    assert state_of(one.world) != state_of(other.world)
