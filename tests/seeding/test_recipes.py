"""Recipes: exact counts, even spread, the same runs every time."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.seeding.schema import Recipe
from emulator.seeding.synthetic.recipes import apportion, expand
from emulator.world.core.times import DAY
from emulator.world.runs.runs import RunContent
from tests.support.seed_contents import EPOCH, a_world

RECIPE = Recipe(
    runs=500,
    days=10,
    families={"libero": 5, "atari100k": 3, "dmcontrol": 2},
    statuses={"succeeded": 6, "failed": 2, "running": 1, "queued": 1},
)


def unfolded(recipe: Recipe = RECIPE, entropy: str = "tests") -> list[RunContent]:
    uploads = expand(a_world(entropy), recipe, prefix="lab", project_ids=["a", "b"])
    return [upload.content for upload in uploads]


def family_of(run: RunContent) -> str:
    return str(run.environment).partition("/")[0]


def test_a_recipe_gives_as_many_runs_of_each_kind_as_it_says() -> None:
    runs = unfolded()
    assert Counter(run.status for run in runs) == {
        "succeeded": 300,
        "failed": 100,
        "running": 50,
        "queued": 50,
    }
    assert Counter(map(family_of, runs)) == {"libero": 250, "atari100k": 150, "dmcontrol": 100}


def test_families_do_not_follow_statuses() -> None:
    even = Recipe(
        runs=400, families={"libero": 1, "dmcontrol": 1}, statuses={"failed": 1, "cancelled": 1}
    )
    kinds = Counter((family_of(run), run.status) for run in unfolded(even))
    assert len(kinds) == 4
    assert min(kinds.values()) > 70


def test_runs_are_numbered_from_the_oldest() -> None:
    uploads = expand(a_world(), RECIPE, prefix="lab", project_ids=[], first=3)
    assert [one.client_run_id for one in uploads] == [f"lab-{i:05}" for i in range(1, 501)]
    assert [one.path for one in uploads] == [f"{i}." for i in range(3, 503)]
    assert [one.content.status for one in uploads[400:]] == ["running"] * 50 + ["queued"] * 50


def test_the_same_recipe_gives_the_same_runs() -> None:
    assert unfolded() == unfolded()


def test_the_order_in_which_weights_are_written_does_not_matter() -> None:
    backwards = RECIPE.model_copy(
        update={
            "families": dict(reversed(RECIPE.families.items())),
            "statuses": dict(reversed(RECIPE.statuses.items())),
        }
    )
    assert unfolded(backwards) == unfolded()


def test_another_seed_or_workspace_gives_other_runs() -> None:
    other_prefix = expand(a_world(), RECIPE, prefix="other", project_ids=["a", "b"])
    for others in (unfolded(entropy="other"), [upload.content for upload in other_prefix]):
        assert [run.name for run in others] != [run.name for run in unfolded()]


def test_runs_spread_evenly_over_the_days_before_the_epoch() -> None:
    first = EPOCH - RECIPE.days * DAY
    days: Counter[int] = Counter()
    for run in unfolded()[:400]:
        assert run.started_at is not None
        assert run.finished_at is not None
        assert first <= run.started_at < run.finished_at <= EPOCH
        days[(run.started_at - first) // DAY] += 1
    assert sorted(days) == list(range(10))
    assert max(days.values()) < 2 * min(days.values())


def test_a_day_is_long_enough_for_any_recipe() -> None:
    for run in unfolded(RECIPE.model_copy(update={"days": 1})):
        if run.started_at is not None:
            assert run.started_at >= EPOCH - DAY


def test_most_runs_lie_in_a_project_and_some_in_none() -> None:
    counts = Counter(run.project_id for run in unfolded())
    assert set(counts) == {"a", "b", None}
    assert counts["a"] > 180
    assert counts["b"] > 180
    assert 5 < counts[None] < 50


def test_without_projects_every_run_lies_in_none() -> None:
    uploads = expand(a_world(), RECIPE, prefix="lab", project_ids=[])
    assert {upload.content.project_id for upload in uploads} == {None}


def test_a_recipe_of_one_kind_gives_only_that() -> None:
    queued = Recipe(runs=3, families={"libero": 1}, statuses={"queued": 1})
    assert [run.status for run in unfolded(queued)] == ["queued"] * 3


@given(
    weights=st.dictionaries(
        st.sampled_from("abcdef"), st.integers(min_value=1, max_value=1000), min_size=1
    ),
    total=st.integers(min_value=1, max_value=10_000),
)
def test_apportioned_counts_add_up_and_are_within_one_of_their_share(
    weights: dict[str, int], total: int
) -> None:
    counts = apportion(weights, total)
    assert sum(counts.values()) == total
    for label, weight in weights.items():
        assert abs(counts[label] - total * weight / sum(weights.values())) < 1


@pytest.mark.parametrize("field", ["families", "statuses"])
def test_a_recipe_needs_a_weight(field: str) -> None:
    said = {"runs": 1, "families": {"libero": 1}, "statuses": {"failed": 1}}
    with pytest.raises(ValueError, match="at least 1 item"):
        Recipe.model_validate({**said, field: {}})
