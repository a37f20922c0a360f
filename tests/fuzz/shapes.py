"""What each operation takes: the models of its bodies, the fields of its forms, its query."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, TypeAdapter

from emulator.contract.legacy import NOT_BUILT, route_table
from emulator.surfaces.bff import auth as bff_auth
from emulator.surfaces.bff import route_table as bff_routes
from emulator.surfaces.bff.fixtures import Batch, cli_sync
from emulator.surfaces.control import app as control
from emulator.surfaces.control import events
from emulator.surfaces.stripe.app import build_stripe
from emulator.surfaces.supabase.app import build_supabase
from emulator.surfaces.supabase.disabled_features import REFUSED
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
    """Return the shape of every route of the table, in its order."""
    handlers = _handlers()
    return tuple(
        Shape(
            surface=row.surface,
            method=row.method,
            path=row.path,
            bodies=_bodies(row.surface, row.method, row.path, handlers),
            is_form=row.surface == "stripe",
            is_built=not row.purpose.startswith((NOT_BUILT, REFUSED)),
            queries=_queries(row.method, row.path, handlers),
        )
        for row in route_table()
    )


def _handlers() -> dict[tuple[str, str], Callable[..., Any]]:
    found: dict[tuple[str, str], Callable[..., Any]] = {}
    tables: tuple[Sequence[tuple[str, str, Callable[..., Any]]], ...] = (
        control.ROUTES,
        events.ROUTES,
    )
    for table in tables:
        for method, path, handler in table:
            found[method, control.PREFIX + path] = handler
    for route in (*build_stripe().routes, *build_supabase().routes):
        found[route.operation.method, route.operation.path] = route.handler
    found |= {("POST", path): handler for path, handler in bff_auth.HANDLERS.items()}
    found["POST", "/api/e2e/cli-sync"] = cli_sync
    return found


def _bodies(
    surface: str, method: str, path: str, handlers: Mapping[tuple[str, str], Callable[..., Any]]
) -> tuple[Schema, ...]:
    if method == "GET":
        return ()
    if surface == "stripe":
        return (_CARD,)
    if surface == "supabase":
        return (_GOTRUE,)
    if surface == "upstream":
        return _upstream_bodies().get((method, path), ())
    if (row := _bff_row(method, path)) is not None and (row.target or row.actions):
        return tuple(_bff_bodies(row))
    handler = handlers.get((method, path))
    return () if handler is None else _models(handler)


@lru_cache(maxsize=1)
def upstream_bodies() -> dict[str, TypeAdapter[Any]]:
    """Return what reads the body of each operation of the upstream that takes one."""
    return {
        operation.name: TypeAdapter(operation.body)
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


def _bff_row(method: str, path: str) -> bff_routes.Row | None:
    return next((row for row in bff_routes.ALL if (row.method, row.path) == (method, path)), None)


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


def _models(handler: Callable[..., Any]) -> tuple[Schema, ...]:
    """Return the models that a handler's code names, by the names that it has for them."""
    if handler is cli_sync:
        return (Batch.model_json_schema(), *(_of(Batch, "SeedRun"),))
    named = [handler.__globals__.get(name) for name in handler.__code__.co_names]
    return tuple(
        one.model_json_schema()
        for one in named
        if isinstance(one, type) and issubclass(one, BaseModel)
    )


def _of(model: type[BaseModel], name: str) -> Schema:
    schema = model.model_json_schema()
    return {**schema["$defs"][name], "$defs": schema["$defs"]}


def _queries(
    method: str, path: str, handlers: Mapping[tuple[str, str], Callable[..., Any]]
) -> tuple[str, ...]:
    """Return the members of a route's query, as its signature or its docstring has them."""
    for operation in UPSTREAM:
        if (operation.method, operation.path) == (method, path):
            return () if operation.query is None else tuple(operation.query.model_fields)
    if (method, path) in _GOTRUE_QUERIES:
        return _GOTRUE_QUERIES[method, path]
    line = (getattr(handlers.get((method, path)), "__doc__", "") or "").partition("`:")[0]
    return tuple(name for name in re.findall(r"(\w+)=", line) if name in QUERIES)
