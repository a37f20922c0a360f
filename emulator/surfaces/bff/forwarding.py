"""Handlers of `/api/cloud/*` and of the public share, made from the route table."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from emulator.seeding.synthetic.runs import sample_run
from emulator.surfaces.bff.proxy import UpstreamCall, forward
from emulator.surfaces.bff.route_table import Row, Target
from emulator.surfaces.bff.sessions import require_session, workspace_context
from emulator.wire.http.bodies import EmptyBody, preload_json, read_model, read_object
from emulator.wire.http.codes import BadInput
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Handler, Router
from emulator.world.records.system import Ordinal

_BODY_PARAMETERS = ("share_id",)
"""Parameters of the upstream's paths that the body names."""


def forwarding_handler(row: Row, upstream: Router) -> Handler:
    """Return the handler of a row."""

    async def forward_with_session(request: Request) -> Response:
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
        response = await forward(upstream, request, call)
        return session.set_cookies(request, response)

    async def forward_publicly(request: Request) -> Response:
        call = UpstreamCall(
            target=row.targets[0],
            path_params=dict(request.path_params),
            query=b"",
            token=None,
            workspace_id=None,
            body=b"",
        )
        return await forward(upstream, request, call)

    return forward_with_session if row.needs_session else forward_publicly


async def _prepared(request: Request, row: Row) -> tuple[Target, dict[str, str], bytes]:
    """Return the target of a call, what fills its path, and its body. Raises BadInput."""
    if row.target is None:
        return _chosen(row, await read_object(request))
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
    for name in _BODY_PARAMETERS:
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
