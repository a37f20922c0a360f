"""What each operation takes: the models of its bodies, the fields of its forms, its query."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from emulator.app import operation_catalog
from emulator.contract.catalog import Operation
from emulator.seeding.schema import SeedRun
from emulator.surfaces.bff import route_table as bff_routes
from emulator.surfaces.bff.fixtures import Batch, OneRunOrBatch
from emulator.surfaces.upstream.app import OPERATIONS as UPSTREAM

Schema = Mapping[str, Any]

_TEXT = {"type": "string"}
_FREE: Schema = {"type": "object", "additionalProperties": True}
_YES_OR_NO = {"type": "boolean"}


def _schema(needed: tuple[str, ...], **members: tuple[Schema, tuple[str, ...]]) -> Schema:
    """Return the schema of an object whose members are listed by their kinds."""
    properties = {name: kind for kind, names in members.values() for name in names}
    return {"type": "object", "properties": properties, "required": list(needed)}


_GOTRUE = _schema(
    ("email", "password"),
    texts=(
        _TEXT,
        (
            *(
                "email",
                "password",
                "code_challenge",
                "code_challenge_method",
                "phone",
                "role",
                "id",
            ),
            *("ban_duration", "type", "redirect_to", "nonce", "refresh_token", "auth_code"),
            *("code_verifier", "token", "token_hash", "new_email", "provider", "factor_id", "code"),
        ),
    ),
    objects=(_FREE, ("data", "user_metadata", "app_metadata")),
    switches=(_YES_OR_NO, ("email_confirm", "create_user", "should_soft_delete")),
)
"""Every member that some route of GoTrue reads."""

_GOTRUE_QUERIES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("POST", "/auth/v1/token"): ("grant_type",),
    ("POST", "/auth/v1/logout"): ("scope",),
    ("GET", "/auth/v1/verify"): ("token", "type", "redirect_to"),
    ("GET", "/auth/v1/authorize"): ("provider",),
    ("GET", "/auth/v1/admin/users"): ("page", "per_page"),
}
"""The members of the query that a route of GoTrue reads, where it reads any."""

_CARD_FIELDS = ("email", "number", "expiry", "cvc", "holder", "action")
_CARD = _schema(
    _CARD_FIELDS,
    fields=(_TEXT, (*_CARD_FIELDS, "plan", "interval", "invoice", "reason", "when")),
)
"""Every field that some form of Stripe's pages has."""

QUERIES = (
    *("limit", "cursor", "status", "project_id", "workspace_id", "since", "wait", "times", "code"),
    *("method", "path", "surface", "operation", "actor", "type", "page", "per_page", "grant_type"),
    *("scope", "redirect_to", "token", "workspace", "to", "kind", "plan", "interval", "choice"),
    *("invoice", "provider", "email", "apikey", "format", "world"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What one operation takes."""

    surface: str
    method: str
    path: str
    bodies: tuple[Schema, ...]
    is_form: bool = False
    is_built: bool = True
    queries: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def shapes() -> tuple[Shape, ...]:
    """Return the shape of every operation, in the order of the route table."""
    return tuple(
        Shape(
            surface=operation.surface,
            method=operation.method,
            path=operation.path,
            bodies=_bodies(operation),
            is_form=operation.surface == "stripe",
            is_built=operation.availability == "built",
            queries=_queries(operation),
        )
        for operation in operation_catalog()
    )


def _bodies(operation: Operation) -> tuple[Schema, ...]:
    if operation.method == "GET":
        return ()
    if operation.surface == "stripe":
        return (_CARD,)
    if operation.surface == "supabase":
        return (_GOTRUE,)
    if (row := _bff_row(operation)) is not None and (row.target or row.actions):
        return tuple(_bff_bodies(row))
    body = operation.body_type()
    if body is OneRunOrBatch:
        return (Batch.model_json_schema(), SeedRun.model_json_schema())
    return () if body is None else (TypeAdapter(body).json_schema(),)


@lru_cache(maxsize=1)
def upstream_bodies() -> dict[str, TypeAdapter[Any]]:
    """Return what reads the body of each operation of the upstream that takes one."""
    return {
        operation.name: TypeAdapter(operation.body_type())
        for operation in UPSTREAM
        if operation.body is not None
    }


@lru_cache(maxsize=1)
def _upstream_bodies() -> dict[tuple[str, str], tuple[Schema, ...]]:
    return {
        (operation.method, operation.path): (upstream_bodies()[operation.name].json_schema(),)
        for operation in UPSTREAM
        if operation.name in upstream_bodies()
    }


def _bff_row(operation: Operation) -> bff_routes.Row | None:
    place = (operation.method, operation.path)
    return next((row for row in bff_routes.ROWS if (row.method, row.path) == place), None)


def _bff_bodies(row: bff_routes.Row) -> list[Schema]:
    if row.is_sample:
        return [{"type": "object"}]
    if row.target is not None:
        return list(_upstream_bodies().get((row.target.method, row.target.path), ()))
    made: list[Schema] = []
    for action, target in row.actions.items():
        known = _upstream_bodies().get((target.method, target.path), ())
        schema: dict[str, Any] = dict(known[0]) if known else {"type": "object"}
        names = re.findall(r"\{(\w+)\}", target.path)
        properties: dict[str, Any] = {**schema.get("properties", {}), "action": {"const": action}}
        properties |= dict.fromkeys(names, _TEXT)
        needed = [*schema.get("required", ()), "action", *names]
        made.append({**schema, "properties": properties, "required": needed})
    return made


def _queries(operation: Operation) -> tuple[str, ...]:
    """Return the members of an operation's query."""
    if operation.query is not None:
        return tuple(get_type_hints(operation.query))
    return _GOTRUE_QUERIES.get((operation.method, operation.path), ())
