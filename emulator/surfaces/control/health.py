"""Health of the server, the environment of a world's clients, and the digest of its state."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, RootModel
from starlette.requests import Request
from starlette.responses import Response

from emulator import __version__
from emulator.registry.environment import variables_of
from emulator.surfaces.control.clock import ClockView, clock_view
from emulator.surfaces.control.control import PREFIX, Control
from emulator.surfaces.control.replies import Digest, View, reply
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Routes
from emulator.world.records.tables import TABLES

routes = Routes("control", prefix=PREFIX, tag="server", provenance="ours")


class Health(View):
    """A server that is ready."""

    status: Literal["ok"]
    version: str
    instance: Annotated[str, Field(description="Changes with every start of the server.")]
    seed: str
    clock: ClockView


class Environment(RootModel[dict[str, str]]):
    """Environment variables by name."""


class StateView(View):
    """The state of a world, in short."""

    digest: Digest
    tables: Annotated[dict[str, int], Field(description="Number of records by table.")]


@routes.add(
    "GET",
    "/health",
    summary="Return 200 with version, instance and seed once the server is ready.",
    answers={200: Health},
)
async def get_health(request: Request, control: Control) -> Response:
    registry = control.registry
    return reply(
        Health(
            status="ok",
            version=__version__,
            instance=registry.settings.instance,
            seed=registry.planted.seed,
            clock=clock_view(request, control),
        )
    )


@routes.add(
    "GET",
    "/env",
    summary="Return the environment variables that point a dashboard or the CLI at this world.",
    answers={200: Environment},
)
async def get_environment(request: Request, control: Control) -> Response:
    live = control.live_world(request)
    return reply(Environment(variables_of(live, control.registry.settings)))


@routes.add(
    "GET",
    "/state",
    summary="Return the digest of the state and the number of records in each table.",
    answers={200: StateView},
)
async def get_state(request: Request, control: Control) -> Response:
    state = context_of(request).world.state
    counts = {spec.name: len(state.tables[spec.record]) for spec in TABLES}
    return reply(StateView(digest=str(state.digest), tables=counts))
