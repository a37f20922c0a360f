"""Audit log of an account and a workspace."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from emulator.surfaces.upstream.replies import list_of
from emulator.surfaces.upstream.routing import Routes, WorkspacePageQuery, workspace_of
from emulator.surfaces.upstream.views import Moment, View
from emulator.wire.http.codes import Code
from emulator.wire.http.context import world_and_actor
from emulator.world.core.audit import visible_entries
from emulator.world.core.times import to_text
from emulator.world.records.system import AuditEntry

routes = Routes("audit")


class AuditTarget(View):
    """The record that something was done to."""

    kind: str
    id: str


class AuditEntryView(View):
    """Who did what, from where; without a workspace it is about the caller's own account."""

    id: str
    workspace_id: str | None
    user_id: str | None
    api_key_id: str | None
    action: str
    target: AuditTarget
    ip_hash: str | None
    user_agent: str | None
    created_at: Moment


class AuditPage(View):
    """Audit entries, newest first."""

    items: list[AuditEntryView]
    next_cursor: str | None


def _view(entry: AuditEntry) -> AuditEntryView:
    return AuditEntryView(
        id=entry.id,
        workspace_id=entry.workspace_id,
        user_id=entry.user_id,
        api_key_id=entry.api_key_id,
        action=entry.action,
        target=AuditTarget(kind=entry.target_kind, id=entry.target_id),
        ip_hash=entry.ip_hash,
        user_agent=entry.user_agent,
        created_at=to_text(entry.created_at),
    )


@routes.add(
    "GET",
    "/api/audit/logs",
    summary="List the log of the caller's account and, to owners and admins, of the workspace.",
    provenance="newer docs",
    query=WorkspacePageQuery,
    answers={200: AuditPage},
    refuses=(Code.NOT_FOUND,),
)
async def list_audit_logs(request: Request, *, query: WorkspacePageQuery) -> Response:
    world, actor = world_and_actor(request)
    workspace = workspace_of(request, query.workspace_id)
    newest = partial(visible_entries, world, actor, workspace_id=workspace.id)
    return list_of(AuditPage, query, newest=newest, view=_view)
