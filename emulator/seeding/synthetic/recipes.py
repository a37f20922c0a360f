"""Recipes: thousands of believable runs from a few lines of a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from emulator.seeding.schema import Recipe, SeedRun
from emulator.seeding.synthetic.draws import Draw
from emulator.seeding.synthetic.runs import Family, synthetic_run
from emulator.world.core.times import DAY
from emulator.world.core.world import World
from emulator.world.records.types import RunStatus

L = TypeVar("L", bound=str)

_UNFINISHED: Mapping[RunStatus, int] = {"running": 1, "queued": 2}
"""What has not finished is newest, so it comes last."""


def expand(world: World, recipe: Recipe, *, prefix: str, projects: Sequence[str]) -> list[SeedRun]:
    """Return the runs of a recipe, oldest first, named `{prefix}-00001` and on.

    As many are of each family and status as the weights say, to the run. They are spread evenly
    over the recipe's days before the epoch; one in twenty lies in no project.
    """
    families: list[Family] = _dealt(world, recipe.families, recipe.runs, of=f"{prefix} family")
    statuses: list[RunStatus] = _dealt(world, recipe.statuses, recipe.runs, of=f"{prefix} status")
    statuses.sort(key=lambda status: _UNFINISHED.get(status, 0))
    finished = sum(status not in _UNFINISHED for status in statuses) or 1
    since = world.epoch - recipe.days * DAY
    unfolded = []
    for place, (family, status) in enumerate(zip(families, statuses, strict=True)):
        draw = Draw(world.derive("recipe run", prefix, place))
        project = None
        if projects and draw.chance("has project", 0.95):
            project = draw.one_of("project", projects)
        unfolded.append(
            synthetic_run(
                draw,
                family=family,
                status=status,
                since=since,
                until=world.epoch,
                at=min(1, (place + draw.unit("at")) / finished),
                client_run_id=f"{prefix}-{place + 1:05}",
                project=project,
            )
        )
    return unfolded


def apportion(weights: Mapping[L, int], total: int) -> dict[L, int]:
    """Return how many of `total` fall to each weight; the largest remainders get what is left."""
    whole = sum(weights.values())
    shares = {label: divmod(total * weights[label], whole) for label in sorted(weights)}
    counts = {label: count for label, (count, _) in shares.items()}
    left = total - sum(counts.values())
    for label in sorted(shares, key=lambda label: -shares[label][1])[:left]:
        counts[label] += 1
    return counts


def _dealt(world: World, weights: Mapping[L, int], total: int, *, of: str) -> list[L]:
    """Apportion the labels and shuffle them."""
    labels = [label for label, count in apportion(weights, total).items() for _ in range(count)]
    order = sorted(range(total), key=lambda place: world.derive("recipe", of, place))
    return [labels[place] for place in order]
