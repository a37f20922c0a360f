"""Account archives: everything known of one user, and of no other, as a JSON object."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from emulator.world.billing.customers import customer_of
from emulator.world.core.json_text import json_object, json_text
from emulator.world.core.times import text_or_none, to_text
from emulator.world.core.world import World
from emulator.world.records.billing import Card, Invoice
from emulator.world.records.identity import Session, User
from emulator.world.records.runs import Run, Share
from emulator.world.records.system import AuditEntry, Mail
from emulator.world.records.types import JsonText
from emulator.world.records.workspaces import ApiKey, Member, Project, Workspace

FORMAT = "worldflux.account-export.v1"
"""Assumed: the format of an export is not public."""

HIDDEN = frozenset({"password_hash", "secret_hash", "token", "code", "ordinal", "content"})
"""Fields left out of archives: secrets, tokens that still work, and the emulator's bookkeeping."""


def archive_of(world: World, user: User) -> JsonText:
    """Return the archive of a user, without the records of other users."""
    members = world.all(Member, "user", user.id)
    workspaces = [world.expect(Workspace, member.workspace_id) for member in members]
    keys = [
        key
        for workspace in workspaces
        for key in world.all(ApiKey, "workspace", workspace.id)
        if key.user_id == user.id
    ]
    audit = world.all(AuditEntry, "user", (user.id, True))
    audit += world.all(AuditEntry, "user", (user.id, False))
    return json_text(
        {
            "format": FORMAT,
            "created_at": to_text(world.now),
            "profile": _shown(user),
            "workspaces": [
                {
                    "id": workspace.id,
                    "name": workspace.name,
                    "slug": workspace.slug,
                    "role": member.role,
                }
                for workspace, member in zip(workspaces, members, strict=True)
            ],
            "projects": _created_by_user(world, Project, workspaces, user),
            "runs": _created_by_user(world, Run, workspaces, user),
            "shares": _created_by_user(world, Share, workspaces, user),
            "api_keys": [_shown(key) for key in keys],
            "billing": _billing(world, workspaces, user),
            "sessions": [_shown(session) for session in world.all(Session, "user", user.id)],
            "mail": [_shown(mail) for mail in world.all(Mail, "user", user.id)],
            "audit": [_shown(entry) for entry in audit],
        }
    )


def _created_by_user(
    world: World, kind: type[Any], workspaces: list[Workspace], user: User
) -> list[dict[str, Any]]:
    return [
        _shown(record)
        for workspace in workspaces
        for record in world.all(kind, "workspace", workspace.id)
        if record.created_by == user.id
    ]


def _billing(world: World, workspaces: list[Workspace], user: User) -> list[dict[str, Any]]:
    """Return the workspaces that the user pays for, with its cards and invoices."""
    customers = [(workspace, customer_of(world, workspace.id)) for workspace in workspaces]
    return [
        {
            "workspace_id": workspace.id,
            "email": customer.email,
            "name": customer.name,
            "cards": [
                {"brand": card.facts.brand, "last_four": card.facts.last_four}
                for card in world.all(Card, "customer", customer.id)
            ],
            "invoices": [
                {
                    "number": invoice.number,
                    "status": invoice.status,
                    "total_cents": invoice.total_cents,
                    "created_at": to_text(invoice.created_at),
                }
                for invoice in world.all(Invoice, "workspace", workspace.id)
                if invoice.customer_email == customer.email
            ],
        }
        for workspace, customer in customers
        if customer is not None and customer.user_id == user.id
    ]


def _shown(record: Any) -> dict[str, Any]:
    """Return every field of a record except HIDDEN, so that a new field is not left out."""
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
        return [_shown(item) if is_dataclass(item) else item for item in value]
    return value
