"""World model runs: DreamerV3 on Atari 100k and TD-MPC2 on DMControl.

Docs: a run's task is generate, rollout or eval. Assumed: Training in an environment is a
`rollout`, scoring a checkpoint an `eval`, and generating with a checkpoint a `generate`.
Real: names of models, metrics, files and log lines are those of the open-source package.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emulator.seeding.synthetic.benchmarks import DREAMER, PLANNER, Learner, Metrics, decay_of
from emulator.seeding.synthetic.draws import Draw, Sketch
from emulator.world.records.types import Task
from emulator.world.runs.runs import ArtifactContent

SAVE_INTERVAL = 10_000
"""Real: the package's default of `save_interval`, in steps."""

_LARGE_SCORE = 100
"""Scores from here on have one decimal instead of two."""


def sketch_dreamer(draw: Draw, *, share: float) -> Sketch:
    """Return a run of DreamerV3 on a game of Atari 100k after a share of its work."""
    return _sketch(draw, DREAMER, share=share)


def sketch_planner(draw: Draw, *, share: float) -> Sketch:
    """Return a run of TD-MPC2 on a task of DMControl after a share of its work."""
    return _sketch(draw, PLANNER, share=share)


def score_of(draw: Draw, *, baseline: float, best: float) -> float:
    """Return a score within about 10% of a baseline, up to a maximum."""
    score = draw.around("score", baseline, min(baseline / 4, best - baseline))
    return _rounded(score)


def _rounded(score: float) -> float:
    return round(score, 1 if score >= _LARGE_SCORE else 2)


@dataclass(slots=True, kw_only=True)
class _Work:
    """The plan of a run, its final result, and the share of it that is done."""

    learner: Learner
    parameters: float
    score: float
    speed: float
    share: float


@dataclass(slots=True, kw_only=True)
class _Done:
    """The result of a share of the work."""

    metrics: Metrics
    log: list[str]
    artifacts: list[ArtifactContent]
    seconds: float
    place: str


def _sketch(draw: Draw, learner: Learner, *, share: float) -> Sketch:
    model = draw.one_of("model", tuple(learner.models))
    target = draw.one_of("target", tuple(learner.scores))
    task = draw.weighted("task", _ACTIVITIES)
    parameters = learner.models[model]
    speed = learner.speed / (1 + parameters / 80e6)
    best = learner.scores_max.get(target, learner.score_max)
    work = _Work(
        learner=learner,
        parameters=parameters,
        score=score_of(draw, baseline=learner.scores[target], best=best),
        speed=draw.around("speed", speed, speed / 5),
        share=share,
    )
    done = _ACTS[task](draw, work)
    seed = draw.whole("seed", 0, 9)
    return Sketch(
        name=f"{model.replace(':', ' ')} {task} on {target}, seed {seed}",
        adapter_id=model,
        task=task,
        environment=f"{learner.suite}/{target}",
        metrics=done.metrics,
        log=[f"Using cuda:0, {model} has {parameters / 1e6:.0f}M parameters", *done.log],
        artifacts=done.artifacts,
        seconds=done.seconds,
        place=done.place,
        metadata={"seed": seed, "total_steps": learner.steps},
    )


def _train(draw: Draw, work: _Work) -> _Done:
    total = work.learner.steps
    step = total if work.share == 1 else int(work.share * total) // 1000 * 1000
    ttfi = draw.between("ttfi", 8, 40)
    seconds = ttfi + step / work.speed
    if not step:
        return _Done(metrics={}, log=[], artifacts=[], seconds=seconds, place="step 0")
    metrics: Metrics = {
        "global_step": step,
        **work.learner.losses(draw, step / total),
        "throughput_steps_per_sec": round(work.speed, 2),
        "ttfi_sec": round(ttfi, 2),
    }
    if step == total:
        metrics["final_return_mean"] = work.score
        # The return grows as 2s - s², whose mean is two thirds of the end.
        metrics["auc_return"] = _rounded(work.score * draw.between("auc", 0.62, 0.7))
        metrics["elapsed_sec"] = round(seconds, 1)
    return _Done(
        metrics=metrics,
        log=_training_log(draw, work, step=step, loss=metrics["loss"]),
        artifacts=_training_artifacts(draw, work, step=step),
        seconds=seconds,
        place=f"step {step}",
    )


