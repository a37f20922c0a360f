"""Worlds and snapshots: making, forking, resetting, keeping, putting back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Request, Response
from pydantic import Field

from emulator.registry.environment import url_of
from emulator.registry.live_world import LiveWorld
from emulator.registry.registry import WorldRegistry
from emulator.registry.snapshots import Snapshot
from emulator.seeding.files import SeedError
from emulator.surfaces.control.errors import BadSeed
from emulator.surfaces.control.replies import EmptyBody, reply
from emulator.wire.fields import Strict
from emulator.wire.gotrue.tokens import anon_key, service_key
from emulator.wire.http.bodies import read_strictly
from emulator.wire.http.context import context_of
from emulator.wire.world_tags import tagged
from emulator.world.core.times import to_text

Name = Annotated[str, Field(min_length=1, max_length=40)]


class Make(Strict):
    """A new world: of a seed, a snapshot or a world; default: the baseline."""

    name: Name
    source: Annotated[str | None, Field(alias="from", max_length=4096)] = None
    port: Annotated[int | None, Field(ge=0, le=65535, description="0: a free one.")] = None


class Fork(Strict):
    """What the fork is called."""

    name: Name
    port: Annotated[int | None, Field(ge=0, le=65535)] = None


class ResetTo(Strict):
    """Which seed to plant in the world; default: what the world began as."""

    seed: Annotated[str | None, Field(min_length=1, max_length=4096)] = None


class Keep(Strict):
    """What the snapshot is called."""

    name: Name


def world_view(live: LiveWorld, worlds: WorldRegistry) -> dict[str, Any]:
    """Return a world: where it is reached, its keys, its time and digest."""
    world, settings, planted = live.world, worlds.settings, live.baseline.planted
    return {
        "name": world.name,
        "url": url_of(live, settings),
        "port": live.port,
        "seed": live.baseline.seed.name,
        "logins": [{"email": email, "password": password} for email, password in planted.logins],
        "api_keys": [
            {"workspace": slug, "secret": tagged(secret, world)} for slug, secret in planted.keys
        ],
        "anon_key": anon_key(world, settings),
        "service_role_key": service_key(world, settings),
        "clock": to_text(world.now),
        "digest": str(world.state.digest),
        "requests": len(live.journal),
    }


async def list_worlds(_: Request, worlds: WorldRegistry) -> Response:
    """`GET /worlds`: the live worlds in the order in which they were made."""
    return reply({"items": [world_view(live, worlds) for live in worlds.all()]})


async def make_world(request: Request, worlds: WorldRegistry) -> Response:
    """`POST /worlds {"name", "from"?, "port"?}`: make a world; port 0 opens a socket of its own."""
    body = await read_strictly(request, Make)
    try:
        begin = worlds.resolve_source(body.source)
    except SeedError as error:
        raise BadSeed(str(error)) from error
    return _made(worlds, worlds.make(body.name, begin=begin), body.port)


async def fork_world(request: Request, worlds: WorldRegistry) -> Response:
    """`POST /worlds/{name}/fork {"name", "port"?}`: a second world in the same state."""
    begin = worlds.get(request.path_params["name"]).present_baseline()
    body = await read_strictly(request, Fork)
    return _made(worlds, worlds.make(body.name, begin=begin), body.port)


def _made(worlds: WorldRegistry, live: LiveWorld, port: int | None) -> Response:
    if port is not None:
        try:
            worlds.give_port(live.world.name, port)
        except BaseException:
            worlds.drop(live.world.name)
            raise
    return reply(world_view(live, worlds), status=201)


async def get_world(request: Request, worlds: WorldRegistry) -> Response:
    """`GET /worlds/{name}`: one world."""
    return reply(world_view(worlds.get(request.path_params["name"]), worlds))


async def delete_world(request: Request, worlds: WorldRegistry) -> Response:
    """`DELETE /worlds/{name}`: forget a world; the default one can only be reset."""
    worlds.drop(request.path_params["name"])
    return Response(status_code=204)


async def reset_world(request: Request, worlds: WorldRegistry) -> Response:
    """`POST /worlds/{name}/reset {"seed"?}`: put a world back to what it began as, or to a seed."""
    name = request.path_params["name"]
    live = worlds.get(name)
    body = await read_strictly(request, ResetTo)
    try:
        worlds.reset(name, seed=body.seed)
    except SeedError as error:
        raise BadSeed(str(error)) from error
    return reply(world_view(live, worlds))


def _snapshot_view(kept: Snapshot) -> dict[str, Any]:
    return {"name": kept.name, "world": kept.world, "digest": str(kept.baseline.state.digest)}


async def list_snapshots(_: Request, worlds: WorldRegistry) -> Response:
    """`GET /snapshots`: what was kept, in the order of keeping."""
    return reply({"items": [_snapshot_view(kept) for kept in worlds.snapshots]})


async def keep_snapshot(request: Request, worlds: WorldRegistry) -> Response:
    """`POST /snapshots {"name"}`: keep this world's state under a name."""
    body = await read_strictly(request, Keep)
    kept = worlds.take_snapshot(body.name, world=context_of(request).world.name)
    return reply(_snapshot_view(kept), status=201)


async def restore_snapshot(request: Request, worlds: WorldRegistry) -> Response:
    """`POST /snapshots/{name}/restore`: put this world into a kept state, whosever it was."""
    await read_strictly(request, EmptyBody)
    world = context_of(request).world
    worlds.restore(request.path_params["name"], world=world.name)
    return reply({"world": world.name, "digest": str(world.state.digest)})


async def delete_snapshot(request: Request, worlds: WorldRegistry) -> Response:
    """`DELETE /snapshots/{name}`: forget a kept state."""
    worlds.snapshots.delete(request.path_params["name"])
    return Response(status_code=204)
