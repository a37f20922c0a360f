"""Control as one app: health, state, reset and the clock, for tests and people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import FastAPI, Request, Response
from pydantic import AwareDatetime, Field, model_validator
from starlette.routing import Route

from emulator import __version__
from emulator.registry.environment import variables_of
from emulator.registry.registry import WorldRegistry
from emulator.seeding.files import SeedError
from emulator.surfaces.control import (
    billing,
    coverage,
    events,
    exports,
    faults,
    journal,
    mail,
    static,
)
from emulator.surfaces.control import worlds as worlds_
from emulator.surfaces.control.control import Control
from emulator.surfaces.control.durations import Span, Stretch
from emulator.surfaces.control.errors import BadSeed, render
from emulator.surfaces.control.replies import live_of, reply, reply_when_settled
from emulator.wire.fields import Email, Strict
from emulator.wire.http.bodies import read_strictly
from emulator.wire.http.context import context_of
from emulator.wire.http.errors import install
from emulator.world import lifecycle
from emulator.world.core.refusals import NotFound
from emulator.world.core.times import SECOND, instant, to_text
from emulator.world.identity import sessions
from emulator.world.lifecycle import FiredJob
from emulator.world.records.identity import User
from emulator.world.records.tables import TABLES

PREFIX = "/_emulator"

Handler = Callable[..., Awaitable[Response]]


class Reset(Strict):
    """Which seed to plant, by name or file; default: the one the world came from."""

    seed: Annotated[str | None, Field(min_length=1, max_length=4096)] = None


class Advance(Strict):
    """How far to move the clock: seconds, or an ISO 8601 duration such as `P30D` or `P1M`."""

    seconds: Annotated[float | None, Field(ge=0, le=1e11, allow_inf_nan=False)] = None
    duration: Span | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Advance:
        if (self.seconds is None) == (self.duration is None):
            raise ValueError("Say either seconds or duration")
        return self


class SetClock(Strict):
    """Where to move the clock."""

    now: AwareDatetime


class Expire(Strict):
    """Whose sessions to end; default: all of them."""

    session_id: str | None = None
    email: Email | None = None

    @model_validator(mode="after")
    def _not_both(self) -> Expire:
        if self.session_id is not None and self.email is not None:
            raise ValueError("Say session_id or email, not both")
        return self


async def get_health(request: Request, worlds: WorldRegistry) -> Response:
    """`GET /health`: 200 once seeded, with who this is."""
    return reply(
        {
            "status": "ok",
            "version": __version__,
            "instance": worlds.settings.instance,
            "seed": worlds.planted.seed,
            "clock": _clock_view(request, worlds),
        }
    )


async def get_environment(request: Request, worlds: WorldRegistry) -> Response:
    """`GET /env`: the environment variables that point a dashboard or the CLI at this world."""
    return reply(variables_of(live_of(request, worlds), worlds.settings))


async def get_state(request: Request, _: WorldRegistry) -> Response:
    """`GET /state`: the digest of the state and how many records each table holds."""
    state = context_of(request).world.state
    counts = {spec.name: len(state.tables[spec.record]) for spec in TABLES}
    return reply({"digest": str(state.digest), "tables": counts})


async def reset(request: Request, worlds: WorldRegistry) -> Response:
    """`POST /reset {"seed"?}`: put the world back to its seed, or to another."""
    body = await read_strictly(request, Reset)
    world = context_of(request).world
    try:
        worlds.reset(world.name, seed=body.seed)
    except SeedError as error:
        raise BadSeed(str(error)) from error
    seed = live_of(request, worlds).baseline.seed.name
    return reply({"seed": seed, "digest": str(world.state.digest)})


async def expire_sessions(request: Request, _: WorldRegistry) -> Response:
    """`POST /sessions/expire {"session_id"|"email"?}`: end one session, a user's, or all, now."""
    body = await read_strictly(request, Expire)
    world = context_of(request).world
    if body.session_id is not None:
        session = sessions.live_session(world, body.session_id)
        if session is None:
            raise NotFound("session", body.session_id)
        sessions.end_session(world, session)
        return reply({"ended": 1})
    user_id = None
    if body.email is not None:
        user = world.find(User, "email", body.email)
        if user is None:
            raise NotFound("user", body.email)
        user_id = user.id
    return reply({"ended": sessions.end_all_sessions(world, user_id=user_id)})


async def get_clock(request: Request, worlds: WorldRegistry) -> Response:
    """`GET /clock`: the world's time, its mode and where it began."""
    return reply(_clock_view(request, worlds))


