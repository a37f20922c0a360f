"""Run input: the fields of a run in requests and seeds."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from emulator.wire.fields import JsonObject, Name, Number, Strict
from emulator.world.records.types import Runtime


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
