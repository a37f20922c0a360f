"""Workspaces the caller is a member of."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.upstream.replies import list_of, reply
from emulator.surfaces.upstream.routing import PageQuery, Routes
from emulator.surfaces.upstream.views import Moment, View
from emulator.wire.fields import Name, Slug, Strict
from emulator.wire.http.codes import Code
from emulator.wire.http.context import world_and_actor
from emulator.world.core.access import Actor, member_id, visible_workspace
from emulator.world.core.times import to_text
from emulator.world.core.world import World
from emulator.world.metering.plans import period_of
from emulator.world.metering.quota import gauges
from emulator.world.records.types import Role, SubscriptionStatus
from emulator.world.records.workspaces import Member, Workspace
from emulator.world.workspaces.workspaces import create_workspace as create

routes = Routes("workspaces")


class PeriodView(View):
    """A month of use: the subscription's, else the calendar's in UTC."""

    start: Moment
    end: Moment


class GaugeView(View):
    """How much of a meter is used, what is reserved included; a null limit is no cap.

    Above the limit nothing is deleted, but what would use more is refused.
    """

    used: int
    reserved: int
    limit: int | None


class UsageView(View):
    """Every meter: the runs of the period, and of the others what there is now."""

    runs: GaugeView
    storage_bytes: GaugeView
    projects: GaugeView
    members: GaugeView
    api_keys: GaugeView
    shares: GaugeView


class WorkspaceView(View):
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


class WorkspacePage(View):
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
                gauge.meter: GaugeView(used=gauge.used, reserved=gauge.reserved, limit=gauge.limit)
                for gauge in gauges(world, workspace)
            }
        ),
        created_at=to_text(workspace.created_at),
    )


@routes.add(
    "GET",
    "/api/workspaces",
    summary="List the workspaces the caller is a member of; a key sees its one.",
    provenance="base contract",
    query=PageQuery,
    answers={200: WorkspacePage},
)
async def list_workspaces(request: Request, *, query: PageQuery) -> Response:
    world, actor = world_and_actor(request)
    if actor.workspace_id is not None:
        only = world.expect(Workspace, actor.workspace_id)
        return reply(WorkspacePage(items=[_view(world, actor, only)], next_cursor=None))

    def view(member: Member) -> WorkspaceView:
        return _view(world, actor, world.expect(Workspace, member.workspace_id))

    newest = partial(world.newest, Member, "user", actor.user_id)
    return list_of(WorkspacePage, query, newest=newest, view=view)


@routes.add(
    "POST",
    "/api/workspaces",
    summary="Create a workspace that the caller owns; needs a session.",
    provenance="base contract",
    body=WorkspaceCreate,
    answers={201: WorkspaceView},
    refuses=(Code.FORBIDDEN, Code.CONFLICT),
)
async def create_workspace(request: Request, *, body: WorkspaceCreate) -> Response:
    world, actor = world_and_actor(request)
    workspace = create(world, actor, name=body.name, slug=body.slug)
    return reply(_view(world, actor, workspace), status=201)


@routes.add(
    "GET",
    "/api/workspaces/{workspace_id}",
    summary="Show one workspace.",
    provenance="newer docs",
    answers={200: WorkspaceView},
    refuses=(Code.NOT_FOUND,),
)
async def get_workspace(request: Request, *, workspace_id: str) -> Response:
    world, actor = world_and_actor(request)
    return reply(_view(world, actor, visible_workspace(world, actor, workspace_id)))
