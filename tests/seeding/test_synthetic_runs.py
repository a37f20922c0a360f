"""Believable runs: what must hold of every one, whatever is drawn."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from datetime import datetime
from statistics import mean, stdev
from typing import Any, get_args

import pytest

from emulator.seeding.schema import SeedRun
from emulator.seeding.synthetic.benchmarks import CONTROLS, GAMES
from emulator.seeding.synthetic.draws import Draw
from emulator.seeding.synthetic.libero import POLICIES, STEPS_MAX
from emulator.seeding.synthetic.runs import Family, sample_run, synthetic_run
from emulator.wire.run_input import content_of
from emulator.world.core.times import DAY, SECOND, instant, to_text
from emulator.world.records.types import RunStatus
from emulator.world.runs.runs import RunContent, require_consistent
from tests.support.seed_contents import EPOCH, a_world

FAMILIES: tuple[Family, ...] = get_args(Family)
STATUSES: tuple[RunStatus, ...] = get_args(RunStatus)
OVER = ("succeeded", "failed", "cancelled")
FINAL = {
    "success_rate",
    "mean_episode_return",
    "final_return_mean",
    "auc_return",
    "std_return",
    "reconstruction_fidelity",
    "elapsed_sec",
}
SINCE = EPOCH - 30 * DAY


def run_of(family: Family, status: RunStatus, place: int) -> RunContent:
    return synthetic_run(
        Draw(a_world().derive("test", family, status, place)),
        family=family,
        status=status,
        since=SINCE,
        until=EPOCH,
        at=(place % 10) / 9,
        client_run_id=f"run-{place}",
        project_id=None,
    )


def many(family: Family, status: RunStatus, count: int = 150) -> list[RunContent]:
    return [run_of(family, status, place) for place in range(count)]


def metrics_of(run: RunContent) -> dict[str, int | float]:
    metrics: dict[str, int | float] = json.loads(run.metrics)
    return metrics


def log_of(run: RunContent) -> list[str]:
    return run.log.split("\n") if run.log else []


def manifest_of(run: RunContent) -> dict[str, Any] | None:
    manifest: dict[str, Any] | None = None if run.manifest is None else json.loads(run.manifest)
    return manifest


every_kind = pytest.mark.parametrize(
    ("family", "status"), [(family, status) for family in FAMILIES for status in STATUSES]
)


@every_kind
def test_a_run_is_what_validation_would_have_made_of_it(family: Family, status: RunStatus) -> None:
    for run in many(family, status):
        fields = {
            "name": run.name,
            "adapter_id": run.adapter_id,
            "task": run.task,
            "environment": run.environment,
            "runtime": run.runtime,
            "status": run.status,
            "metrics": metrics_of(run),
            "artifacts": [
                {"name": one.name, "size_bytes": one.size_bytes, "sha256": one.sha256}
                for one in run.artifacts
            ],
            "cost_estimate_usd": run.cost_estimate_usd,
            "manifest": manifest_of(run),
            "log": log_of(run),
            "duration_seconds": run.duration_seconds,
        }
        validated = SeedRun.model_validate(fields)
        assert run == content_of(
            validated,
            name=str(validated.name),
            adapter_id=str(validated.adapter_id),
            task=run.task,
            status=run.status,
            project_id=None,
            started_at=run.started_at,
            finished_at=run.finished_at,
        )
        require_consistent(run)


@every_kind
def test_a_run_is_of_the_family_and_status_asked_for(family: Family, status: RunStatus) -> None:
    for run in many(family, status):
        assert run.status == status
        assert str(run.environment).startswith(f"{family}/")


@every_kind
def test_metrics_are_flat_finite_numbers(family: Family, status: RunStatus) -> None:
    for run in many(family, status):
        for name, value in metrics_of(run).items():
            assert type(value) in (int, float), name
            assert math.isfinite(value), name


@every_kind
def test_a_run_lies_in_its_time_and_its_times_agree(family: Family, status: RunStatus) -> None:
    for run in many(family, status):
        started, finished = run.started_at, run.finished_at
        assert (started is None) == (status == "queued")
        assert (finished is not None) == (run.duration_seconds is not None) == (status in OVER)
        if started is not None:
            assert SINCE - SECOND <= started <= EPOCH
        if started is not None and finished is not None:
            assert finished <= EPOCH
            assert (finished - started) / SECOND == run.duration_seconds
            assert 5 < run.duration_seconds < 16 * 3600


@every_kind
def test_only_what_is_over_has_artifacts_cost_and_manifest(
    family: Family, status: RunStatus
) -> None:
    for run in many(family, status):
        if status not in OVER:
            assert (run.artifacts, run.cost_estimate_usd, run.manifest) == ((), None, None)
        assert (run.cost_estimate_usd is not None) == (run.runtime == "aws-ec2" and status in OVER)
        if run.cost_estimate_usd is not None:
            assert 0.01 <= run.cost_estimate_usd < 30


@every_kind
def test_final_metrics_come_with_success_alone(family: Family, status: RunStatus) -> None:
    for run in many(family, status):
        has_final = bool(FINAL & set(metrics_of(run)))
        assert has_final == (status == "succeeded")
        assert bool(metrics_of(run)) or status != "succeeded"
        assert not metrics_of(run) or status != "queued"


@every_kind
def test_a_log_tells_how_it_went(family: Family, status: RunStatus) -> None:
    lasts = {
        "succeeded": ", exit code 0",
        "failed": ", exit code 1",
        "cancelled": ", exit code 130",
    }
    for run in many(family, status):
        log = log_of(run)
        assert all(line == line.strip() and line for line in log)
        assert len(log) <= 20
        if status in lasts:
            assert "".join(log[-1:]).endswith(lasts[status])
        if status == "queued":
            assert log == []
        if status == "succeeded":
            assert len(log) >= 6
        if status == "failed":
            trouble = ("error: ", "[dataset] ", "torch.OutOfMemoryError", "Training diagnostics")
            assert log[-2].startswith(trouble)


@every_kind
def test_artifacts_have_names_of_their_own_sane_sizes_and_hashes(
    family: Family, status: RunStatus
) -> None:
    for run in many(family, status):
        artifacts = run.artifacts
        assert len({artifact.name for artifact in artifacts}) == len(artifacts)
        for artifact in artifacts:
            assert 100 < artifact.size_bytes < 3_000_000_000
            assert artifact.sha256 is not None
        assert artifacts or status != "succeeded"


def test_checkpoints_of_a_model_are_equally_long_and_differ() -> None:
    for run in many("atari100k", "succeeded") + many("dmcontrol", "succeeded"):
        checkpoints = [one for one in run.artifacts if one.name.endswith(".pt")]
        assert len({one.size_bytes for one in checkpoints}) == bool(checkpoints)
        assert len({one.sha256 for one in checkpoints}) == len(checkpoints)


def test_a_manifest_agrees_with_its_run() -> None:
    for place, run in enumerate(many("atari100k", "succeeded")):
        manifest = manifest_of(run)
        assert manifest is not None
        assert run.started_at is not None
        assert run.finished_at is not None
        metadata = manifest["metadata"]
        assert {**manifest, "metadata": {}} == {
            "run_id": f"run-{place}",
            "adapter_id": run.adapter_id,
            "task": run.task,
            "environment": run.environment,
            "runtime": run.runtime,
            "status": "succeeded",
            "started_at": to_text(run.started_at),
            "finished_at": to_text(run.finished_at),
            "metrics": metrics_of(run),
            "artifacts": [artifact.name for artifact in run.artifacts],
            "metadata": {},
        }
        assert metadata["exit_code"] == 0
        assert ("instance_type" in metadata) == (run.runtime == "aws-ec2")


def test_the_mean_of_an_evaluation_is_always_a_float() -> None:
    for status in STATUSES:
        for run in many("libero", status):
            for name, value in metrics_of(run).items():
                assert not name.startswith("mean_") or type(value) is float


def test_a_success_rate_is_a_whole_number_of_the_episodes() -> None:
    for run in many("libero", "succeeded"):
        metrics = metrics_of(run)
        wins = metrics["success_rate"] * metrics["num_episodes"]
        assert wins == pytest.approx(round(wins), abs=1e-6)
        assert metrics["mean_episode_return"] == metrics["success_rate"]


def test_every_policy_is_near_its_published_rates_and_worst_at_libero_10() -> None:
    rates: dict[tuple[str, str], list[float]] = defaultdict(list)
    for run in many("libero", "succeeded", 3000):
        suite = str(run.environment).removeprefix("libero/")
        rates[str(run.adapter_id), suite].append(metrics_of(run)["success_rate"])
    for adapter_id, policy in POLICIES.items():
        means = [mean(rates[adapter_id, suite]) for suite in STEPS_MAX]
        assert means == pytest.approx(policy.rates, abs=0.03)
        assert min(means) == means[-1]


def test_an_episode_takes_no_more_steps_than_its_suite_allows() -> None:
    for run in many("libero", "succeeded"):
        suite = str(run.environment).removeprefix("libero/")
        steps = metrics_of(run)["mean_steps_per_episode"]
        assert STEPS_MAX[suite] * 0.4 < steps < STEPS_MAX[suite]


@pytest.mark.parametrize(("family", "baselines"), [("atari100k", GAMES), ("dmcontrol", CONTROLS)])
def test_scores_scatter_about_ten_percent_around_the_papers(
    family: Family, baselines: dict[str, float]
) -> None:
    off = []
    for run in many(family, "succeeded", 1500):
        target = str(run.environment).partition("/")[2]
        score = metrics_of(run).get("final_return_mean")
        assert (score is None) == (run.task == "generate")
        if score is not None:
            off.append(score / baselines[target] - 1)
    assert abs(mean(off)) < 0.02
    assert 0.06 < stdev(off) < 0.12
    assert max(map(abs, off)) <= 0.26


def test_every_target_of_a_benchmark_is_drawn() -> None:
    games = {run.environment for run in many("atari100k", "queued", 1000)}
    controls = {run.environment for run in many("dmcontrol", "queued", 1000)}
    assert games == {f"atari100k/{game}" for game in GAMES}
    assert controls == {f"dmcontrol/{control}" for control in CONTROLS}
    assert (len(GAMES), len(CONTROLS)) == (26, 20)


def test_no_score_passes_the_best_there_is() -> None:
    best = {"boxing": 100, "freeway": 34, "pong": 21}
    for run in many("atari100k", "succeeded", 1000) + many("dmcontrol", "succeeded", 1000):
        target = str(run.environment).partition("/")[2]
        score = metrics_of(run).get("final_return_mean", 0)
        assert score <= (1000 if target in CONTROLS else best.get(target, math.inf))


def test_a_dreamers_loss_is_the_sum_of_its_parts() -> None:
    for run in many("atari100k", "succeeded"):
        metrics = metrics_of(run)
        if run.task == "rollout":
            parts = metrics["reconstruction"] + metrics["reward"] + metrics["continue"]
            kls = metrics["kl_dynamics"] + 0.1 * metrics["kl_representation"]
            assert metrics["loss"] == pytest.approx(parts + kls, abs=1e-3)
            assert metrics["global_step"] == 100_000


def test_a_sample_run_has_just_succeeded_and_says_that_it_is_synthetic() -> None:
    world = a_world()
    for ordinal in range(1, 40):
        run = sample_run(world, ordinal=ordinal)
        assert SeedRun.model_validate(run.model_dump(exclude_unset=True)) == run
        assert (run.status, run.client_run_id, run.project) == ("succeeded", None, None)
        assert run.extra == {"synthetic": True}
        assert isinstance(run.started_at, datetime)
        assert isinstance(run.finished_at, datetime)
        assert world.now - 31 * 60 * SECOND < instant(run.finished_at) <= world.now
        assert world.now - DAY < instant(run.started_at)


def test_sample_runs_vary_with_the_ordinal_and_not_otherwise() -> None:
    dumps = [
        [repr(sample_run(a_world(), ordinal=ordinal)) for ordinal in range(1, 30)] for _ in range(2)
    ]
    assert dumps[0] == dumps[1]
    assert len(set(dumps[0])) == 29
    environments = {sample_run(a_world(), ordinal=i).environment for i in range(1, 30)}
    assert len(environments) > 8
