"""LIBERO runs: robot policies on the four suites.

Docs: "Eval bridges" names the suites, ten episodes a task, port 8000 and the summary's
`num_episodes`, `success_rate`, `mean_episode_return` and `mean_steps_per_episode`; "mean_* should
always be a float, even if it's 0.0".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from emulator.seeding.synthetic.draws import Draw, Sketch
from emulator.world.records.types import Task
from emulator.world.runs.runs import ArtifactContent

STEPS_MAX = {"libero_spatial": 220, "libero_object": 280, "libero_goal": 300, "libero_10": 520}
"""Real: the step limits by suite in openpi's examples/libero/main.py; a failed episode reaches
its limit."""

TASKS = 10
"""Tasks of a suite."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy's title, published success rates, steps a second and checkpoint."""

    title: str
    rates: tuple[float, float, float, float]
    """In the order of `STEPS_MAX`."""
    speed: float
    checkpoint: str


POLICIES = {
    # Assumed: No LIBERO results of pi-0.7 are published; it is a little better than pi-0.5 here.
    "pi-0.7": Policy("pi-0.7", (0.992, 0.99, 0.984, 0.948), 14, "pi07_libero"),
    # Real: openpi's LIBERO README (pi-0.5 at 30k), NVIDIA's (N1.6), the SmolVLA and the OpenVLA
    # paper; lerobot is represented by Diffusion Policy of the latter.
    "openpi": Policy("pi-0.5", (0.988, 0.982, 0.98, 0.924), 16, "pi05_libero"),
    "gr00t-n1.7": Policy("GR00T N1.7", (0.977, 0.985, 0.975, 0.944), 18, "GR00T-N1.7-LIBERO"),
    "smolvla": Policy("SmolVLA", (0.93, 0.94, 0.91, 0.77), 22, "smolvla_libero"),
    "openvla": Policy("OpenVLA", (0.847, 0.884, 0.792, 0.537), 6, "openvla-7b-finetuned"),
    "lerobot": Policy("Diffusion Policy", (0.783, 0.925, 0.683, 0.505), 26, "diffusion_libero"),
}
"""By adapter id. Docs: the adapters and sources that "Bring your own model" names."""

_ACTIVITIES: Mapping[Task, int] = {"eval": 8, "rollout": 2}
_EPISODES = {10: 6, 20: 2, 50: 2}
"""Episodes of a task, with weights: the documented default, and the 50 of most papers."""


@dataclass(slots=True, kw_only=True)
class _Tally:
    """The progress of an evaluation."""

    per_task: int
    wins: list[int]
    """By task, of the whole suite."""
    done: int
    won: int
    steps: float
    """Mean steps of the episodes done."""


def sketch_policy(draw: Draw, *, share: float) -> Sketch:
    """Return a policy's evaluation or rollouts after a share of the episodes."""
    adapter_id = draw.one_of("adapter", tuple(POLICIES))
    suite = draw.one_of("suite", tuple(STEPS_MAX))
    policy = POLICIES[adapter_id]
    task = draw.weighted("task", _ACTIVITIES)
    per_task = draw.weighted("episodes", _EPISODES) if task == "eval" else 5
    tally = _tally(draw, policy=policy, suite=suite, per_task=per_task, share=share)
    speed = draw.around("speed", policy.speed, policy.speed / 5)
    # Between episodes the scene is reset and settles.
    seconds = draw.between("start-up", 20, 90) + tally.done * (tally.steps / speed + 2.5)
    seed = draw.whole("seed", 0, 9)
    return Sketch(
        name=f"{policy.title} {task} on {suite}, seed {seed}",
        adapter_id=adapter_id,
        task=task,
        environment=f"libero/{suite}",
        metrics=_metrics(tally, seconds=seconds, is_complete=share == 1),
        log=_log(tally, policy=policy, suite=suite, is_complete=share == 1),
        artifacts=_artifacts(draw, tally, task=task) if share == 1 else [],
        seconds=seconds,
        place=f"episode {tally.done + 1}",
        metadata={"seed": seed, "checkpoint": policy.checkpoint, "num_episodes_per_task": per_task},
    )


def task_wins(draw: Draw, *, rate: float, per_task: int) -> list[int]:
    """Return the successful episodes of each task of a suite, around a published rate.

    Checkpoints and tasks vary around it. No rate exceeds 1: the spread narrows as rates rise.
    """
    mean = draw.around("rate", rate, min(0.12 * rate, 1 - rate))
    spread = min(0.3 * mean, 1 - mean)
    ease, luck = draw.units("ease", TASKS), draw.units("luck", TASKS)
    return [
        min(per_task, int(per_task * (mean + spread * (2 * easy - 1)) + lucky))
        for easy, lucky in zip(ease, luck, strict=True)
    ]


def _tally(draw: Draw, *, policy: Policy, suite: str, per_task: int, share: float) -> _Tally:
    rate = policy.rates[tuple(STEPS_MAX).index(suite)]
    wins = task_wins(draw, rate=rate, per_task=per_task)
    done = int(share * TASKS * per_task)
    tasks, rest = divmod(done, per_task)
    won = sum(wins[:tasks]) + (wins[tasks] * rest // per_task if rest else 0)
    # A success takes about half of the budget, a failure all of it.
    saved = 1 - draw.between("pace", 0.42, 0.56)
    steps = STEPS_MAX[suite] * (1 - saved * won / done) if done else 0.0
    return _Tally(per_task=per_task, wins=wins, done=done, won=won, steps=steps)


def _metrics(tally: _Tally, *, seconds: float, is_complete: bool) -> dict[str, int | float]:
    if not tally.done:
        return {}
    metrics: dict[str, int | float] = {
        "num_episodes": tally.done,
        "mean_steps_per_episode": round(tally.steps, 1),
    }
    if is_complete:
        rate = round(tally.won / tally.done, 4)
        metrics["success_rate"] = rate
        # An episode of LIBERO returns 1 when it succeeds, and ends.
        metrics["mean_episode_return"] = rate
        metrics["throughput_steps_per_sec"] = round(tally.done * tally.steps / seconds, 2)
        metrics["elapsed_sec"] = round(seconds, 1)
    return metrics


def _log(tally: _Tally, *, policy: Policy, suite: str, is_complete: bool) -> list[str]:
    of, steps = tally.per_task, STEPS_MAX[suite]
    lines = [
        f"Loading {policy.title} from {policy.checkpoint}",
        "Policy server is ready on port 8000",
        f"[libero] {suite}: {TASKS} tasks x {of} episodes of at most {steps} steps",
    ]
    for task, wins in enumerate(tally.wins[: tally.done // of]):
        lines.append(f"[libero] task {task}: {wins}/{of} succeeded")
    if is_complete:
        lines.append(
            f"[libero] success_rate {tally.won / tally.done:.3f} over {tally.done} episodes, "
            f"{tally.steps:.1f} steps on average"
        )
    return lines


def _artifacts(draw: Draw, tally: _Tally, *, task: Task) -> list[ArtifactContent]:
    artifacts = [
        draw.artifact("summary.json", 2_400),
        draw.artifact("returns.jsonl", 168 * tally.done),
    ]
    if task == "rollout":
        # A frame of both cameras, compressed, is about 3 kB.
        artifacts.append(draw.artifact("rollouts.zip", 3_000 * tally.done * tally.steps))
    else:
        artifacts.append(draw.artifact("report.md", 5_200))
    if draw.chance("evidence", 0.25):
        artifacts.append(draw.artifact("evidence_bundle.zip", 48_000 + 90 * tally.done))
    return artifacts
