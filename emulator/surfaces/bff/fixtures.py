"""Seeding of runs by test suites without a session: `/api/e2e/cli-sync`.

Docs: "the synthetic endpoint the test suite hits to seed runs" (API reference, E2E fixtures).
Assumed: the page names neither method, body nor response of the endpoint; they are those of the
upstream's sync, for one run or many.
"""

from __future__ import annotations

from typing import Annotated

import orjson
from pydantic import Field, RootModel
from starlette.requests import Request
from starlette.responses import Response

from emulator.contract.catalog import MIB
from emulator.seeding.plant_workspace import upload_of
from emulator.seeding.schema import SeedRun
from emulator.surfaces.bff.errors import CLI_SYNC_PATH
from emulator.wire.fields import Strict
from emulator.wire.http.bodies import read_object, validated
from emulator.wire.http.codes import BadInput, Code
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Routes
from emulator.wire.run_json import render_run
from emulator.world.core.access import Fixture
from emulator.world.core.refusals import NotFound
from emulator.world.core.world import World
from emulator.world.records.workspaces import Workspace
from emulator.world.runs.uploads import Synced, Upload, sync_runs

routes = Routes("bff", tag="e2e")

RUNS_MAX = 10_000
"""Assumed: a call takes at most this many runs, which are enough for any test and still fit into a
response."""

BODY_LIMIT = 64 * MIB


class Batch(Strict):
    """Runs for one workspace."""

    workspace: Annotated[
        str | None, Field(description="Id or slug. Default: the first workspace of the seed.")
    ] = None
    ignore_caps: Annotated[
        bool,
        Field(description="Accept runs above the plan's caps, which still count them."),
    ] = False
    runs: list[SeedRun]


class OneRunOrBatch(RootModel[Batch | SeedRun]):
    """A run, or a batch of runs."""


@routes.add(
    "POST",
    CLI_SYNC_PATH,
    summary="Synthetic endpoint the test suite hits to seed runs",
    provenance="base contract",
    body=OneRunOrBatch,
    refuses={Code.VALIDATION_ERROR, Code.NOT_FOUND, Code.QUOTA_EXCEEDED, Code.PAYLOAD_TOO_LARGE},
    body_limit=BODY_LIMIT,
)
async def cli_sync(request: Request) -> Response:
    """Sync one run or many, all or none of them; idempotent by `client_run_id`.

    The body is read here rather than by the router, so that a mistake is reported with a path in
    the form that was sent.
    """
    body = await read_object(request)
    if "runs" in body:
        batch, paths = validated(body, Batch), "runs.{}."
    else:
        batch, paths = Batch(runs=[validated(body, SeedRun)]), ""
    if len(batch.runs) > RUNS_MAX:
        raise BadInput([{"path": "runs", "message": f"Send at most {RUNS_MAX} runs at once"}])
    world = context_of(request).world
    workspace = _workspace(world, batch.workspace)
    uploads = [
        _upload(world, workspace, run, path=paths.format(place))
        for place, run in enumerate(batch.runs)
    ]
    synced = sync_runs(
        world,
        Fixture(),
        workspace=workspace,
        uploads=uploads,
        ignores_caps=batch.ignore_caps,
    )
    return _reply(synced)


def _workspace(world: World, name: str | None) -> Workspace:
    if name is None:
        for workspace in world.all(Workspace, "all", ()):
            return workspace
        raise NotFound("workspace", "(the seed's first)")
    found = world.get(Workspace, name) or world.find(Workspace, "slug", name)
    if found is None:
        raise NotFound("workspace", name)
    return found


def _upload(world: World, workspace: Workspace, run: SeedRun, *, path: str) -> Upload:
    upload = upload_of(world, workspace, run, path=path)
    if not isinstance(upload, Upload):
        message = "Field required: it makes the upload idempotent"
        raise BadInput([{"path": f"{path}client_run_id", "message": message}])
    return upload


def _reply(synced: list[Synced]) -> Response:
    counts = {"created": 0, "updated": 0, "unchanged": 0}
    for run in synced:
        counts[run.outcome] += 1
    # Thousands of runs, most of which are never read: their bytes are not worth remembering.
    items = b",".join([render_run(run.run) for run in synced])
    body = b'{"items":[%b],%b' % (items, orjson.dumps(counts)[1:])
    return Response(
        body, status_code=201 if counts["created"] else 200, media_type="application/json"
    )
