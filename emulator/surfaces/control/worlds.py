"""Worlds: listing, making, forking, resetting and deleting them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from emulator.registry.environment import url_of
from emulator.registry.live_world import LiveWorld
from emulator.seeding.files import SeedError
from emulator.surfaces.control.control import PREFIX, Control
from emulator.surfaces.control.errors import BadSeed
from emulator.surfaces.control.replies import Digest, Moment, View, reply
from emulator.wire.fields import Strict
from emulator.wire.gotrue.tokens import anon_key, service_key
from emulator.wire.http.codes import Code
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Routes
from emulator.wire.world_tags import tagged
from emulator.world.core.times import to_text

routes = Routes("control", prefix=PREFIX, tag="worlds", provenance="ours")

WorldName = Annotated[str, Field(min_length=1, max_length=40)]
Port = Annotated[
    int | None,
    Field(ge=0, le=65535, description="A port of its own for the world; 0 picks a free one."),
]


class WorldCreate(Strict):
    """A new world."""

    name: WorldName
    source: Annotated[
        str | None,
        Field(
            alias="from",
            max_length=4096,
            description="A seed, a snapshot or a world. Default: the seed of the server.",
        ),
    ] = None
    port: Port = None


class Fork(Strict):
    """A new world in the state of another."""

    name: WorldName
    port: Port = None


class Reset(Strict):
    """The seed to plant. Default: what the world started from."""

    seed: Annotated[
        str | None, Field(min_length=1, max_length=4096, description="A name or a file.")
    ] = None


class LoginView(View):
    """Credentials of a user of the seed."""

    email: str
    password: str


class KeyView(View):
    """An API key of the seed."""

    workspace: Annotated[str, Field(description="Slug of the workspace.")]
    secret: str


class WorldView(View):
    """A world: its address, its keys, its time and digest."""

    name: str
    url: Annotated[str, Field(description="Base URL that reaches this world and no other.")]
    port: int | None
    seed: str
    logins: list[LoginView]
    api_keys: list[KeyView]
    anon_key: str
    service_role_key: str
    clock: Moment
    digest: Digest
    requests: Annotated[int, Field(description="Number of requests in the journal.")]


class WorldList(View):
    """The live worlds."""

    items: list[WorldView]


class ResetDone(View):
    """The state of a world that was reset."""

    seed: str
    digest: Digest


def world_view(live: LiveWorld, control: Control) -> WorldView:
    """Return a world with what its clients need."""
    world, settings, planted = live.world, control.registry.settings, live.baseline.planted
    return WorldView(
        name=world.name,
        url=url_of(live, settings),
        port=live.port,
        seed=live.baseline.seed.name,
        logins=[LoginView(email=email, password=secret) for email, secret in planted.logins],
        api_keys=[
            KeyView(workspace=slug, secret=tagged(secret, world)) for slug, secret in planted.keys
        ],
        anon_key=anon_key(world, settings),
        service_role_key=service_key(world, settings),
        clock=to_text(world.now),
        digest=str(world.state.digest),
        requests=len(live.journal),
    )


@routes.add(
    "POST",
    "/reset",
    summary="Reset this world to its baseline, or to another seed.",
    body=Reset,
    answers={200: ResetDone},
    refuses={Code.VALIDATION_ERROR},
)
async def reset(request: Request, control: Control, *, body: Reset) -> Response:
    world = context_of(request).world
    with _seed_errors():
        control.registry.reset(world.name, seed=body.seed)
    seed = control.live_world(request).baseline.seed.name
    return reply(ResetDone(seed=seed, digest=str(world.state.digest)))


@routes.add(
    "GET",
    "/worlds",
    summary="List the live worlds in the order in which they were made.",
    answers={200: WorldList},
    ignores_world=True,
)
async def list_worlds(_: Request, control: Control) -> Response:
    views = [world_view(live, control) for live in control.registry.all()]
    return reply(WorldList(items=views))


@routes.add(
    "POST",
    "/worlds",
    summary="Make a world from a seed, a snapshot or another world.",
    body=WorldCreate,
    answers={201: WorldView},
    refuses={Code.VALIDATION_ERROR, Code.CONFLICT, Code.NOT_FOUND},
    ignores_world=True,
)
async def make_world(_: Request, control: Control, *, body: WorldCreate) -> Response:
    with _seed_errors():
        baseline = control.registry.resolve_source(body.source)
    return _made(control, control.registry.make(body.name, begin=baseline), body.port)


@routes.add(
    "POST",
    "/worlds/{name}/fork",
    summary="Make a second world in the state of this one.",
    body=Fork,
    answers={201: WorldView},
    refuses={Code.VALIDATION_ERROR, Code.CONFLICT, Code.NOT_FOUND},
    ignores_world=True,
)
async def fork_world(_: Request, control: Control, *, name: str, body: Fork) -> Response:
    baseline = control.registry.get(name).present_baseline()
    return _made(control, control.registry.make(body.name, begin=baseline), body.port)


def _made(control: Control, live: LiveWorld, port: int | None) -> Response:
    if port is not None:
        try:
            control.registry.give_port(live.world.name, port)
        except BaseException:
            control.registry.drop(live.world.name)
            raise
    return reply(world_view(live, control), status=201)


@routes.add(
    "GET",
    "/worlds/{name}",
    summary="Return a world with its address, keys, time and digest.",
    answers={200: WorldView},
    refuses={Code.NOT_FOUND},
    ignores_world=True,
)
async def get_world(_: Request, control: Control, *, name: str) -> Response:
    return reply(world_view(control.registry.get(name), control))


@routes.add(
    "DELETE",
    "/worlds/{name}",
    summary="Delete a world; the default world can only be reset.",
    answers={204: None},
    refuses={Code.NOT_FOUND, Code.CONFLICT},
    ignores_world=True,
)
async def delete_world(_: Request, control: Control, *, name: str) -> Response:
    control.registry.drop(name)
    return Response(status_code=204)


@routes.add(
    "POST",
    "/worlds/{name}/reset",
    summary="Reset a world to its baseline, or to another seed.",
    body=Reset,
    answers={200: WorldView},
    refuses={Code.VALIDATION_ERROR, Code.NOT_FOUND},
    ignores_world=True,
)
async def reset_world(_: Request, control: Control, *, name: str, body: Reset) -> Response:
    live = control.registry.get(name)
    with _seed_errors():
        control.registry.reset(name, seed=body.seed)
    return reply(world_view(live, control))


@contextmanager
def _seed_errors() -> Iterator[None]:
    """Raise BadSeed where a seed cannot be found or read."""
    try:
        yield
    except SeedError as error:
        raise BadSeed(str(error)) from error
