"""`/api/cloud/*` and the public share: handlers made from the route table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from fastapi import Request, Response
from starlette.types import ASGIApp

from emulator.seeding.synthetic.runs import sample_run
from emulator.surfaces.bff.proxy import UpstreamCall, forward
from emulator.surfaces.bff.route_table import Row, Target
from emulator.surfaces.bff.sessions import require_session, workspace_context
from emulator.wire.fields import Strict
from emulator.wire.http.bodies import preload_json, read_model, read_object
from emulator.wire.http.context import context_of
from emulator.wire.http.errors import BadInput
from emulator.world.records.system import Ordinal

Handler = Callable[[Request], Awaitable[Response]]


class EmptyBody(Strict):
    """A body without members."""


def forwarded(row: Row, upstream: ASGIApp) -> Handler:
    """Return the handler of a row: the session first, then the body, then the upstream."""

    async def handle(request: Request) -> Response:
        session = require_session(request)
        target, params, body = await _prepared(request, row)
        call = UpstreamCall(
            target=target,
            path_params=params,
            query=request.scope["query_string"],
            token=session.token,
            workspace_id=workspace_context(request),
            body=body,
        )
        return session.keep(request, await forward(upstream, request, call))

    return handle


def forwarded_publicly(row: Row, upstream: ASGIApp) -> Handler:
    """Return the handler of a row that needs no session."""
    assert row.target is not None
    target = row.target

    async def handle(request: Request) -> Response:
        call = UpstreamCall(
            target=target,
            path_params=dict(request.path_params),
            query=b"",
            token=None,
            workspace_id=None,
            body=b"",
        )
        return await forward(upstream, request, call)

    return handle


async def _prepared(request: Request, row: Row) -> tuple[Target, dict[str, str], bytes]:
    if row.actions:
        return _chosen(row, await read_object(request))
    assert row.target is not None
    if row.is_sample:
        await read_model(request, EmptyBody)
        return row.target, {}, _sample_body(request)
    if row.method == "GET":
        return row.target, {}, b""
    await preload_json(request, of_any_type=True)
    return row.target, {}, await request.body()


def _chosen(row: Row, body: dict[str, Any]) -> tuple[Target, dict[str, str], bytes]:
    """Return the target that the body's `action` names, what fills its path, and the rest."""
    members = dict(body)
    action = members.pop("action", None)
    target = row.actions.get(action) if isinstance(action, str) else None
    if target is None:
        known = ", ".join(row.actions)
        raise BadInput([{"path": "action", "message": f"Input should be one of: {known}"}])
    params = {}
    for name in ("share_id",):
        if f"{{{name}}}" in target.path:
            value = members.pop(name, None)
            if not isinstance(value, str) or not value or "/" in value:
                raise BadInput([{"path": name, "message": "Input should be an id"}])
            params[name] = value
    if members and not target.takes_body:
        path = next(iter(members))
        raise BadInput([{"path": path, "message": "Extra inputs are not permitted"}])
    return target, params, orjson.dumps(members) if target.takes_body else b""


def _sample_body(request: Request) -> bytes:
    world = context_of(request).world
    last = world.get(Ordinal, "run")
    run = sample_run(world, ordinal=1 if last is None else last.value + 1)
    return orjson.dumps(run.model_dump(exclude_none=True))
