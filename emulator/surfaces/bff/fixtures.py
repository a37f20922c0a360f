"""`/api/e2e/cli-sync`: how a test suite seeds runs without a session.

Docs: "the synthetic endpoint the test suite hits to seed runs" (API reference, E2E fixtures).
Assumed: the method, body and answer of the endpoint.
"""

from __future__ import annotations

import orjson
from fastapi import Request, Response

from emulator.seeding.plant_workspace import upload_of
from emulator.seeding.schema import SeedRun
from emulator.wire.fields import Strict
from emulator.wire.http.bodies import read_object, validated
from emulator.wire.http.context import context_of
from emulator.wire.http.errors import BadInput, NoSuchRoute
from emulator.wire.run_json import run_json
from emulator.world.core.access import Fixture
from emulator.world.core.refusals import NotFound
from emulator.world.core.world import World
from emulator.world.records.workspaces import Workspace
from emulator.world.runs.uploads import Synced, Upload, sync_runs

RUNS_MAX = 10_000
"""Assumed: the most runs in one call; enough for any test, small enough for one answer."""


class Batch(Strict):
    """Runs for one workspace, which is named by id or slug; default: the seed's first.

    `ignore_caps` brings them in past the caps of its plan, which they count against all the same.
    """

    workspace: str | None = None
    ignore_caps: bool = False
    runs: list[SeedRun]


async def cli_sync(request: Request) -> Response:
    """Bring in one run or many, all or none; idempotent by `client_run_id`."""
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
    return _answer(synced)


async def switched_off(request: Request) -> Response:
    """Refuse as where the route is not there, and say why it is not."""
    path = request.url.path
    message = f"{path} is switched off, as the e2e fixtures are; start with --e2e-fixtures."
    raise NoSuchRoute(path, message)


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


def _answer(synced: list[Synced]) -> Response:
    counts = {"created": 0, "updated": 0, "unchanged": 0}
    for one in synced:
        counts[one.outcome] += 1
    items = b",".join([run_json(one.run) for one in synced])
    body = b'{"items":[%b],%b' % (items, orjson.dumps(counts)[1:])
    return Response(
        body, status_code=201 if counts["created"] else 200, media_type="application/json"
    )
