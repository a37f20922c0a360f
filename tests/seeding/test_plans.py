"""What a seed says of plans, and the seeds that stand at and above caps."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from emulator.seeding.files import SeedError, load, plant_file
from emulator.world.core.world import World
from emulator.world.metering import meters, quota
from emulator.world.metering.plans import PLANS, all_plans
from emulator.world.records.workspaces import Caps, Plan, Workspace
from tests.support.messages import golden

PEOPLE = """
users: [{email: ada@lab.test, password: ada-password}]
workspaces:
  - {slug: lab, name: Lab, members: [{user: ada@lab.test, role: owner}], plan: PLAN}
"""


def planted(text: str, folder: Path) -> World:
    path = folder / "seed.yaml"
    path.write_text(text, "utf-8")
    return plant_file(load(str(path))).world


def stand(seed: str, slug: str) -> dict[str, tuple[int, int | None]]:
    world = plant_file(load(seed)).world
    workspace = world.find(Workspace, "slug", slug)
    assert workspace is not None
    return {one.meter: (one.used, one.limit) for one in quota.gauges(world, workspace)}


def test_a_seed_without_plans_has_those_there_are(tmp_path: Path) -> None:
    world = planted(PEOPLE.replace("PLAN", "team"), tmp_path)
    assert [asdict(plan) for plan in all_plans(world)] == [asdict(plan) for plan in PLANS]
    assert [one.plan for one in world.all(Workspace, "all", ())] == ["team"]


def test_what_a_seed_says_of_a_plan_stands_in_for_what_it_has(tmp_path: Path) -> None:
    text = "plans: {team: {month_price_cents: 1, caps: {runs: null, projects: 7}}}"
    team = PLANS[1]
    expected = replace(team, month_price_cents=1, caps=replace(team.caps, runs=None, projects=7))
    found = planted(text, tmp_path).expect(Plan, "team")
    assert asdict(found) == asdict(expected)


def test_a_seed_may_add_a_plan(tmp_path: Path) -> None:
    world = planted("plans: {big-lab: {trial_days: 3, caps: {shares: 4}}}", tmp_path)
    assert asdict(all_plans(world)[-1]) == asdict(
        Plan(
            id="big-lab",
            title="Big lab",
            month_price_cents=0,
            year_price_cents=0,
            trial_days=3,
            caps=Caps(
                runs=None, storage_bytes=None, projects=None, members=None, api_keys=None, shares=4
            ),
            ordinal=4,
        )
    )


def test_a_workspace_on_a_plan_that_there_is_not_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(SeedError) as refused:
        planted(PEOPLE.replace("PLAN", "gold"), tmp_path)
    assert str(refused.value) == (
        f"{tmp_path}/seed.yaml: line 4: workspaces.0.plan: "
        + golden("seed", "sense", "unknown-plan")
    )


def test_a_plan_without_room_for_its_owner_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SeedError, match=r"plans\.free\.caps\.members"):
        planted("plans: {free: {caps: {members: 0}}}", tmp_path)


def test_quota_edge_is_one_run_short_of_its_limit() -> None:
    assert stand("quota-edge", "quota-edge")["runs"] == (9, 10)


def test_over_limit_stands_above_four_caps_at_one_and_below_one() -> None:
    found = stand("over-limit", "over-limit")
    storage = found.pop("storage_bytes")
    assert storage[1] is not None
    assert storage[0] > storage[1]
    assert found == {
        "runs": (601, 500),
        "projects": (11, 10),
        "members": (6, 5),
        "api_keys": (10, 10),
        "shares": (1, 25),
    }


def test_every_run_of_a_seed_counts_with_or_without_a_client_run_id(tmp_path: Path) -> None:
    artifacts = "artifacts: [{name: a.bin, size_bytes: 7}]"
    runs = f"runs: [{{client_run_id: one, {artifacts}}}, {{name: two, {artifacts}}}]"
    world = planted(PEOPLE.replace("plan: PLAN", runs), tmp_path)
    (lab,) = world.all(Workspace, "all", ())
    usage = meters.usage_of(world, lab)
    assert (usage.runs, usage.storage_bytes) == (2, 14)
