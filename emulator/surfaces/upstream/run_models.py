"""Models of a run: what clients send, and its views."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field, RootModel

from emulator.surfaces.upstream.views import Moment, View
from emulator.wire.fields import JsonObject, Name, Time
from emulator.wire.run_content import content_of
from emulator.wire.run_input import RunFields
from emulator.world.core.times import instant
from emulator.world.records.types import Instant, RunStatus, Runtime, Task
from emulator.world.runs import runs


class RunWritten(RunFields):
    """The fields of a run that every client may send."""

    project_id: str | None = None
    adapter_id: Name
    task: Task
    status: Annotated[RunStatus | None, Field(description="Default: queued.")] = None
    started_at: Time | None = None
    finished_at: Time | None = None

    def content(self, *, name: str, extra: dict[str, Any] | None = None) -> runs.RunContent:
        """Return the content as the world stores it."""
        return content_of(
            self,
            name=name,
            adapter_id=self.adapter_id,
            task=self.task,
            status=self.status or "queued",
            project_id=self.project_id,
            started_at=_instant(self.started_at),
            finished_at=_instant(self.finished_at),
            extra=extra,
        )


def _instant(moment: datetime | None) -> Instant | None:
    return None if moment is None else instant(moment)


class RunCreate(RunWritten):
    """A new run."""

    name: Name
    extra: JsonObject | None = None


class RunSync(RunWritten):
    """A run as the CLI uploads it. Assumed: the real payload is not public, so members that are
    not listed are taken and shown under `extra`.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    client_run_id: Name
    name: Annotated[Name | None, Field(description="Default: the client_run_id.")] = None


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
