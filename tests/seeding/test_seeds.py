"""The seeds that come with the emulator: what they hold, and that they always come out alike."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from emulator.seeding.files import bundled_names, load, plant_file
from emulator.seeding.plant import Planted
from emulator.world.core.access import Actor, context_workspace
from emulator.world.core.refusals import NotFound, QuotaExceeded
from emulator.world.core.times import DAY
from emulator.world.metering import quota
from emulator.world.records.identity import User
from emulator.world.records.runs import Run, Share
from emulator.world.records.workspaces import ApiKey, Member, Project, Workspace
from emulator.world.runs.runs import create_run
from emulator.world.runs.shares import open_to_all
from emulator.world.workspaces.api_keys import is_live, key_actor
from tests.support.seed_contents import run_python
from tests.support.world_builder import content

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests/golden/seed-digests.json"
EVERY = bundled_names()
STATUSES = {"queued", "running", "succeeded", "failed", "cancelled"}
PRINT_DIGESTS = """
import json
from emulator.seeding.files import bundled_names, load, plant_file
from tests.support.world_builder import content
seeds = {name: plant_file(load(name)) for name in bundled_names()}
print(json.dumps({name: str(seed.world.state.digest) for name, seed in seeds.items()}))
"""


def planted(name: str) -> Planted:
    return plant_file(load(name))


def workspace(seed: Planted, slug: str) -> Workspace:
    found = seed.world.find(Workspace, "slug", slug)
    assert found is not None
    return found


def runs_of(seed: Planted, slug: str) -> list[Run]:
    return seed.world.newest(Run, "workspace", workspace(seed, slug).id, limit=10_000)


def user_of(seed: Planted, email: str) -> User:
    found = seed.world.find(User, "email", email)
    assert found is not None
    return found


def test_these_seeds_come_with_the_emulator() -> None:
    assert {"crowded", "demo", "empty", "onboarding", "quota-edge"} <= set(EVERY)


@pytest.mark.parametrize("name", EVERY)
def test_a_seed_begins_with_its_schema_and_says_what_it_is_in_a_line(name: str) -> None:
    seed = load(name)
    first, second, *_ = seed.path.read_text("utf-8").splitlines()
    assert first == "# yaml-language-server: $schema=./schema.json"
    assert second == f"description: {seed.seed.description}"
    assert 20 < len(seed.seed.description) < 100


@pytest.mark.parametrize("name", EVERY)
def test_every_password_is_a_fake_one(name: str) -> None:
    assert {user.password for user in load(name).seed.users} <= {"demo-password"}


@pytest.mark.parametrize("name", EVERY)
def test_every_address_is_reserved_for_examples(name: str) -> None:
    domains = {user.email.partition("@")[2] for user in load(name).seed.users}
    assert domains <= {"example.com", "example.org", "example.net"}


@pytest.mark.parametrize("name", EVERY)
def test_every_seed_comes_out_alike_twice(name: str) -> None:
    assert str(planted(name).world.state.digest) == str(planted(name).world.state.digest)


def test_every_seed_comes_out_alike_whatever_python_hashes_with() -> None:
    digests = [json.loads(run_python(PRINT_DIGESTS, PYTHONHASHSEED=seed)) for seed in "12"]
    assert digests[0] == digests[1]
    assert sorted(digests[0]) == EVERY


def test_every_seed_comes_out_as_it_did_when_last_looked_at(is_golden_run: bool) -> None:
    digests = {name: str(planted(name).world.state.digest) for name in EVERY}
    if is_golden_run:
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(json.dumps(digests, indent=2) + "\n", "utf-8")
    assert digests == json.loads(GOLDEN.read_text("utf-8"))


def test_another_epoch_moves_the_runs_with_it() -> None:
    here = plant_file(load("quota-edge"))
    later = plant_file(load("quota-edge"), epoch=here.world.epoch + 7 * DAY)
    before = [(run.client_run_id, run.started_at) for run in runs_of(here, "quota-edge")]
    after = [(run.client_run_id, run.started_at) for run in runs_of(later, "quota-edge")]
    assert after == [(name, started and started + 7 * DAY) for name, started in before]


def test_empty_holds_nobody() -> None:
    seed = planted("empty")
    assert (seed.logins, seed.keys) == ((), ())
    assert len(seed.world.table(User)) == len(seed.world.table(Workspace)) == 0


def test_onboarding_is_one_user_in_one_fresh_workspace() -> None:
    seed = planted("onboarding")
    assert seed.logins == (("nia@example.com", "demo-password"),)
    nia = Actor(user_id="a0000000-0000-4000-8000-000000000001")
    assert context_workspace(seed.world, nia, None) in seed.world.all(Workspace, "all", ())
    assert [(one.id, one.slug, one.name) for one in seed.world.all(Workspace, "all", ())] == [
        ("b0000000-0000-4000-8000-000000000001", "nia", "Nia's workspace")
    ]
    assert len(seed.world.table(Run)) == len(seed.world.table(Project)) == 0


def test_demo_shows_two_people_in_two_workspaces() -> None:
    seed = planted("demo")
    roles = {
        (member.user_id[-1], member.workspace_id[-1]): member.role
        for slug in ("tabletop-robotics", "latent-arcade")
        for member in seed.world.all(Member, "workspace", workspace(seed, slug).id)
    }
    assert roles == {
        ("1", "1"): "owner",
        ("2", "1"): "admin",
        ("2", "2"): "owner",
        ("1", "2"): "member",
    }
    assert user_of(seed, "mara@example.com").id == "a0000000-0000-4000-8000-000000000001"
    assert user_of(seed, "jonas@example.com").id == "a0000000-0000-4000-8000-000000000002"


def test_demo_shows_every_status_task_runtime_and_family() -> None:
    seed = planted("demo")
    runs = runs_of(seed, "tabletop-robotics") + runs_of(seed, "latent-arcade")
    assert len(runs) == 26
    assert {run.status for run in runs} == STATUSES
    assert {run.task for run in runs} == {"generate", "rollout", "eval"}
    assert {run.runtime for run in runs} == {"local", "modal", "aws-ec2", "replicate"}
    families = {(run.environment or "").partition("/")[0] for run in runs}
    assert families == {"libero", "atari100k", "dmcontrol"}
    assert all((run.cost_estimate_usd is not None) <= (run.runtime == "aws-ec2") for run in runs)


def test_demo_has_keys_that_work_are_revoked_and_are_expired() -> None:
    seed = planted("demo")
    keys = seed.world.all(ApiKey, "workspace", workspace(seed, "tabletop-robotics").id)
    assert [(key.name, is_live(seed.world, key), key.revoked_at is None) for key in keys] == [
        ("Mara's laptop", True, True),
        ("Old CI", False, False),
        ("Workshop", False, True),
    ]
    assert seed.keys == (
        ("tabletop-robotics", "wbx_demo_tabletop_live_000000000000000001"),
        ("latent-arcade", "wbx_demo_arcade_live_00000000000000000001"),
    )
    actor = key_actor(seed.world, "wbx_demo_tabletop_live_000000000000000001")
    assert actor.workspace_id == "b0000000-0000-4000-8000-000000000001"


def test_demo_has_shares_that_open_are_revoked_and_are_expired() -> None:
    seed = planted("demo")
    opened = open_to_all(seed.world, "demo-share-live")
    assert seed.world.expect(Run, opened.run_id).client_run_id == "pi07-libero-10-s0"
    for token in ("demo-share-revoked", "demo-share-expired"):
        assert seed.world.find(Share, "token", token) is not None
        with pytest.raises(NotFound):
            open_to_all(seed.world, token)


def test_quota_edge_takes_one_more_run_and_no_second() -> None:
    seed = planted("quota-edge")
    edge = workspace(seed, "quota-edge")
    runs = quota.gauge(seed.world, edge, "runs")
    assert (len(runs_of(seed, "quota-edge")), runs.used, runs.limit) == (9, 9, 10)
    assert runs.limit_source == "plan"
    actor = key_actor(seed.world, seed.keys[0][1])
    create_run(seed.world, actor, workspace=edge, content=content(name="one more"))
    with pytest.raises(QuotaExceeded):
        create_run(seed.world, actor, workspace=edge, content=content(name="one more"))


def test_crowded_is_five_thousand_runs_and_25_people() -> None:
    seed = planted("crowded")
    runs = runs_of(seed, "crowded")
    assert Counter(run.status for run in runs) == {
        "succeeded": 4000,
        "failed": 600,
        "cancelled": 250,
        "running": 100,
        "queued": 50,
    }
    roles = seed.world.all(Member, "workspace", workspace(seed, "crowded").id)
    assert Counter(member.role for member in roles) == {"owner": 1, "admin": 3, "member": 21}
    projects = seed.world.all(Project, "workspace", workspace(seed, "crowded").id)
    by_project = Counter(run.project_id for run in runs)
    assert all(1000 < by_project[project.id] < 1400 for project in projects)
    assert 150 < by_project[None] < 350
    assert len(runs_of(seed, "side-room")) == 12


def test_in_crowded_later_numbers_are_newer_runs() -> None:
    runs = runs_of(planted("crowded"), "crowded")
    numbers = [int(str(run.client_run_id).removeprefix("crowded-")) for run in runs]
    assert sorted(numbers) == list(range(1, 5001))
    assert {run.status for run in runs if str(run.client_run_id) > "crowded-04850"} == {
        "running",
        "queued",
    }
    newest, oldest = numbers[150:650], numbers[-500:]
    assert min(newest) > 4000
    assert max(oldest) < 1000
