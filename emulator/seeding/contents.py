"""From what a client or seed says of a run to what the world takes."""

from __future__ import annotations

from typing import Any

from emulator.seeding.schema import ArtifactIn, RunFields
from emulator.world.core.json_text import json_text
from emulator.world.records.types import Instant, RunStatus, Task
from emulator.world.runs.runs import ArtifactContent, RunContent


def content_of(
    said: RunFields,
    *,
    name: str,
    adapter_id: str,
    task: Task,
    status: RunStatus,
    project_id: str | None,
    started_at: Instant | None,
    finished_at: Instant | None,
    extra: dict[str, Any] | None = None,
) -> RunContent:
    """Return the content of a run with the defaults of every member that was left out."""
    return RunContent(
        project_id=project_id,
        name=name,
        adapter_id=adapter_id,
        task=task,
        environment=said.environment,
        runtime=said.runtime or "local",
        status=status,
        metrics=json_text(said.metrics or {}),
        artifacts=tuple(_artifact(artifact) for artifact in said.artifacts or ()),
        cost_estimate_usd=said.cost_estimate_usd,
        manifest=None if said.manifest is None else json_text(said.manifest),
        log="\n".join(said.log or ()),
        extra=json_text(extra or {}),
        started_at=started_at,
        finished_at=finished_at,
        duration_seconds=said.duration_seconds,
    )


def _artifact(said: ArtifactIn) -> ArtifactContent:
    return ArtifactContent(
        name=said.name,
        media_type=said.media_type or _media_type(said.name),
        size_bytes=said.size_bytes,
        sha256=said.sha256,
    )


_MEDIA_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "log": "text/plain",
    "md": "text/markdown",
    "mp4": "video/mp4",
    "png": "image/png",
    "txt": "text/plain",
    "zip": "application/zip",
}
"""A table of our own: the standard library's depends on files of the machine."""


def _media_type(name: str) -> str:
    return _MEDIA_TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")
