"""From what a client or seed says of a run to what the world takes."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    Field,
    StringConstraints,
)

from emulator.wire.fields import JsonObject, Name, Number, Strict
from emulator.world.core.json_text import json_text
from emulator.world.records.types import Instant, RunStatus, Runtime, Task
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


class ArtifactIn(Strict):
    """What is said of one artifact; its bytes are not taken."""

    name: Name
    media_type: str | None = None
    size_bytes: Annotated[int, Field(ge=0, le=2**53)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None


class RunFields(Strict):
    """What may be said of a run wherever one is said; absent members take the stated defaults."""

    environment: Name | None = None
    runtime: Annotated[Runtime | None, Field(description="Default: local.")] = None
    metrics: dict[str, Number] | None = None
    artifacts: Annotated[list[ArtifactIn] | None, Field(max_length=1000)] = None
    cost_estimate_usd: Annotated[float | None, Field(ge=0, allow_inf_nan=False)] = None
    manifest: Annotated[
        JsonObject | None, Field(description="Default: made of the run's own fields.")
    ] = None
    log: Annotated[list[str] | None, Field(description="Lines, without line ends.")] = None
    duration_seconds: Annotated[
        float | None,
        Field(ge=0, allow_inf_nan=False, description="Default: from start to finish."),
    ] = None
