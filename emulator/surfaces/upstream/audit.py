"""The audit log."""

from __future__ import annotations

from fastapi import Request, Response
from pydantic import BaseModel

from emulator.surfaces.upstream.moments import Moment
from emulator.surfaces.upstream.routing import (
    PAGE_DEFAULT,
    Cursor,
    Limit,
    Routes,
    WorkspaceId,
    reply,
    workspace_of,
)
from emulator.wire.http.context import world_and_actor
from emulator.wire.http.errors import Code
from emulator.wire.http.pagination import cursor_after, read_cursor
from emulator.world.core.audit import visible_entries
from emulator.world.core.times import to_text
from emulator.world.records.system import AuditEntry

routes = Routes("audit")


class AuditTarget(BaseModel):
    """The record that something was done to."""

    kind: str
    id: str


class AuditEntryView(BaseModel):
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


class AuditPage(BaseModel):
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
    "GET", "/api/audit/logs", source="newer docs", answers=AuditPage, refuses=(Code.NOT_FOUND,)
)
async def list_audit_logs(
    request: Request,
    workspace_id: WorkspaceId = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """List the log of the caller's account and, to owners and admins, of the workspace."""
    world, actor = world_and_actor(request)
    found = visible_entries(
        world,
        actor,
        workspace_id=workspace_of(request, workspace_id).id,
        limit=limit + 1,
        before=read_cursor(cursor),
    )
    page = found[:limit]
    next_cursor = cursor_after(page[-1]) if len(found) > limit else None
    return reply(AuditPage(items=[_view(entry) for entry in page], next_cursor=next_cursor))
