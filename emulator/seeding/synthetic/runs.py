"""Synthetic runs: the sketch of a benchmark, finished by a status and a runtime."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import orjson

from emulator.seeding.synthetic.draws import Draw, Sketch
from emulator.seeding.synthetic.libero import sketch_policy
from emulator.seeding.synthetic.training import sketch_dreamer, sketch_planner
from emulator.world.core.json_text import json_text
from emulator.world.core.times import DAY, SECOND, to_datetime, to_text
from emulator.world.core.world import World
from emulator.world.records.types import Instant, JsonText, RunStatus, Runtime, Task
from emulator.world.runs.runs import RunContent

if TYPE_CHECKING:
    from emulator.seeding.schema import SeedRun

Family = Literal["libero", "atari100k", "dmcontrol"]

_SKETCHES: Mapping[Family, Callable[..., Sketch]] = {
    "libero": sketch_policy,
    "atari100k": sketch_dreamer,
    "dmcontrol": sketch_planner,
}

_RUNTIMES: Mapping[Task, Mapping[Runtime, int]] = {
    "eval": {"local": 5, "modal": 2, "aws-ec2": 2, "replicate": 1},
    "rollout": {"local": 4, "modal": 3, "aws-ec2": 3},
    "generate": {"local": 3, "modal": 2, "replicate": 5},
}

_INSTANCES = {"g5.xlarge": 1.006, "g5.2xlarge": 1.212, "g6e.xlarge": 1.861}
"""Dollars an hour. Real: on-demand Linux prices in us-east-1."""

_EXIT_CODES: Mapping[RunStatus, int] = {"succeeded": 0, "failed": 1, "cancelled": 130}
"""Of what is over; the shell's 130 is an interrupt."""


def synthetic_run(
    draw: Draw,
    *,
    family: Family,
    status: RunStatus,
    since: Instant,
    until: Instant,
    at: float,
    client_run_id: str,
    project_id: str | None,
) -> RunContent:
    """Return a run of that family and status that lies between `since` and `until`.

    `at`, from 0 to 1, says how late. A running run has worked until `until`. What is returned is
    right by construction and has not been validated.
    """
    outcome = _outcome(draw, family, status, (since, until, at))
    sketch, is_over = outcome.sketch, status in _EXIT_CODES
    manifest = _manifest(outcome, client_run_id) if is_over else None
    return RunContent(
        project_id=project_id,
        name=sketch.name,
        adapter_id=sketch.adapter_id,
        task=sketch.task,
        environment=sketch.environment,
        runtime=outcome.runtime,
        status=status,
        metrics=_json_text(sketch.metrics),
        artifacts=tuple(sketch.artifacts) if is_over else (),
        cost_estimate_usd=_cost(outcome) if is_over else None,
        manifest=None if manifest is None else _json_text(manifest),
        log="" if status == "queued" else "\n".join(_log(outcome)),
        extra="{}",
        started_at=None if status == "queued" else outcome.began,
        finished_at=outcome.ended if is_over else None,
        duration_seconds=(outcome.ended - outcome.began) / SECOND if is_over else None,
    )


def _json_text(value: dict[str, Any]) -> JsonText:
    """Return `json_text` of an object of ASCII and of numbers below 1e16, ten times as fast.

    Of those, only small numbers are written otherwise (1e-6 for 1e-06).
    """
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return json_text(value) if b"e-" in text else text.decode()


def sample_run(world: World, *, ordinal: int) -> SeedRun:
    """Return the `ordinal`th run of "upload sample run", a success within the last half hour.

    Assumed: The real product's sample run is not public, so that this run is marked as synthetic
    under `extra`.
    """
    # Planting does not need the schema, which takes longer to import than most seeds to plant.
    from emulator.seeding.schema import SeedRun
    from emulator.wire.run_input import ArtifactIn

    draw = Draw(world.derive("sample run", ordinal))
    until = world.now - int(draw.between("age", 60, 1800)) * SECOND
    family: Family = draw.weighted("family", {"libero": 3, "atari100k": 1, "dmcontrol": 1})
    outcome = _outcome(draw, family, "succeeded", (until - DAY, until, 1))
    sketch = outcome.sketch
    return SeedRun.model_construct(
        name=sketch.name,
        adapter_id=sketch.adapter_id,
        task=sketch.task,
        environment=sketch.environment,
        runtime=outcome.runtime,
        status="succeeded",
        metrics=sketch.metrics,
        artifacts=[
            ArtifactIn.model_construct(name=a.name, size_bytes=a.size_bytes, sha256=a.sha256)
            for a in sketch.artifacts
        ],
        cost_estimate_usd=_cost(outcome),
        log=_log(outcome),
        extra={"synthetic": True},
        duration_seconds=(outcome.ended - outcome.began) / SECOND,
        started_at=to_datetime(outcome.began),
        finished_at=to_datetime(outcome.ended),
    )


_MILLISECOND = SECOND // 1000


@dataclass(slots=True, kw_only=True)
class _Outcome:
    """A sketch and its outcome; `share` is the share of its work that was done."""

    draw: Draw
    sketch: Sketch
    family: Family
    status: RunStatus
    runtime: Runtime
    share: float
    began: Instant
    ended: Instant


