"""Erasure of a user: nothing of the user stays in any table.

Assumed: records in a shared workspace stay, without their author, since they belong to the
workspace. Ownership passes to the admin, else the member, who joined first. A workspace without
another member is deleted with everything in it.
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
"""The ordinal that counts erasures: when it grows, states from before must be discarded."""


def erase_user(world: World, user: User) -> None:
    """Remove a user and its own records, and anonymize its records in shared workspaces."""
    world.ordinal(PURGES)
    for member in world.all(Member, "user", user.id):
        workspace = world.expect(Workspace, member.workspace_id)
        members = world.all(Member, "workspace", workspace.id)
        remaining_members = [other for other in members if other.user_id != user.id]
        if remaining_members:
            _leave(world, user, workspace, member, remaining_members)
        else:
            delete_workspace(world, workspace)
    for entry in world.all(AuditEntry, "user", (user.id, False)):
        world.put(replace(entry, user_id=None, api_key_id=None, ip_hash=None, user_agent=None))
    _remove(world, AuditEntry, "user", (user.id, True))
    _remove_account(world, user)


def _remove_account(world: World, user: User) -> None:
    for session in world.all(Session, "user", user.id):
        _remove(world, RefreshToken, "session", session.id)
        _cancel_all(world, session.id)
        world.remove(session)
    for export in world.all(Export, "user", user.id):
        _cancel_all(world, export.id)
        world.remove(export)
    accounts.revoke_codes(world, user)
    for mail in world.all(Mail, "user", user.id):
        _remove_rate_window(world, mail.to)
        world.remove(mail)
    _remove(world, Flow, "user", user.id)
    _remove_rate_window(world, user.email)
    _cancel_all(world, user.id)
    world.remove(user)


def _remove_rate_window(world: World, address: str) -> None:
    window = world.get(RateWindow, f"mail:{address}")
    if window is not None:
        world.remove(window)


def _cancel_all(world: World, target_id: str) -> None:
    for job in world.all(Job, "any of target", target_id):
        jobs.cancel(world, job.kind, target_id)


def _leave(
    world: World,
    user: User,
    workspace: Workspace,
    member: Member,
    remaining_members: list[Member],
) -> None:
    world.remove(member)
    if not any(other.role == "owner" for other in remaining_members):
        admins = [other for other in remaining_members if other.role == "admin"]
        world.put(replace((admins or remaining_members)[0], role="owner"))
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
    """Remove a workspace with everything in it, except accounting records, which are anonymized."""
    billing_erasure.erase_workspace_billing(world, workspace)
    kinds: tuple[type[Any], ...] = (Share, Run, Project, ApiKey, Member, AuditEntry)
    for kind in kinds:
        _remove(world, kind, "workspace", workspace.id)
    reservations.remove_usage(world, workspace)
    world.remove(workspace)


def _remove(world: World, kind: type[Any], index: str, key: object) -> None:
    remove: Callable[[Any], None] = world.remove
    for record in world.all(kind, index, key):
        remove(record)
