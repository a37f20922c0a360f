"""Recipes: expands a few lines of a seed into thousands of synthetic runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from emulator.seeding.synthetic.draws import Draw
from emulator.seeding.synthetic.runs import Family, synthetic_run
from emulator.world.core.times import DAY
from emulator.world.core.world import World
from emulator.world.records.types import RunStatus
from emulator.world.runs.uploads import Upload

if TYPE_CHECKING:
    from emulator.seeding.schema import Recipe

L = TypeVar("L", bound=str)

_UNFINISHED: Mapping[RunStatus, int] = {"running": 1, "queued": 2}
"""Unfinished runs are the newest, so they come last."""


def expand(
    world: World, recipe: Recipe, *, prefix: str, project_ids: Sequence[str], first: int = 0
) -> list[Upload]:
    """Return the runs of a recipe, oldest first, named `{prefix}-00001` and on; their paths count
    from `first`.

    The number of each family and status follows the weights exactly. The runs are spread evenly
    over the recipe's days before the epoch; about 5% of them have no project.
    """
    families: list[Family] = _shuffled_labels(
        world, recipe.families, recipe.runs, of=f"{prefix} family"
    )
    statuses: list[RunStatus] = _shuffled_labels(
        world, recipe.statuses, recipe.runs, of=f"{prefix} status"
    )
    statuses.sort(key=lambda status: _UNFINISHED.get(status, 0))
    finished = sum(status not in _UNFINISHED for status in statuses) or 1
    epoch = world.epoch
    since = epoch - recipe.days * DAY
    uploads = []
    for place, (family, status) in enumerate(zip(families, statuses, strict=True)):
        draw = Draw(world.derive("recipe run", prefix, place))
        project_id = None
        if project_ids and draw.chance("has project", 0.95):
            project_id = draw.one_of("project", project_ids)
        client_run_id = f"{prefix}-{place + 1:05}"
        content = synthetic_run(
            draw,
            family=family,
            status=status,
            since=since,
            until=epoch,
            at=min(1, (place + draw.unit("at")) / finished),
            client_run_id=client_run_id,
            project_id=project_id,
        )
        uploads.append(
            Upload(client_run_id=client_run_id, content=content, path=f"{first + place}.")
        )
    return uploads


def apportion(weights: Mapping[L, int], total: int) -> dict[L, int]:
    """Divide `total` by weight; the largest remainders get what is left."""
    whole = sum(weights.values())
    shares = {label: divmod(total * weights[label], whole) for label in sorted(weights)}
    counts = {label: count for label, (count, _) in shares.items()}
    left = total - sum(counts.values())
    for label in sorted(shares, key=lambda label: -shares[label][1])[:left]:
        counts[label] += 1
    return counts


def _shuffled_labels(world: World, weights: Mapping[L, int], total: int, *, of: str) -> list[L]:
    """Apportion the labels and shuffle them."""
    labels = [label for label, count in apportion(weights, total).items() for _ in range(count)]
    order = sorted(range(total), key=lambda place: world.derive("recipe", of, place))
    return [labels[place] for place in order]