async def advance_clock(request: Request, control: Control) -> Response:
    """`POST /clock/advance {"seconds"|"duration"}`: move the clock; it never goes backwards."""
    body = await read_strictly(request, Advance)
    worlds = control.registry
    live = live_of(request, worlds)
    span = body.duration or Stretch(microseconds=round((body.seconds or 0) * SECOND))
    to = lifecycle.moment_after(live.world, months=span.months, by=span.microseconds)
    return _moved(request, control, worlds.move_clock(live, to=to))


async def set_clock(request: Request, control: Control) -> Response:
    """`POST /clock/set {"now"}`: move the clock to a moment that has not passed."""
    body = await read_strictly(request, SetClock)
    worlds = control.registry
    happened = worlds.move_clock(live_of(request, worlds), to=instant(body.now))
    return _moved(request, control, happened)


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/health", get_health),
    ("GET", "/env", get_environment),
    ("GET", "/state", get_state),
    ("POST", "/reset", reset),
    ("GET", "/clock", get_clock),
    ("POST", "/clock/advance", advance_clock),
    ("POST", "/clock/set", set_clock),
    ("POST", "/sessions/expire", expire_sessions),
    ("GET", "/worlds", worlds_.list_worlds),
    ("POST", "/worlds", worlds_.make_world),
    ("GET", "/worlds/{name}", worlds_.get_world),
    ("DELETE", "/worlds/{name}", worlds_.delete_world),
    ("POST", "/worlds/{name}/reset", worlds_.reset_world),
    ("POST", "/worlds/{name}/fork", worlds_.fork_world),
    ("GET", "/snapshots", worlds_.list_snapshots),
    ("POST", "/snapshots", worlds_.keep_snapshot),
    ("POST", "/snapshots/{name}/restore", worlds_.restore_snapshot),
    ("DELETE", "/snapshots/{name}", worlds_.delete_snapshot),
    ("GET", "/requests", journal.list_requests),
    ("DELETE", "/requests", journal.clear_requests),
    ("GET", "/requests/verify", journal.verify_requests),
    ("GET", "/requests/{id}", journal.get_request),
    ("POST", "/requests/{id}/rewind", journal.rewind),
    ("POST", "/requests/{id}/fork", journal.fork_at),
    ("GET", "/faults", faults.list_faults),
    ("POST", "/faults", faults.arm_fault),
    ("DELETE", "/faults", faults.disarm_faults),
    ("DELETE", "/faults/{id}", faults.disarm_fault),
    ("GET", "/coverage", coverage.get_coverage),
    ("GET", "/capsule", exports.get_capsule),
    ("GET", "/export", exports.get_export),
    ("POST", "/import", exports.import_worlds),
    ("GET", "/mail", mail.list_mail),
    ("GET", "/mail/{mail_id}", mail.get_mail),
    ("GET", "/mail/{mail_id}/html", mail.get_mail_html),
    ("GET", "/assets/{name}", static.get_asset),
    *billing.ROUTES,
)
"""Method, path below the prefix, handler."""


def build_control(control: Control) -> FastAPI:
    """Return the ASGI app of control."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    for method, path, handler in (*ROUTES, *events.ROUTES):
        app.router.routes.append(Route(PREFIX + path, _bound(handler, control), methods=[method]))
    install(app, render)
    return app


def _bound(
    handler: Callable[..., Awaitable[Response]], control: Control
) -> Callable[[Request], Awaitable[Response]]:
    """Return a handler with its second argument: control, or the part of it that it declares."""
    _, kind = list(handler.__annotations__.values())[:2]
    beside = {"WorldRegistry": control.registry, "WebhookDispatcher": control.webhooks}
    bound = beside.get(kind, control)

    async def handle(request: Request) -> Response:
        return await handler(request, bound)

    return handle


def _clock_view(request: Request, worlds: WorldRegistry) -> dict[str, Any]:
    world = context_of(request).world
    return {
        "now": to_text(world.now),
        "mode": "wall" if worlds.settings.is_wall_clock else "virtual",
        "epoch": to_text(world.epoch),
    }


def _moved(request: Request, control: Control, happened: list[FiredJob]) -> Response:
    view = _clock_view(request, control.registry)
    view["happened"] = [
        {"at": to_text(one.at), "what": one.kind, "target_id": one.target_id} for one in happened
    ]
    return reply_when_settled(request, view, control.webhooks)