def _outcome(
    draw: Draw, family: Family, status: RunStatus, time: tuple[Instant, Instant, float]
) -> _Outcome:
    since, until, at = time
    share = _share(draw, status)
    sketch = _SKETCHES[family](draw, share=share)
    span = int(sketch.seconds * 1000) * _MILLISECOND
    latest = until - span
    began = latest if status == "running" else since + int((latest - since) * at)
    began -= began % _MILLISECOND
    return _Outcome(
        draw=draw,
        sketch=sketch,
        family=family,
        status=status,
        runtime=draw.weighted("runtime", _RUNTIMES[sketch.task]),
        share=share,
        began=began,
        ended=began + span,
    )


def _share(draw: Draw, status: RunStatus) -> float:
    if status == "succeeded":
        return 1
    if status == "queued" or (status == "failed" and draw.chance("early", 0.3)):
        return 0
    return draw.between("share", 0.04, 0.96)


def _machine(outcome: _Outcome) -> dict[str, str]:
    draw = outcome.draw
    if outcome.runtime == "aws-ec2":
        return {"instance_type": _instance(draw), "region": "us-east-1"}
    if outcome.runtime == "modal":
        return {"gpu": draw.one_of("gpu", ("L4", "A10G", "A100-40GB"))}
    if outcome.runtime == "replicate":
        return {"hardware": draw.one_of("hardware", ("gpu-l40s", "gpu-a100-large"))}
    return {}


def _instance(draw: Draw) -> str:
    return draw.one_of("instance", tuple(_INSTANCES))


def _cost(outcome: _Outcome) -> float | None:
    """Docs: filled "by the AWS plugin when the run uses paid instances". At least a cent."""
    if outcome.runtime != "aws-ec2":
        return None
    hours = (outcome.ended - outcome.began) / (3600 * SECOND)
    return max(0.01, round(hours * _INSTANCES[_instance(outcome.draw)], 2))


def _manifest(outcome: _Outcome, client_run_id: str) -> dict[str, Any] | None:
    """Return a manifest, or None if it would only repeat the run's fields.

    Docs: the plugins "all produce the same manifest shape"; here it is that of `manifest_of`.
    """
    sketch = outcome.sketch
    if outcome.runtime == "local" and outcome.family == "libero":
        return None
    return {
        "run_id": client_run_id,
        "adapter_id": sketch.adapter_id,
        "task": sketch.task,
        "environment": sketch.environment,
        "runtime": outcome.runtime,
        "status": outcome.status,
        "started_at": to_text(outcome.began),
        "finished_at": to_text(outcome.ended),
        "metrics": sketch.metrics,
        "artifacts": [artifact.name for artifact in sketch.artifacts],
        "metadata": {
            **sketch.metadata,
            **_machine(outcome),
            "exit_code": _EXIT_CODES[outcome.status],
        },
    }


_EARLY_FAILURES: Mapping[Family, tuple[str, ...]] = {
    "libero": (
        "error: policy server on port 8000 did not answer within 120 s: Connection refused",
        "error: MUJOCO_GL=egl found no EGL device; set MUJOCO_GL=osmesa to render on the CPU",
        "error: checkpoint does not fit: size mismatch for action_head.weight",
    ),
    "atari100k": (
        "[dataset] Atari gym collection is unavailable: No module named 'ale_py'",
        "[dataset] Failed to create Atari env: its ROM is not installed",
    ),
    "dmcontrol": (
        "[dataset] MuJoCo gym collection is unavailable: No module named 'dm_control'",
        "error: MUJOCO_GL=egl found no EGL device; set MUJOCO_GL=osmesa to render on the CPU",
    ),
}
_OUT_OF_MEMORY = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.18 GiB"
_LATE_FAILURES: Mapping[Runtime, tuple[str, ...]] = {
    "local": (_OUT_OF_MEMORY, "error: killed by signal 9 (out of memory?)"),
    "modal": (_OUT_OF_MEMORY, "error: the Modal function hit its timeout"),
    "aws-ec2": (_OUT_OF_MEMORY, "error: the spot instance was reclaimed"),
    "replicate": (_OUT_OF_MEMORY, "error: prediction failed: CUDA error: device-side assert"),
}
_DIVERGED = (
    "Training diagnostics at {place}: Detected NaN/Inf gradients. Try lower learning rate or "
    "stronger gradient clipping."
)


def _log(outcome: _Outcome) -> list[str]:
    sketch = outcome.sketch
    where = f"{sketch.environment} ({outcome.runtime})"
    lines = [f"worldflux run: {sketch.adapter_id} {sketch.task} on {where}"]
    if outcome.status == "failed" and not outcome.share:
        problems = (*_EARLY_FAILURES[outcome.family], _OUT_OF_MEMORY)
        lines += [sketch.log[0], outcome.draw.one_of("failure", problems)]
        return [*lines, "Run failed at start-up, exit code 1"]
    lines += sketch.log
    if outcome.status == "failed":
        problems = _LATE_FAILURES[outcome.runtime]
        if sketch.task == "rollout" and outcome.family != "libero":
            problems = (*problems, _DIVERGED, _DIVERGED)
        lines.append(outcome.draw.one_of("failure", problems).format(place=sketch.place))
        lines.append(f"Run failed at {sketch.place}, exit code 1")
    elif outcome.status == "cancelled":
        lines.append(f"Run cancelled at {sketch.place}, exit code 130")
    elif outcome.status == "succeeded":
        lines.append(f"Run succeeded with {len(sketch.artifacts)} artifacts, exit code 0")
    return lines
