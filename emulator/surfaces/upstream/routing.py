"""Routes of the upstream: how they are declared, who may call them, how a body is read.

A request is judged in this order: the method, the caller, the query and the body. So an anonymous
request learns nothing about the shape of a body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from emulator.contract.catalog import Answer, Caller, Operation, Provenance
from emulator.surfaces.upstream.errors import render
from emulator.wire.gotrue.tokens import is_expired, read_token
from emulator.wire.http import router
from emulator.wire.http.codes import BadCredentials, Code
from emulator.wire.http.context import RequestContext, context_of, world_and_actor
from emulator.wire.http.headers import header_of
from emulator.wire.http.router import AnyHandler, Route, Router
from emulator.wire.world_tags import untagged_or_bare
from emulator.world.core.access import Actor, context_workspace
from emulator.world.core.refusals import BadKey, LoginRequired
from emulator.world.identity.sessions import session_actor
from emulator.world.records.workspaces import Workspace
from emulator.world.workspaces.api_keys import PREFIX, key_actor

PAGE_DEFAULT = 50
PAGE_MAX = 200
"""Assumed: the documentation states no page size, so these are common ones."""

WORKSPACE_HEADER = "x-workspace-id"

CODES_OF_ALL = frozenset({Code.UNSUPPORTED_ACTION, Code.VALIDATION_ERROR, Code.INTERNAL_ERROR})
CODES_OF_CALLERS = frozenset({Code.LOGIN_REQUIRED, Code.INVALID_CREDENTIALS})
CODES_OF_WRITES = frozenset({Code.FORBIDDEN})
"""A restricted account may only read."""

CODES_OF_BODIES = frozenset({Code.PAYLOAD_TOO_LARGE, Code.UNSUPPORTED_MEDIA_TYPE})


@dataclass(frozen=True, kw_only=True)
class PageQuery:
    """Which page of a list to return."""

    limit: int = field(
        default=PAGE_DEFAULT,
        metadata={"ge": 1, "le": PAGE_MAX, "description": "How many items at most."},
    )
    cursor: str | None = field(
        default=None, metadata={"description": "`next_cursor` of the page before."}
    )


@dataclass(frozen=True, kw_only=True)
class WorkspaceQuery:
    """Which workspace a request is about."""

    workspace_id: str | None = field(
        default=None,
        metadata={
            "description": "Default: the X-Workspace-Id header, the key's, or your first workspace."
        },
    )


@dataclass(frozen=True, kw_only=True)
class WorkspacePageQuery(PageQuery, WorkspaceQuery):
    """Which page of which workspace's list to return."""


_READS_HEADERS = ("authorization", WORKSPACE_HEADER)
"""What authentication and the choice of a workspace read."""


class Routes:
    """The routes of one resource, in the order of their declaration."""

    def __init__(self, tag: str) -> None:
        self._routes = router.Routes("upstream", tag=tag, reads_headers=_READS_HEADERS)

    @property
    def all(self) -> list[Route]:
        """The routes."""
        return self._routes.all

    def add(
        self,
        method: str,
        path: str,
        *,
        summary: str,
        provenance: Provenance,
        answers: Mapping[int, Answer],
        caller: Caller = "key or session",
        body: Any = None,
        refuses: tuple[Code, ...] = (),
        **facts: Any,
    ) -> Callable[[AnyHandler], AnyHandler]:
        """Declare a handler, whose name becomes the operation's id.

        `refuses` lists the codes beyond those that every such operation may respond with.
        """
        codes = CODES_OF_ALL.union(refuses)
        if caller != "anyone":
            codes |= CODES_OF_CALLERS
            if method != "GET":
                codes |= CODES_OF_WRITES
        if body is not None:
            codes |= CODES_OF_BODIES

        def declare(handler: AnyHandler) -> AnyHandler:
            return self._routes.add(
                method,
                path,
                id=handler.__name__,
                summary=summary,
                provenance=provenance,
                answers=answers,
                caller=caller,
                body=body,
                refuses=codes,
                **facts,
            )(handler)

        return declare


def authenticate(request: Request, operation: Operation) -> None:
    """Set the request's actor where the operation needs a caller.

    Raises BadCredentials, BadKey, LoginRequired.
    """
    if operation.caller != "anyone":
        context = context_of(request)
        sent = header_of(request.scope, b"authorization")
        context.outcome.actor = _caller(context, sent or "")


def _caller(context: RequestContext, authorization: str) -> Actor:
    scheme, _, credential = authorization.partition(" ")
    credential = credential.strip()
    if scheme.lower() != "bearer" or not credential:
        raise BadCredentials
    world = context.world
    if credential.startswith(PREFIX):
        secret = untagged_or_bare(credential, world)
        if secret is None:
            raise BadKey
        return key_actor(world, secret, source=context.source)
    claims = read_token(credential, context.settings)
    if claims is None or claims.world != world.name or claims.session_id is None:
        raise BadCredentials
    if is_expired(claims, world, context.settings):
        raise LoginRequired
    return session_actor(world, claims.session_id, source=context.source)


def workspace_of(request: Request, workspace_id: str | None) -> Workspace:
    """Return the workspace a request is about. Raises NotFound.

    Assumed: the header that the BFF sends takes precedence over the query, and the caller's first
    workspace is the default, because the documentation names no order.
    """
    world, actor = world_and_actor(request)
    return context_workspace(world, actor, named_workspace(request) or workspace_id)


def named_workspace(request: Request) -> str | None:
    """Return the workspace that the header of a request names, or None."""
    return header_of(request.scope, WORKSPACE_HEADER.encode())


async def read_body(request: Request, kind: Any) -> Any:
    """Return the body as `kind`. Raises what `read_body_as` raises."""
    # Imports pydantic, which no request without a body needs.
    from emulator.surfaces.upstream.bodies import read_body_as

    return await read_body_as(request, kind)


def router_of(routes: Iterable[Route]) -> Router:
    """Return a router of the upstream's routes."""
    return Router(routes, render=render, read_body=read_body, guard=authenticate)
