"""Sessions of a world's users: ending them at once."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.control.control import PREFIX, Control
from emulator.surfaces.control.replies import View, reply
from emulator.wire.fields import Email, Strict
from emulator.wire.http.codes import Code
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Routes
from emulator.world.core.refusals import NotFound
from emulator.world.identity import sessions
from emulator.world.records.identity import User

routes = Routes("control", prefix=PREFIX, tag="sessions", provenance="ours")


class Expire(Strict):
    """The sessions to end. Default: all of them."""

    session_id: str | None = None
    email: Annotated[Email | None, Field(description="Address of a user.")] = None

    @model_validator(mode="after")
    def _not_both(self) -> Expire:
        if self.session_id is not None and self.email is not None:
            raise ValueError("Give session_id or email, not both")
        return self


class Expired(View):
    """How many sessions were ended."""

    ended: int


@routes.add(
    "POST",
    "/sessions/expire",
    summary="End one session, those of a user, or all of them.",
    body=Expire,
    answers={200: Expired},
    refuses={Code.VALIDATION_ERROR, Code.NOT_FOUND},
)
async def expire_sessions(request: Request, control: Control, *, body: Expire) -> Response:
    world = context_of(request).world
    if body.session_id is not None:
        session = sessions.live_session(world, body.session_id)
        if session is None:
            raise NotFound("session", body.session_id)
        sessions.end_session(world, session)
        return reply(Expired(ended=1))
    user_id = None
    if body.email is not None:
        user = world.find(User, "email", body.email)
        if user is None:
            raise NotFound("user", body.email)
        user_id = user.id
    return reply(Expired(ended=sessions.end_all_sessions(world, user_id=user_id)))
