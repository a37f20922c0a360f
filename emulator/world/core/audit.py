"""The audit log: who did what to which record, from where."""

from __future__ import annotations

from emulator.world.core.access import Actor, Fixture, role_in
from emulator.world.core.world import World
from emulator.world.records.system import AuditEntry
from emulator.world.store.sorted_keys import Key
from emulator.world.store.table import Record


def record_audit(
    world: World,
    actor: Actor | Fixture,
    action: str,
    target: Record,
    *,
    workspace_id: str | None = None,
) -> None:
    """Note what the actor did to `target`, now; without a workspace it is about its account."""
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
    """Return the entry of an id; nothing is written."""
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
    """Return entries the actor may see, newest first.

    Assumed: everybody sees the log of the own account, owners and admins the workspace's too.
    """
    account = (actor.user_id, True)
    found = world.newest(AuditEntry, "user", account, limit=limit, before=before)
    if role_in(world, actor, workspace_id) in ("owner", "admin"):
        found += world.newest(AuditEntry, "workspace", workspace_id, limit=limit, before=before)
    found.sort(key=lambda entry: (entry.created_at, entry.ordinal, entry.id), reverse=True)
    return found[:limit]
