"""Everything that is known of one user, and of nobody else, as one JSON object."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from emulator.world.core.json_text import json_object, json_text
from emulator.world.core.times import text_or_none, to_text
from emulator.world.core.world import World
from emulator.world.privacy.billing_erasure import billing_of
from emulator.world.records.identity import Session, User
from emulator.world.records.runs import Run, Share
from emulator.world.records.system import AuditEntry, Mail
from emulator.world.records.types import JsonText
from emulator.world.records.workspaces import ApiKey, Member, Project, Workspace

FORMAT = "worldflux.account-export.v1"
"""Assumed: the format of an export is not public."""

HIDDEN = frozenset({"password_hash", "secret_hash", "token", "code", "ordinal", "content"})
"""Fields that no archive holds: secrets, what still opens something, and our own bookkeeping."""


def archive_of(world: World, user: User) -> JsonText:
    """Return the archive of a user: profile, memberships, what it made, its keys (without
    secrets), what it pays for, sessions, mail and audit entries. Records of others are left out.
    """
    members = world.all(Member, "user", user.id)
    workspaces = [world.expect(Workspace, member.workspace_id) for member in members]
    keys = [key for one in workspaces for key in world.all(ApiKey, "workspace", one.id)]
    audit = world.all(AuditEntry, "user", (user.id, True))
    audit += world.all(AuditEntry, "user", (user.id, False))
    return json_text(
        {
            "format": FORMAT,
            "created_at": to_text(world.now),
            "profile": _shown(user),
            "workspaces": [
                {"id": one.id, "name": one.name, "slug": one.slug, "role": member.role}
                for one, member in zip(workspaces, members, strict=True)
            ],
            "projects": _made(world, Project, workspaces, user),
            "runs": _made(world, Run, workspaces, user),
            "shares": _made(world, Share, workspaces, user),
            "api_keys": [_shown(key) for key in keys if key.user_id == user.id],
            "billing": billing_of(world, workspaces, user),
            "sessions": [_shown(one) for one in world.all(Session, "user", user.id)],
            "mail": [_shown(one) for one in world.all(Mail, "user", user.id)],
            "audit": [_shown(entry) for entry in audit],
        }
    )


def _made(
    world: World, kind: type[Any], workspaces: list[Workspace], user: User
) -> list[dict[str, Any]]:
    return [
        _shown(record)
        for workspace in workspaces
        for record in world.all(kind, "workspace", workspace.id)
        if record.created_by == user.id
    ]


def _shown(record: Any) -> dict[str, Any]:
    """Return every field of a record that may be shown, so that none is forgotten."""
    return {
        field.name: _value(str(field.type).partition(" | ")[0], getattr(record, field.name))
        for field in fields(record)
        if field.name not in HIDDEN
    }


def _value(kind: str, value: Any) -> Any:
    if kind == "Instant":
        return text_or_none(value)
    if kind == "JsonText" and value is not None:
        return json_object(value)
    if isinstance(value, tuple):
        return [_shown(one) if is_dataclass(one) else one for one in value]
    return value
