"""Exports of all worlds, their import, and the capsule of a world."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, JsonValue
from starlette.requests import Request
from starlette.responses import Response

from emulator.persistence.capsule import record_capsule
from emulator.persistence.export import export_bytes, import_bytes
from emulator.surfaces.control.control import PREFIX, Control
from emulator.surfaces.control.replies import View, reply
from emulator.wire.fields import Strict
from emulator.wire.http.bodies import body_of
from emulator.wire.http.codes import Code
from emulator.wire.http.router import Routes

routes = Routes("control", prefix=PREFIX, tag="files", provenance="ours")

IMPORT_BYTES_MAX = 2**30
"""Assumed: 1 GiB is room enough for an import. Measured: an export takes 2.9 kB a run, so that is
some 370,000 runs."""


class StoredFile(Strict):
    """A file that the emulator writes and reads; its content is the emulator's own."""

    format: str
    version: int
    emulator: Annotated[str, Field(description="Version of the emulator that wrote it.")]
    sha256: Annotated[str, Field(description="Of `content` as it stands in the file.")]
    content: JsonValue


class Imported(View):
    """How much was imported."""

    worlds: int
    snapshots: int


@routes.add(
    "GET",
    "/capsule",
    summary="Download the recording of this world's requests, secrets included, for `replay`.",
    answers={200: StoredFile},
    refuses={Code.CONFLICT},
)
async def get_capsule(request: Request, control: Control) -> Response:
    live = control.live_world(request)
    content = record_capsule(live, control.registry.settings)
    return _file(content, f"{live.world.name}.capsule.json")


@routes.add(
    "GET",
    "/export",
    summary="Download every world and snapshot as one file, without journals and faults.",
    answers={200: StoredFile},
    ignores_world=True,
)
async def get_export(_: Request, control: Control) -> Response:
    return _file(export_bytes(control.registry), "worldflux-emulator.json")


@routes.add(
    "POST",
    "/import",
    summary="Replace every world and snapshot by those of an export.",
    body=StoredFile,
    answers={200: Imported},
    refuses={Code.VALIDATION_ERROR, Code.PAYLOAD_TOO_LARGE},
    ignores_world=True,
    body_limit=IMPORT_BYTES_MAX,
)
async def import_worlds(request: Request, control: Control) -> Response:
    registry = control.registry
    import_bytes(registry, await body_of(request))
    return reply(Imported(worlds=len(registry.all()), snapshots=len(registry.snapshots)))


def _file(content: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/json", headers=headers)
