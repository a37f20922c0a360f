"""Views of a run, and their JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from pydantic import RootModel

from emulator.surfaces.upstream.views import Moment, View
from emulator.wire.run_json import run_json
from emulator.world.records.runs import Run
from emulator.world.records.types import RunStatus, Runtime, Task


class ArtifactView(View):
    """What is known of a file the run committed."""

    id: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str | None


class RunView(View):
    """A run. Times are RFC 3339 in UTC; what is not known yet is null."""

    id: str
    workspace_id: str
    project_id: str | None
    name: str
    adapter_id: str
    task: Task
    environment: str | None
    runtime: Runtime
    status: RunStatus
    client_run_id: str | None
    metrics: dict[str, float]
    artifacts: list[ArtifactView]
    cost_estimate_usd: float | None
    extra: dict[str, Any]
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    duration_seconds: float | None


class RunPage(View):
    """Runs, newest first."""

    items: list[RunView]
    next_cursor: str | None


class Manifest(RootModel[dict[str, Any]]):
    """The manifest that was uploaded, else one made of the run's own fields."""


class MetricsView(View):
    """The run's metrics by name."""

    run_id: str
    metrics: dict[str, float]


class LogView(View):
    """The run's log, oldest line first."""

    run_id: str
    lines: list[str]


def run_page_json(runs: Iterable[Run], next_cursor: str | None) -> bytes:
    """Return a page of runs as JSON in the shape of RunPage."""
    items = b",".join([run_json(run) for run in runs])
    return b'{"items":[%b],"next_cursor":%b}' % (items, orjson.dumps(next_cursor))


def metrics_json(run: Run) -> bytes:
    """Return a run's metrics as JSON in the shape of MetricsView."""
    return orjson.dumps({"run_id": run.id, "metrics": orjson.Fragment(run.metrics)})


def log_json(run: Run) -> bytes:
    """Return a run's log as JSON in the shape of LogView."""
    return orjson.dumps({"run_id": run.id, "lines": run.log.split("\n") if run.log else []})
