"""Forgetting a user: no byte of it stays in any table.

Assumed: what was made in a workspace that others share stays there without its maker's name; the
ownership passes to the longest-standing admin, else member; a workspace of the user alone goes
with everything in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from emulator.world.core import jobs
from emulator.world.core.world import World
from emulator.world.identity import accounts
from emulator.world.metering import reservations
from emulator.world.privacy import billing_erasure
from emulator.world.records.identity import Export, Flow, RefreshToken, Session, User
from emulator.world.records.runs import Run, Share
from emulator.world.records.system import AuditEntry, Job, Mail, RateWindow
from emulator.world.records.workspaces import ApiKey, Member, Project, Workspace

PURGES = "purge"
"""The ordinal that counts purges, so that whoever keeps older states knows to drop them."""


def erase_user(world: World, user: User) -> None:
    """Remove a user, everything that is only its own, and its name from what others share."""
    world.ordinal(PURGES)
    for member in world.all(Member, "user", user.id):
        workspace = world.expect(Workspace, member.workspace_id)
        heirs = [
            one for one in world.all(Member, "workspace", workspace.id) if one.user_id != user.id
        ]
        if heirs:
            _leave(world, user, workspace, member, heirs)
        else:
            delete_workspace(world, workspace)
    for entry in world.all(AuditEntry, "user", (user.id, False)):
        world.put(replace(entry, user_id=None, api_key_id=None, ip_hash=None, user_agent=None))
    _remove(world, AuditEntry, "user", (user.id, True))
    _forget_account(world, user)


def _forget_account(world: World, user: User) -> None:
    for session in world.all(Session, "user", user.id):
        _remove(world, RefreshToken, "session", session.id)
        _cancel_all(world, session.id)
        world.remove(session)
    for export in world.all(Export, "user", user.id):
        _cancel_all(world, export.id)
        world.remove(export)
    accounts.forget_codes(world, user)
    for mail in world.all(Mail, "user", user.id):
        _forget_window(world, mail.to)
        world.remove(mail)
    _remove(world, Flow, "user", user.id)
    _forget_window(world, user.email)
    _cancel_all(world, user.id)
    world.remove(user)


def _forget_window(world: World, address: str) -> None:
    window = world.get(RateWindow, f"mail:{address}")
    if window is not None:
        world.remove(window)


def _cancel_all(world: World, target_id: str) -> None:
    for job in world.all(Job, "any of target", target_id):
        jobs.cancel(world, job.kind, target_id)


def _leave(
    world: World, user: User, workspace: Workspace, member: Member, heirs: list[Member]
) -> None:
    world.remove(member)
    if not any(heir.role == "owner" for heir in heirs):
        heir = next((one for one in heirs if one.role == "admin"), heirs[0])
        world.put(replace(heir, role="owner"))
    if workspace.created_by == user.id:
        world.put(replace(workspace, created_by=None))
    _clear_author(world, workspace, user, Project)
    _clear_author(world, workspace, user, Run)
    _clear_author(world, workspace, user, Share)
    billing_erasure.erase_payer(world, workspace, user)
    for key in world.all(ApiKey, "workspace", workspace.id):
        if key.user_id == user.id:
            world.remove(key)


def _clear_author(world: World, workspace: Workspace, user: User, kind: type[Any]) -> None:
    for record in world.all(kind, "workspace", workspace.id):
        if record.created_by == user.id:
            world.put(replace(record, created_by=None))


def delete_workspace(world: World, workspace: Workspace) -> None:
    """Remove a workspace with everything in it; its accounts stay, without anybody's name."""
    billing_erasure.erase_workspace_billing(world, workspace)
    kinds: tuple[type[Any], ...] = (Share, Run, Project, ApiKey, Member, AuditEntry)
    for kind in kinds:
        _remove(world, kind, "workspace", workspace.id)
    reservations.forget_usage(world, workspace)
    world.remove(workspace)


def _remove(world: World, kind: type[Any], index: str, key: object) -> None:
    remove: Callable[[Any], None] = world.remove
    for record in world.all(kind, index, key):
        remove(record)
