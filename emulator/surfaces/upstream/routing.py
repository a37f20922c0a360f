"""How the upstream's routes are declared, who may call them, and in which order it is judged.

Method first (the router), then the caller, then the body: an anonymous call learns nothing of the
body's shape, and the body of a call that is not allowed is not read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.datastructures import Headers

from emulator.surfaces.upstream.dispatch import Signature, call, signature_of
from emulator.surfaces.upstream.errors import ErrorResponse
from emulator.wire.gotrue.tokens import read_token
from emulator.wire.http.context import RequestContext, context_of, world_and_actor
from emulator.wire.http.errors import STATUS, BadCredentials, Code
from emulator.wire.http.pagination import cursor_after, read_cursor
from emulator.wire.world_tags import untagged_or_bare
from emulator.world.core.access import Actor, context_workspace
from emulator.world.core.refusals import BadKey, LoginRequired
from emulator.world.core.times import SECOND
from emulator.world.identity.sessions import session_actor
from emulator.world.records.workspaces import Workspace
from emulator.world.store.table import Record
from emulator.world.workspaces.api_keys import PREFIX, key_actor

Provenance = Literal["base contract", "newer docs", "assumed"]
"""Where an operation is known from: the API reference, its later edition, or nowhere."""

Handler = TypeVar("Handler", bound=Callable[..., Awaitable[Response]])

R = TypeVar("R", bound=Record)

PAGE_DEFAULT = 50
PAGE_MAX = 200
"""Assumed: no page size is documented."""

_OF_ALL = frozenset({Code.UNSUPPORTED_ACTION, Code.VALIDATION_ERROR, Code.INTERNAL_ERROR})
_OF_CALLERS = frozenset({Code.LOGIN_REQUIRED, Code.INVALID_CREDENTIALS})
_OF_BODIES = frozenset({Code.PAYLOAD_TOO_LARGE, Code.UNSUPPORTED_MEDIA_TYPE})
"""Codes that every operation may answer, that needs a caller, that takes a body."""

Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many items at most.")]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before.")]
WorkspaceId = Annotated[
    str | None,
    Query(description="Default: the X-Workspace-Id header, the key's, or your first workspace."),
]


class PublicRoute(APIRoute):
    """A route that anyone may call; its body, if it takes one, must be JSON."""

    @cached_property
    def signature(self) -> Signature:
        """What its handler is called with."""
        return signature_of(self)

    def get_route_handler(self) -> Callable[[Request], Any]:
        """Return what answers a request, for FastAPI as for the index before it."""
        return self.answer

    async def answer(self, request: Request) -> Response:
        """Answer a request."""
        return await call(self.signature, request)


class CallerRoute(PublicRoute):
    """A route that needs a caller: an API key or the access token of a live session."""

    async def answer(self, request: Request) -> Response:
        """Answer a request, the caller judged before anything else of it is read."""
        context = context_of(request)
        context.outcome.actor = _caller(context, request.headers)
        return await call(self.signature, request)


def _caller(context: RequestContext, headers: Headers) -> Actor:
    scheme, _, credential = headers.get("authorization", "").partition(" ")
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
    if context.settings.is_wall_clock and claims.expires_at <= world.now // SECOND:
        raise LoginRequired
    return session_actor(world, claims.session_id, source=context.source)


def workspace_of(request: Request, workspace_id: str | None) -> Workspace:
    """Return the workspace a request is about. Refuses NotFound.

    Assumed: the header that the BFF adds, else the query, else the caller's first.
    """
    world, actor = world_and_actor(request)
    return context_workspace(world, actor, request.headers.get("x-workspace-id") or workspace_id)


class Routes:
    """The routes of one resource, in the order of their declaration."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.all: list[APIRoute] = []

    def add(
        self,
        method: str,
        path: str,
        *,
        source: Provenance,
        answers: Any,
        status: int = 200,
        also: tuple[int, ...] = (),
        refuses: tuple[Code, ...] = (),
        is_public: bool = False,
        is_documented: bool = True,
    ) -> Callable[[Handler], Handler]:
        """Declare a handler, whose name becomes the operationId.

        `also` lists further good statuses with the same answer, `refuses` the codes beside those
        that every operation may answer.
        """
        kind = PublicRoute if is_public else CallerRoute
        good: dict[int | str, dict[str, Any]] = {
            other: {"model": answers, "description": "Successful Response"} for other in also
        }

        def declare(handler: Handler) -> Handler:
            codes = _OF_ALL.union(refuses)
            if not is_public:
                codes |= _OF_CALLERS
                if method != "GET":
                    codes |= {Code.FORBIDDEN}  # an account whose processing is restricted reads
            if "body" in handler.__annotations__:
                codes |= _OF_BODIES
            responses = good | _refusals(codes)
            extra: dict[str, Any] = {"x-source": source}
            if not is_public:
                extra["security"] = [{"bearer": []}]
            self.all.append(
                kind(
                    path,
                    handler,
                    methods=[method],
                    name=handler.__name__,
                    operation_id=handler.__name__,
                    response_model=answers,
                    status_code=status,
                    responses=responses,
                    tags=[self.tag],
                    openapi_extra=extra,
                    include_in_schema=is_documented,
                )
            )
            return handler

        return declare


def _refusals(codes: frozenset[Code]) -> dict[int | str, dict[str, Any]]:
    """Return what the OpenAPI document says of codes, by status."""
    described: dict[int | str, dict[str, Any]] = {}
    for status in sorted({STATUS[code] for code in codes}):
        names = sorted(code for code in codes if STATUS[code] == status)
        text = " or ".join(f"`{name}`" for name in names)
        described[status] = {"model": ErrorResponse, "description": text}
    return described


def reply(view: BaseModel, *, status: int = 200) -> Response:
    """Return a view as an answer."""
    return Response(view.model_dump_json(), status_code=status, media_type="application/json")


def reply_bytes(body: bytes, *, status: int = 200) -> Response:
    """Return JSON that is rendered already as an answer."""
    return Response(body, status_code=status, media_type="application/json")


def page_of(
    request: Request,
    kind: type[R],
    index: str,
    key: object,
    *,
    limit: int,
    cursor: str | None,
) -> tuple[list[R], str | None]:
    """Return a page of a list, newest first, and the cursor of the next or None at the end.

    Refuses Invalid for a cursor that is broken.
    """
    world, _ = world_and_actor(request)
    found = world.newest(kind, index, key, limit=limit + 1, before=read_cursor(cursor))
    page = found[:limit]
    return page, cursor_after(page[-1]) if len(found) > limit else None
