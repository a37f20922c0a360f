"""Clock of a world: reading it and moving it forward."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, model_validator
from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.control.control import PREFIX, Control
from emulator.surfaces.control.durations import Span, Stretch
from emulator.surfaces.control.replies import Moment, Settled, View, reply, reply_when_settled
from emulator.wire.fields import Strict
from emulator.wire.http.codes import Code
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Routes
from emulator.world import lifecycle
from emulator.world.core.times import SECOND, instant, to_text
from emulator.world.lifecycle import FiredJob

routes = Routes("control", prefix=PREFIX, tag="clock", provenance="ours")


class Advance(Strict):
    """How far to move the clock: `seconds` or `duration`."""

    seconds: Annotated[float | None, Field(ge=0, le=1e11, allow_inf_nan=False)] = None
    duration: Annotated[Span | None, Field(description="An ISO 8601 duration.")] = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Advance:
        if (self.seconds is None) == (self.duration is None):
            raise ValueError("Give either seconds or duration")
        return self


class SetClock(Strict):
    """The moment to move the clock to."""

    now: AwareDatetime


class ClockView(View):
    """A world's time."""

    now: Moment
    mode: Annotated[
        Literal["virtual", "wall"], Field(description="`wall` follows the machine's clock.")
    ]
    epoch: Annotated[Moment, Field(description="The time at which the seed was planted.")]


class FiredJobView(View):
    """Something that fell due while the clock moved."""

    at: Moment
    what: str
    target_id: str


class ClockMoved(Settled, ClockView):
    """A world's time after a move, and what fell due on the way."""

    happened: list[FiredJobView]


@routes.add(
    "GET", "/clock", summary="Return the world's time, mode and epoch.", answers={200: ClockView}
)
async def get_clock(request: Request, control: Control) -> Response:
    return reply(clock_view(request, control))


@routes.add(
    "POST",
    "/clock/advance",
    summary="Move the clock forward by some seconds or a duration.",
    body=Advance,
    answers={200: ClockMoved},
    refuses={Code.VALIDATION_ERROR, Code.CONFLICT},
)
async def advance_clock(request: Request, control: Control, *, body: Advance) -> Response:
    live = control.live_world(request)
    span = body.duration or Stretch(microseconds=round((body.seconds or 0) * SECOND))
    to = lifecycle.moment_after(live.world, months=span.months, by=span.microseconds)
    return _moved(request, control, control.registry.move_clock(live, to=to))


@routes.add(
    "POST",
    "/clock/set",
    summary="Move the clock forward to a moment.",
    body=SetClock,
    answers={200: ClockMoved},
    refuses={Code.VALIDATION_ERROR, Code.CONFLICT},
)
async def set_clock(request: Request, control: Control, *, body: SetClock) -> Response:
    happened = control.registry.move_clock(control.live_world(request), to=instant(body.now))
    return _moved(request, control, happened)


def clock_view(request: Request, control: Control) -> ClockView:
    """Return the time of a request's world."""
    world = context_of(request).world
    return ClockView(
        now=to_text(world.now),
        mode="wall" if control.registry.settings.is_wall_clock else "virtual",
        epoch=to_text(world.epoch),
    )


def _moved(request: Request, control: Control, happened: list[FiredJob]) -> Response:
    clock = clock_view(request, control)
    jobs = [
        FiredJobView(at=to_text(job.at), what=job.kind, target_id=job.target_id) for job in happened
    ]
    view = ClockMoved(now=clock.now, mode=clock.mode, epoch=clock.epoch, happened=jobs)
    return reply_when_settled(request, view, webhooks=control.webhooks)
