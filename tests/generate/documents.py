"""OpenAPI documents of the upstream, the BFF and control, made from the catalog.

The BFF's rows are forwarded, so their bodies, queries and responses are the upstream's. Surfaces
never import one another; this module may import both.
"""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from operator import or_
from re import findall
from typing import Any, Literal, get_args

import orjson
from pydantic import BaseModel, Field, RootModel, create_model

from emulator import __version__
from emulator.contract.catalog import Caller, Operation
from emulator.contract.openapi import build_document
from emulator.settings import Settings
from emulator.surfaces.bff import app as bff
from emulator.surfaces.bff.route_table import ROWS, Row, Target
from emulator.surfaces.control import app as control
from emulator.surfaces.upstream import app as upstream
from emulator.surfaces.upstream import error_views, pages
from emulator.surfaces.upstream.error_views import ErrorDetail
from emulator.wire.fields import Strict
from emulator.wire.http.bodies import EmptyBody
from emulator.wire.http.codes import STATUS, Code

SESSION_COOKIE: dict[Caller, tuple[str, dict[str, Any]]] = {
    "session": (
        "session",
        {
            "type": "apiKey",
            "in": "cookie",
            "name": Settings().session_cookie,
            "description": "The session cookie that `POST /api/auth/login` sets.",
        },
    )
}


COMMON_REFUSALS = {Code.VALIDATION_ERROR, Code.UNSUPPORTED_ACTION, Code.INTERNAL_ERROR}
"""What every operation may refuse with; a name that no world may have is a `validation_error`."""

BODY_REFUSALS = {Code.PAYLOAD_TOO_LARGE, Code.UNSUPPORTED_MEDIA_TYPE}
"""What every operation that takes a body may refuse with."""


class ErrorResponse(BaseModel):
    """Every failure."""

    error: ErrorDetail


def upstream_document() -> str:
    """Return the document of the upstream. Takes most of a second."""
    document = build_document(
        upstream.OPERATIONS,
        title=pages.TITLE,
        version=__version__,
        description=pages.DESCRIPTION,
        server_url=Settings().public_url,
        error_model=error_views.ErrorResponse,
        statuses={str(code): status for code, status in STATUS.items()},
        security_schemes=pages.SECURITY_SCHEMES,
    )
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


CONTROL_DESCRIPTION = """Worlds, clock, journal, faults, mail and webhooks of the emulator.

A request is about the world that it names. The path may name it, too: `/_emulator/worlds/{name}/…`
is `/_emulator/…` in that world, and 404 if the world does not exist."""


def control_document() -> str:
    """Return the document of control."""
    return _text(
        control.OPERATIONS,
        title="worldflux-emulator control API",
        description=CONTROL_DESCRIPTION,
    )


def bff_document() -> str:
    """Return the document of the BFF."""
    return _text(
        bff_operations(),
        title="WorldFlux dashboard BFF (emulated)",
        description="The routes of the dashboard's own server, which forwards to the upstream.",
        security_schemes=SESSION_COOKIE,
    )


def _text(
    operations: tuple[Operation, ...],
    *,
    title: str,
    description: str,
    security_schemes: dict[Caller, tuple[str, dict[str, Any]]] | None = None,
) -> str:
    document = build_document(
        [_with_common_refusals(operation) for operation in operations],
        title=title,
        version=__version__,
        description=description,
        server_url=Settings().public_url,
        error_model=ErrorResponse,
        statuses={str(code): status for code, status in STATUS.items()},
        security_schemes=security_schemes or {},
    )
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _with_common_refusals(operation: Operation) -> Operation:
    refuses = operation.refuses | COMMON_REFUSALS
    if operation.body is not None:
        refuses |= BODY_REFUSALS
    return replace(operation, refuses=refuses)


def bff_operations() -> tuple[Operation, ...]:
    """Return the BFF's operations with the models of the operations that they are forwarded to."""
    rows = {row.operation.id: row for row in ROWS}
    return tuple(
        _completed(operation, rows[operation.id])
        if operation.id in rows
        else _with_synced_runs(operation)
        for operation in bff.OPERATIONS
    )


_UPSTREAM = {(each.method, each.path): each for each in upstream.OPERATIONS}


def _upstream_operation(target: Target) -> Operation:
    return _UPSTREAM[target.method, target.path]


def _completed(operation: Operation, row: Row) -> Operation:
    targets = [_upstream_operation(target) for target in row.targets]
    refuses = frozenset().union(*(target.refuses for target in targets))
    if row.needs_session:
        refuses = (refuses - {Code.INVALID_CREDENTIALS}) | {Code.LOGIN_REQUIRED}
    answers: dict[int, Any] = {}
    for target in targets:
        for status, model in target.answer_models().items():
            answers.setdefault(status, []).append(model)
    return replace(
        operation,
        body=_body(row),
        query=targets[0].query if row.target is not None else None,
        answers={status: _any_of(operation.name, models) for status, models in answers.items()},
        refuses=refuses,
    )


def _body(row: Row) -> Any:
    if row.is_sample:
        return EmptyBody | None
    if row.target is not None:
        return _upstream_operation(row.target).body
    members = [_action_body(action, target) for action, target in row.actions.items()]
    return _union(
        f"{_title(row.name)}Body",
        members,
        doc="An action, which `action` names.",
        discriminator="action",
    )


def _action_body(action: str, target: Target) -> Any:
    """Return the model of a body that names an action: the upstream's body, and what its path takes
    beside it.
    """
    body = _upstream_operation(target).body if target.takes_body else None
    base: Any = next((kind for kind in get_args(body) if kind is not type(None)), body)
    fields: dict[str, Any] = dict.fromkeys(findall(r"\{(\w+)\}", target.path), (str, ...))
    fields["action"] = (Literal[action], ...)
    return create_model(
        f"{_title(action)}Action",
        __base__=base or Strict,
        __doc__=f"The action `{action}`.",
        **fields,
    )


def _any_of(name: str, models: list[Any]) -> Any:
    distinct = list(dict.fromkeys(models))
    if len(distinct) == 1:
        return distinct[0]
    return _union(f"{_title(name)}Answer", distinct, doc="What the action responds with.")


def _union(name: str, models: list[Any], *, doc: str, discriminator: str | None = None) -> Any:
    root: Any = (reduce(or_, models), Field(discriminator=discriminator))
    return create_model(name, __base__=RootModel, __doc__=doc, root=root)


def _title(name: str) -> str:
    return "".join(word.title() for word in name.split("_"))


def _with_synced_runs(operation: Operation) -> Operation:
    """Return `cli_sync` with its response, whose items are runs as the upstream shows them."""
    if operation.name != "cli_sync":
        return operation
    runs: Any = list.__class_getitem__(_UPSTREAM["GET", "/api/runs/{run_id}"].answer_models()[200])
    synced = create_model(
        "SyncedRuns",
        __doc__="The runs, and how many of them were created, updated and left unchanged.",
        items=(runs, ...),
        created=(int, ...),
        updated=(int, ...),
        unchanged=(int, ...),
    )
    return replace(operation, answers={200: synced, 201: synced})
