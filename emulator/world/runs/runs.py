"""Runs: the content that clients send, its validation, and the records built from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Any, NamedTuple

from emulator.world.core.access import Actor, require_writer
from emulator.world.core.audit import record_audit
from emulator.world.core.json_text import json_text
from emulator.world.core.refusals import Invalid
from emulator.world.core.times import SECOND, to_text
from emulator.world.core.world import World
from emulator.world.metering.quota import use
from emulator.world.records.runs import Artifact, Run, Share
from emulator.world.records.types import Instant, JsonText, RunStatus, Runtime, Task
from emulator.world.records.workspaces import Project, Workspace
from emulator.world.store import ids
from emulator.world.store.value_hash import hash_of

RANK: Mapping[RunStatus, int] = {
    "queued": 0,
    "running": 1,
    "succeeded": 2,
    "failed": 2,
    "cancelled": 2,
}
"""Status → its rank. A run never returns to a lower rank, and the last rank is terminal."""


class ArtifactContent(NamedTuple):
    """The input of a client for an artifact."""

    name: str
    media_type: str
    size_bytes: int
    sha256: str | None


class RunContent(NamedTuple):
    """The input of a client for a run.

    A named tuple: a frozen dataclass of so many fields takes three times as long to make.
    """

    project_id: str | None
    name: str
    adapter_id: str
    task: Task
    environment: str | None
    runtime: Runtime
    status: RunStatus
    metrics: JsonText
    artifacts: tuple[ArtifactContent, ...]
    cost_estimate_usd: float | None
    manifest: JsonText | None
    log: str
    extra: JsonText
    started_at: Instant | None
    finished_at: Instant | None
    duration_seconds: float | None


def fingerprint(content: RunContent) -> str:
    """Return a hash that is equal for equal contents."""
    return hash_of([_without_artifacts(content), [[*each] for each in content.artifacts]])


def has_fingerprint(run: Run, content: RunContent) -> bool:
    """Return whether a run has the fingerprint of a content."""
    return run.content == fingerprint(content) or run.content == _fingerprint_1(content)


def _fingerprint_1(content: RunContent) -> str:
    """Return the fingerprint as exports of version 1 have it, which are still read."""
    text = json.dumps([_without_artifacts(content), content.artifacts])
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _without_artifacts(content: RunContent) -> list[Any]:
    return [*content[:_ARTIFACTS], *content[_ARTIFACTS + 1 :]]


_ARTIFACTS = RunContent._fields.index("artifacts")


def require_consistent(content: RunContent, *, path: str = "") -> None:
    """Raise Invalid if times contradict each other or the status; `path` prefixes the field."""
    if content.finished_at is not None:
        if RANK[content.status] < RANK["succeeded"]:
            raise Invalid(f"{path}finished_at", f"A {content.status} run has not finished.")
        if content.started_at is not None and content.finished_at < content.started_at:
            raise Invalid(f"{path}finished_at", "A run cannot finish before it started.")
    if content.started_at is not None and content.status == "queued":
        raise Invalid(f"{path}started_at", "A queued run has not started.")


def build_run(
    world: World,
    *,
    run_id: str,
    workspace_id: str,
    client_run_id: str | None,
    content: RunContent,
    created_by: str | None,
    created_at: Instant,
    ordinal: int,
    revision: int,
) -> Run:
    """Build the record of a run without writing it."""
    artifacts = tuple(
        Artifact(
            id=ids.as_uuid(world.derive("artifact", run_id, place, artifact.name)),
            name=artifact.name,
            media_type=artifact.media_type,
            size_bytes=artifact.size_bytes,
            sha256=artifact.sha256,
        )
        for place, artifact in enumerate(content.artifacts)
    )
    return Run(
        id=run_id,
        workspace_id=workspace_id,
        project_id=content.project_id,
        name=content.name,
        adapter_id=content.adapter_id,
        task=content.task,
        environment=content.environment,
        runtime=content.runtime,
        status=content.status,
        client_run_id=client_run_id,
        metrics=content.metrics,
        artifacts=artifacts,
        cost_estimate_usd=content.cost_estimate_usd,
        manifest=content.manifest,
        log=content.log,
        extra=content.extra,
        created_by=created_by,
        created_at=created_at,
        ordinal=ordinal,
        started_at=content.started_at,
        finished_at=content.finished_at,
        duration_seconds=_duration(content),
        content=fingerprint(content),
        revision=revision,
    )


def _duration(content: RunContent) -> float | None:
    if content.duration_seconds is not None:
        return content.duration_seconds
    if content.started_at is None or content.finished_at is None:
        return None
    return (content.finished_at - content.started_at) / SECOND


def stored_bytes(run: Run | RunContent) -> int:
    """Return the number of bytes of a run's artifacts."""
    return sum(artifact.size_bytes for artifact in run.artifacts)


def create_run(world: World, actor: Actor, *, workspace: Workspace, content: RunContent) -> Run:
    """Create a run. Raises Forbidden, Invalid, QuotaExceeded."""
    require_writer(world, actor)
    require_consistent(content)
    require_project(world, workspace, content.project_id, path="project_id")
    use(world, workspace, runs=1, storage_bytes=stored_bytes(content))
    run_id, ordinal = world.new_id("run")
    run = build_run(
        world,
        run_id=run_id,
        workspace_id=workspace.id,
        client_run_id=None,
        content=content,
        created_by=actor.user_id,
        created_at=world.now,
        ordinal=ordinal,
        revision=1,
    )
    world.put(run)
    record_audit(world, actor, "run.created", run, workspace_id=workspace.id)
    return run


def require_project(
    world: World, workspace: Workspace, project_id: str | None, *, path: str
) -> None:
    """Raise Invalid if a project is named that is not in the workspace."""
    if project_id is None:
        return
    project = world.get(Project, project_id)
    if project is None or project.workspace_id != workspace.id:
        raise Invalid(path, f"Workspace {workspace.slug!r} has no project {project_id!r}.")


def delete_run(world: World, actor: Actor, *, run: Run) -> None:
    """Delete a run, revoke its shares, and release the bytes of its artifacts. Raises Forbidden.

    Assumed: shares end with their run, since users expect a deleted run not to be public.
    """
    require_writer(world, actor)
    for share in world.all(Share, "run", run.id):
        if share.revoked_at is None:
            world.put(replace(share, revoked_at=world.now))
    world.remove(run)
    workspace = world.expect(Workspace, run.workspace_id)
    use(world, workspace, runs=0, storage_bytes=-stored_bytes(run))
    record_audit(world, actor, "run.deleted", run, workspace_id=run.workspace_id)


def manifest_of(run: Run) -> JsonText:
    """Return the uploaded manifest, or else a manifest of the run's fields.

    Assumed: the members of a manifest are documented only in part: `metrics` and `metadata`, and
    that adapter, task and run id produce it.
    """
    if run.manifest is not None:
        return run.manifest
    manifest: dict[str, Any] = {
        "run_id": run.client_run_id or run.id,
        "adapter_id": run.adapter_id,
        "task": run.task,
        "environment": run.environment,
        "runtime": run.runtime,
        "status": run.status,
        "started_at": None if run.started_at is None else to_text(run.started_at),
        "finished_at": None if run.finished_at is None else to_text(run.finished_at),
        "metrics": json.loads(run.metrics),
        "artifacts": [artifact.name for artifact in run.artifacts],
        "metadata": json.loads(run.extra),
    }
    return json_text(manifest)
