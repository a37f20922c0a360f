"""Profile of the caller's own account."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.upstream.replies import reply
from emulator.surfaces.upstream.routing import Routes
from emulator.surfaces.upstream.views import Moment, View
from emulator.wire.fields import Strict
from emulator.wire.http.codes import Code
from emulator.wire.http.context import world_and_actor
from emulator.world.core.times import text_or_none, to_text
from emulator.world.identity.accounts import update_profile
from emulator.world.records.identity import User

routes = Routes("profile")


class ProfileView(View):
    """An account as its owner sees it. Docs: "email, Supabase user ID, verification state"."""

    id: str
    email: str
    name: str
    email_verified: bool
    analytics_opt_in: bool
    product_mail_opt_in: bool
    restricted_at: Moment | None
    objected_at: Moment | None
    deletion_due_at: Moment | None
    created_at: Moment
    updated_at: Moment


class ProfileUpdate(Strict):
    """What may be changed; a member that is left out stays as it is."""

    name: Annotated[str | None, Field(max_length=200)] = None
    analytics_opt_in: bool | None = None
    product_mail_opt_in: bool | None = None


def profile_view(user: User) -> ProfileView:
    """Return an account as its owner sees it."""
    return ProfileView(
        id=user.id,
        email=user.email,
        name=user.name,
        email_verified=user.email_confirmed_at is not None,
        analytics_opt_in=user.analytics_opt_in,
        product_mail_opt_in=user.product_mail_opt_in,
        restricted_at=text_or_none(user.restricted_at),
        objected_at=text_or_none(user.objected_at),
        deletion_due_at=text_or_none(user.deletion_due_at),
        created_at=to_text(user.created_at),
        updated_at=to_text(user.updated_at),
    )


@routes.add(
    "GET",
    "/api/me",
    summary="Show the caller's profile; a key shows its issuer's.",
    provenance="base contract",
    answers={200: ProfileView},
)
async def get_me(request: Request) -> Response:
    world, actor = world_and_actor(request)
    return reply(profile_view(world.expect(User, actor.user_id)))


@routes.add(
    "PATCH",
    "/api/me",
    summary="Change the caller's name or opt-ins; needs a session.",
    provenance="base contract",
    body=ProfileUpdate,
    answers={200: ProfileView},
    refuses=(Code.FORBIDDEN,),
)
async def update_me(request: Request, *, body: ProfileUpdate) -> Response:
    world, actor = world_and_actor(request)
    user = update_profile(
        world,
        actor,
        name=body.name,
        analytics_opt_in=body.analytics_opt_in,
        product_mail_opt_in=body.product_mail_opt_in,
    )
    return reply(profile_view(user))
