"""The audit log: which actor did what to which record, from where."""

from __future__ import annotations

from emulator.world.core.access import Actor, Fixture, role_in
from emulator.world.core.world import World
from emulator.world.records.system import AuditEntry
from emulator.world.store.sorted_keys import Key
from emulator.world.store.spec import Record


def record_audit(
    world: World,
    actor: Actor | Fixture,
    action: str,
    target: Record,
    *,
    workspace_id: str | None = None,
) -> None:
    """Add an entry for what the actor did to `target`; without a workspace, to its own account."""
    entry_id, ordinal = world.new_id("audit")
    entry = audit_entry(
        world, actor, action, target, workspace_id=workspace_id, entry_id=entry_id, ordinal=ordinal
    )
    world.put(entry)


def audit_entry(
    world: World,
    actor: Actor | Fixture,
    action: str,
    target: Record,
    *,
    workspace_id: str | None,
    entry_id: str,
    ordinal: int,
) -> AuditEntry:
    """Build an entry without writing it."""
    return AuditEntry(
        id=entry_id,
        workspace_id=workspace_id,
        user_id=actor.user_id,
        api_key_id=actor.api_key_id,
        action=action,
        target_kind=type(target).__name__,
        target_id=target.id,
        ip_hash=actor.source.ip_hash,
        user_agent=actor.source.user_agent,
        created_at=world.now,
        ordinal=ordinal,
    )


def visible_entries(
    world: World, actor: Actor, *, workspace_id: str, limit: int, before: Key | None
) -> list[AuditEntry]:
    """Return the entries visible to the actor, newest first.

    Assumed: users see the log of their own account, and owners and admins also the workspace's.
    """
    account = (actor.user_id, True)
    found = world.newest(AuditEntry, "user", account, limit=limit, before=before)
    if role_in(world, actor, workspace_id) in ("owner", "admin"):
        found += world.newest(AuditEntry, "workspace", workspace_id, limit=limit, before=before)
    found.sort(key=lambda entry: (entry.created_at, entry.ordinal, entry.id), reverse=True)
    return found[:limit]
