"""Run content: what the world stores of a run, made from the fields of a request or a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.wire.media_types import media_type_of
from emulator.world.core.json_text import json_text
from emulator.world.records.types import Instant, RunStatus, Task
from emulator.world.runs.runs import ArtifactContent, RunContent

if TYPE_CHECKING:
    from emulator.wire.run_input import ArtifactIn, RunFields


def content_of(
    fields: RunFields,
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
    """Return the content of a run, with defaults for the fields that are absent."""
    return RunContent(
        project_id=project_id,
        name=name,
        adapter_id=adapter_id,
        task=task,
        environment=fields.environment,
        runtime=fields.runtime or "local",
        status=status,
        metrics=json_text(fields.metrics or {}),
        artifacts=tuple(_artifact(artifact) for artifact in fields.artifacts or ()),
        cost_estimate_usd=fields.cost_estimate_usd,
        manifest=None if fields.manifest is None else json_text(fields.manifest),
        log="\n".join(fields.log or ()),
        extra=json_text(extra or {}),
        started_at=started_at,
        finished_at=finished_at,
        duration_seconds=fields.duration_seconds,
    )


def _artifact(artifact: ArtifactIn) -> ArtifactContent:
    return ArtifactContent(
        name=artifact.name,
        media_type=artifact.media_type or media_type_of(artifact.name),
        size_bytes=artifact.size_bytes,
        sha256=artifact.sha256,
    )