def _training_log(draw: Draw, work: _Work, *, step: int, loss: float) -> list[str]:
    total = work.learner.steps
    score, decay = work.score, decay_of(step / total)
    lines = []
    for tenth, noise in enumerate(draw.units("curve", 10)[: 10 * step // total], start=1):
        share = tenth / 10
        then = loss * decay_of(share) / decay
        mean = score
        if share < 1:
            mean = _rounded(score * share * (2 - share) * (0.92 + 0.16 * noise))
        at = tenth * total // 10
        lines.append(f"step {at}/{total} loss {then:.3f} mean_return {mean}")
        if tenth in (5, 10):
            took = draw.between(f"quick eval {tenth}", 0.3, 0.9)
            lines.append(f"Eval [quick] at step {at}: 2/2 passed ({took:.2f}s)")
    if step == total:
        lines.append("Saved outputs/checkpoint_final.pt")
    return lines


def _training_artifacts(draw: Draw, work: _Work, *, step: int) -> list[ArtifactContent]:
    # 32-bit weights with AdamW's two moments: every checkpoint of a model is equally long.
    checkpoint = 12 * work.parameters + 48_650
    artifacts = [draw.artifact("metrics.jsonl", 310 * step / 100)]
    if step == work.learner.steps:
        artifacts += [
            draw.artifact("run_manifest.json", 2_900),
            draw.artifact("learning_curve.csv", 42 * step / 1000),
            draw.artifact("training_report.json", 4_100),
            draw.artifact("checkpoint_best.pt", checkpoint, spread=0),
            draw.artifact("checkpoint_final.pt", checkpoint, spread=0),
        ]
    elif last := step // SAVE_INTERVAL * SAVE_INTERVAL:
        artifacts.append(draw.artifact(f"checkpoint_{last}.pt", checkpoint, spread=0))
    return artifacts


def _evaluate(draw: Draw, work: _Work) -> _Done:
    episodes = draw.one_of("episodes", (10, 50, 100))
    done = int(work.share * episodes)
    # An evaluation does not train: it runs several times as fast.
    seconds = draw.between("start-up", 8, 40) + done * 1000 / (6 * work.speed)
    log = [f"Loaded checkpoint_final.pt of step {work.learner.steps}"]
    scatter = draw.units("episode returns", 10)
    deviation = work.score * draw.between("deviation", 0.08, 0.3)
    for tenth in range(1, 10 * done // episodes + 1):
        off = deviation * (scatter[tenth - 1] - 0.5) / tenth if tenth < len(scatter) else 0
        mean = _rounded(work.score + off)
        log.append(f"episode {tenth * episodes // 10}/{episodes} mean_return {mean}")
    metrics: Metrics = {"num_episodes": done} if done else {}
    if done == episodes:
        metrics["final_return_mean"] = work.score
        metrics["std_return"] = _rounded(deviation)
        metrics["elapsed_sec"] = round(seconds, 1)
    return _Done(
        metrics=metrics,
        log=log,
        artifacts=[
            draw.artifact("returns.jsonl", 74 * episodes),
            draw.artifact("summary.json", 1_800),
            draw.artifact("report.md", 4_400),
        ]
        if done == episodes
        else [],
        seconds=seconds,
        place=f"episode {done + 1}",
    )


def _dream(draw: Draw, work: _Work) -> _Done:
    batches = 8
    done = int(work.share * batches)
    seconds = draw.between("start-up", 8, 40) + done * draw.between("batch seconds", 6, 30)
    log = [f"Dreaming {batches} batches of 64 rollouts, 15 steps each"]
    log += [f"batch {batch}/{batches} done" for batch in range(1, done + 1)]
    metrics: Metrics = {"num_episodes": 64 * done} if done else {}
    if done == batches:
        metrics["reconstruction_fidelity"] = round(draw.around("fidelity", 0.93, 0.05), 4)
        # Real: the package's threshold for it is 1e-5.
        metrics["latent_consistency"] = round(draw.between("consistency", 1e-6, 9e-6), 8)
        metrics["imagination_coherence"] = round(draw.around("coherence", 0.86, 0.08), 4)
        metrics["latent_utilization"] = round(draw.around("utilization", 0.74, 0.15), 4)
        metrics["reward_prediction_accuracy"] = round(draw.around("accuracy", 0.9, 0.07), 4)
        metrics["elapsed_sec"] = round(seconds, 1)
        log.append(f"Eval [comprehensive] at step {work.learner.steps}: 5/5 passed")
    return _Done(
        metrics=metrics,
        log=log,
        artifacts=[
            draw.artifact("rollouts.zip", 64 * batches * 15 * 9_000),
            draw.artifact("summary.json", 2_100),
        ]
        if done == batches
        else [],
        seconds=seconds,
        place=f"batch {done + 1}",
    )


_ACTS: Mapping[Task, Callable[[Draw, _Work], _Done]] = {
    "rollout": _train,
    "eval": _evaluate,
    "generate": _dream,
}
_ACTIVITIES: Mapping[Task, int] = {"rollout": 6, "eval": 3, "generate": 1}
