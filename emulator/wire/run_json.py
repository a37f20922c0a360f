"""Run JSON: a run as the upstream and cli-sync send it, rendered once per record."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import orjson

from emulator.world.core.times import text_or_none, to_text
from emulator.world.records.runs import Run

_rendered: WeakKeyDictionary[Run, bytes] = WeakKeyDictionary()
"""The bytes of every run that was rendered and still exists; forks share runs and their bytes."""


def run_json(run: Run) -> bytes:
    """Return a run as JSON in the shape of the upstream's RunView."""
    found = _rendered.get(run)
    if found is None:
        found = _rendered[run] = render_run(run)
    return found


def render_run(run: Run) -> bytes:
    """Return the same as `run_json`, without its cache."""
    rendered = orjson.dumps(
        {
            "id": run.id,
            "workspace_id": run.workspace_id,
            "project_id": run.project_id,
            "name": run.name,
            "adapter_id": run.adapter_id,
            "task": run.task,
            "environment": run.environment,
            "runtime": run.runtime,
            "status": run.status,
            "client_run_id": run.client_run_id,
            "metrics": orjson.Fragment(run.metrics),
            "artifacts": [
                {
                    "id": artifact.id,
                    "name": artifact.name,
                    "media_type": artifact.media_type,
                    "size_bytes": artifact.size_bytes,
                    "sha256": artifact.sha256,
                }
                for artifact in run.artifacts
            ],
            "cost_estimate_usd": run.cost_estimate_usd,
            "extra": orjson.Fragment(run.extra),
            "created_at": to_text(run.created_at),
            "started_at": text_or_none(run.started_at),
            "finished_at": text_or_none(run.finished_at),
            "duration_seconds": run.duration_seconds,
        }
    )
    # Measured: a result of orjson occupies 8 kB even if it is short; a copy occupies its length.
    return bytes(memoryview(rendered))
