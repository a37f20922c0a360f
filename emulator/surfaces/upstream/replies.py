"""Responses of the upstream: single views, bytes that are rendered already, pages of lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel
from starlette.responses import Response

from emulator.surfaces.upstream.routing import PageQuery
from emulator.wire.http.pagination import first_page, read_cursor
from emulator.world.store.sorted_keys import Key
from emulator.world.store.spec import Record

R = TypeVar("R", bound=Record)


class Newest(Protocol[R]):
    """Reads up to `limit` records, newest first, older than `before`."""

    def __call__(self, *, limit: int, before: Key | None) -> list[R]:
        """Return the records."""


def reply(view: BaseModel, *, status: int = 200) -> Response:
    """Return a response that shows a view."""
    return reply_bytes(view.model_dump_json().encode(), status=status)


def reply_bytes(body: bytes, *, status: int = 200) -> Response:
    """Return a response of JSON that is rendered already."""
    return Response(body, status_code=status, media_type="application/json")


def page_of(newest: Newest[R], query: PageQuery) -> tuple[list[R], str | None]:
    """Return the records of a page and the cursor of the next page, which is None at the end.

    Raises Invalid if the cursor is broken.
    """
    found = newest(limit=query.limit + 1, before=read_cursor(query.cursor))
    return first_page(found, query.limit)


def list_of(
    page: type[BaseModel], query: PageQuery, *, newest: Newest[R], view: Callable[[R], Any]
) -> Response:
    """Return a page of records as a response. Raises Invalid if the cursor is broken."""
    records, next_cursor = page_of(newest, query)
    return reply(page(items=[view(record) for record in records], next_cursor=next_cursor))
