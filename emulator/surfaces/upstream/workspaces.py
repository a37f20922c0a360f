"""Workspaces the caller is a member of."""

from __future__ import annotations

from fastapi import Request, Response
from pydantic import BaseModel

from emulator.surfaces.upstream.moments import Moment
from emulator.surfaces.upstream.routing import PAGE_DEFAULT, Cursor, Limit, Routes, page_of, reply
from emulator.wire.fields import Name, Slug, Strict
from emulator.wire.http.context import world_and_actor
from emulator.wire.http.errors import Code
from emulator.world.core.access import Actor, member_id, visible_workspace
from emulator.world.core.times import to_text
from emulator.world.core.world import World
from emulator.world.metering.plans import period_of
from emulator.world.metering.quota import gauges
from emulator.world.records.types import Role, SubscriptionStatus
from emulator.world.records.workspaces import Member, Workspace
from emulator.world.workspaces.workspaces import create_workspace as create

routes = Routes("workspaces")


class PeriodView(BaseModel):
    """A month of use: the subscription's, else the calendar's in UTC."""

    start: Moment
    end: Moment


class GaugeView(BaseModel):
    """How much of a meter is used, what is reserved included; a null limit is no cap.

    Above the limit nothing is deleted, but what would use more is refused.
    """

    used: int
    reserved: int
    limit: int | None


class UsageView(BaseModel):
    """Every meter: the runs of the period, and of the others what there is now."""

    runs: GaugeView
    storage_bytes: GaugeView
    projects: GaugeView
    members: GaugeView
    api_keys: GaugeView
    shares: GaugeView


class WorkspaceView(BaseModel):
    """A workspace, the caller's role in it, its plan and what it used of that.

    `subscription_status` is the last subscription's, in Stripe's words; null without one. Runs
    are counted from `start` of the period to its `end`, when they begin again at zero.
    """

    id: str
    name: str
    slug: str
    role: Role
    plan: str
    subscription_status: SubscriptionStatus | None
    period: PeriodView
    usage: UsageView
    created_at: Moment


class WorkspacePage(BaseModel):
    """The caller's workspaces, the one joined last first."""

    items: list[WorkspaceView]
    next_cursor: str | None


class WorkspaceCreate(Strict):
    """A new workspace; without a slug, one is made of the name."""

    name: Name
    slug: Slug | None = None


def _view(world: World, actor: Actor, workspace: Workspace) -> WorkspaceView:
    period = period_of(world, workspace)
    return WorkspaceView(
        id=workspace.id,
        name=workspace.name,
        slug=workspace.slug,
        role=world.expect(Member, member_id(workspace.id, actor.user_id)).role,
        plan=workspace.plan,
        subscription_status=workspace.subscription_status,
        period=PeriodView(start=to_text(period.start), end=to_text(period.end)),
        usage=UsageView(
            **{
                one.meter: GaugeView(used=one.used, reserved=one.reserved, limit=one.limit)
                for one in gauges(world, workspace)
            }
        ),
        created_at=to_text(workspace.created_at),
    )


@routes.add("GET", "/api/workspaces", source="base contract", answers=WorkspacePage)
async def list_workspaces(
    request: Request, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None
) -> Response:
    """List the workspaces the caller is a member of; a key sees its one."""
    world, actor = world_and_actor(request)
    if actor.workspace_id is not None:
        only = world.expect(Workspace, actor.workspace_id)
        return reply(WorkspacePage(items=[_view(world, actor, only)], next_cursor=None))
    members, next_cursor = page_of(
        request, Member, "user", actor.user_id, limit=limit, cursor=cursor
    )
    items = [_view(world, actor, world.expect(Workspace, one.workspace_id)) for one in members]
    return reply(WorkspacePage(items=items, next_cursor=next_cursor))


@routes.add(
    "POST",
    "/api/workspaces",
    source="base contract",
    answers=WorkspaceView,
    status=201,
    refuses=(Code.FORBIDDEN, Code.CONFLICT),
)
async def create_workspace(request: Request, body: WorkspaceCreate) -> Response:
    """Create a workspace that the caller owns; needs a session."""
    world, actor = world_and_actor(request)
    workspace = create(world, actor, name=body.name, slug=body.slug)
    return reply(_view(world, actor, workspace), status=201)


@routes.add(
    "GET",
    "/api/workspaces/{workspace_id}",
    source="newer docs",
    answers=WorkspaceView,
    refuses=(Code.NOT_FOUND,),
)
async def get_workspace(request: Request, workspace_id: str) -> Response:
    """Show one workspace."""
    world, actor = world_and_actor(request)
    return reply(_view(world, actor, visible_workspace(world, actor, workspace_id)))
