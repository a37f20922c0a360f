"""Run input: the fields of a run in requests and seeds, and the run content made from them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from emulator.wire.fields import JsonObject, Name, Number, Strict
from emulator.wire.media_types import media_type_of
from emulator.world.core.json_text import json_text
from emulator.world.records.types import Instant, RunStatus, Runtime, Task
from emulator.world.runs.runs import ArtifactContent, RunContent


class ArtifactIn(Strict):
    """The description of an artifact; its bytes are not uploaded."""

    name: Name
    media_type: str | None = None
    size_bytes: Annotated[int, Field(ge=0, le=2**53)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None


class RunFields(Strict):
    """The fields that every description of a run has; absent ones take their defaults."""

    environment: Name | None = None
    runtime: Annotated[Runtime | None, Field(description="Default: local.")] = None
    metrics: dict[str, Number] | None = None
    artifacts: Annotated[list[ArtifactIn] | None, Field(max_length=1000)] = None
    cost_estimate_usd: Annotated[float | None, Field(ge=0, allow_inf_nan=False)] = None
    manifest: Annotated[
        JsonObject | None, Field(description="Default: derived from the run's fields.")
    ] = None
    log: Annotated[list[str] | None, Field(description="Lines, without line ends.")] = None
    duration_seconds: Annotated[
        float | None,
        Field(ge=0, allow_inf_nan=False, description="Default: from start to finish."),
    ] = None


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
