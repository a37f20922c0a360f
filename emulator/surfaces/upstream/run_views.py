"""Views of runs as JSON, from records, without their models."""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from emulator.wire.run_json import run_json
from emulator.world.records.runs import Run


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
