"""Everything that is known of one user, and of nobody else, as one JSON object."""

from __future__ import annotations

from typing import Any

from emulator.world.payer import billing_of
from emulator.world.records import (
    ApiKey,
    AuditEntry,
    JsonText,
    Mail,
    Member,
    Project,
    Run,
    Session,
    Share,
    User,
    Workspace,
)
from emulator.world.texts import json_object, json_text
from emulator.world.times import text_or_none, to_text
from emulator.world.world import World

FORMAT = "worldflux.account-export.v1"
"""Assumed: the format of an export is not public."""


def archive_of(world: World, user: User) -> JsonText:
    """Return the archive of a user: profile, memberships, what it made, its keys (without
    secrets), sessions, mail and audit entries. Records of other members are left out.
    """
    members = world.all(Member, "user", user.id)
    workspaces = [world.expect(Workspace, member.workspace_id) for member in members]
    audit = world.all(AuditEntry, "user", (user.id, True))
    audit += world.all(AuditEntry, "user", (user.id, False))
    return json_text(
        {
            "format": FORMAT,
            "created_at": to_text(world.now),
            "profile": _profile(user),
            "workspaces": [
                {"id": one.id, "name": one.name, "slug": one.slug, "role": member.role}
                for one, member in zip(workspaces, members, strict=True)
            ],
            "projects": [
                {"id": one.id, "name": one.name, "description": one.description}
                for one in _made(world, Project, workspaces, user)
            ],
            "runs": [_run(one) for one in _made(world, Run, workspaces, user)],
            "shares": [
                {"id": one.id, "run_id": one.run_id, "created_at": to_text(one.created_at)}
                for one in _made(world, Share, workspaces, user)
            ],
            "api_keys": [
                {"id": key.id, "name": key.name, "created_at": to_text(key.created_at)}
                for one in workspaces
                for key in world.all(ApiKey, "workspace", one.id)
                if key.user_id == user.id
            ],
            "billing": billing_of(world, workspaces, user),
            "sessions": [
                {"id": one.id, "created_at": to_text(one.created_at)}
                for one in world.all(Session, "user", user.id)
            ],
            "mail": [
                {"kind": one.kind, "to": one.to, "sent_at": to_text(one.created_at)}
                for one in world.all(Mail, "user", user.id)
            ],
            "audit": [
                {
                    "action": entry.action,
                    "target_id": entry.target_id,
                    "ip_hash": entry.ip_hash,
                    "user_agent": entry.user_agent,
                    "created_at": to_text(entry.created_at),
                }
                for entry in audit
            ],
        }
    )


def _profile(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "email_confirmed_at": text_or_none(user.email_confirmed_at),
        "last_sign_in_at": text_or_none(user.last_sign_in_at),
        "created_at": to_text(user.created_at),
        "user_metadata": json_object(user.user_metadata),
        "analytics_opt_in": user.analytics_opt_in,
        "product_mail_opt_in": user.product_mail_opt_in,
        "restricted_at": text_or_none(user.restricted_at),
        "objected_at": text_or_none(user.objected_at),
        "deletion_due_at": text_or_none(user.deletion_due_at),
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "workspace_id": run.workspace_id,
        "name": run.name,
        "client_run_id": run.client_run_id,
        "status": run.status,
        "metrics": json_object(run.metrics),
        "extra": json_object(run.extra),
        "log": run.log.split("\n") if run.log else [],
        "created_at": to_text(run.created_at),
    }


def _made(world: World, kind: type[Any], workspaces: list[Workspace], user: User) -> list[Any]:
    return [
        record
        for workspace in workspaces
        for record in world.all(kind, "workspace", workspace.id)
        if record.created_by == user.id
    ]
