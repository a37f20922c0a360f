"""Records of runs, their artifacts and public shares."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.world.records.types import Instant, JsonText, RunStatus, Runtime, Task


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Artifact:
    """A file that a run produced: its facts, never its bytes."""

    id: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Run:
    """A generation, rollout or evaluation, uploaded by the CLI or created in the dashboard.

    `content` is a hash of the client's input; `revision` counts accepted contents from 1.
    """

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
    metrics: JsonText
    artifacts: tuple[Artifact, ...]
    cost_estimate_usd: float | None
    manifest: JsonText | None
    log: str
    extra: JsonText
    created_by: str | None
    created_at: Instant
    ordinal: int
    started_at: Instant | None
    finished_at: Instant | None
    duration_seconds: float | None
    content: str
    revision: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Share:
    """A public link to a run as it was when it was shared; `snapshot` has its public fields."""

    id: str
    workspace_id: str
    run_id: str
    token: str
    snapshot: JsonText
    created_by: str | None
    created_at: Instant
    ordinal: int
    expires_at: Instant
    revoked_at: Instant | None
