"""The journal: what was asked and answered, and going back to before it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import Request, Response
from pydantic import Field
from starlette.datastructures import QueryParams

from emulator.contract.catalog import OperationCatalog
from emulator.journal.journal import Entry
from emulator.journal.redaction import redacted_body, redacted_headers, redacted_query
from emulator.journal.secret_patterns import REDACTED, redacted_text
from emulator.registry.registry import WorldRegistry
from emulator.surfaces.control.control import Control
from emulator.surfaces.control.replies import EmptyBody, live_of, natural, reply, whole
from emulator.surfaces.control.worlds import world_view
from emulator.wire.fields import Strict
from emulator.wire.http.bodies import read_strictly
from emulator.wire.http.context import context_of
from emulator.wire.path_patterns import PATTERN_MAX, path_fits
from emulator.world.core.refusals import Conflict, Invalid
from emulator.world.core.times import to_text
from emulator.world.records.identity import User

SECRET_IDS = ("codes", "refresh_tokens")
"""The tables whose records are found by the secret itself."""

LIMIT = 50
LIMIT_MAX = 1000
WAIT_SECONDS_MAX = 60
LISTED_BYTES_MAX = 2**16
"""How much of a body a list shows, so that one huge body keeps nobody waiting."""

_FILTERS: dict[str, Callable[[Entry, str], bool]] = {
    "surface": lambda entry, value: entry.surface == value,
    "operation": lambda entry, value: entry.operation == value,
    "method": lambda entry, value: entry.method == value.upper(),
    "path": lambda entry, value: path_fits(value, entry.path),
    "status": lambda entry, value: str(entry.status) == value,
    "code": lambda entry, value: entry.code == value,
}
"""Member of the query → whether an entry fits its value; a path may hold `*`."""


def _is_by(entry: Entry, actor: str) -> bool:
    """Tell whether a user or an API key of that id asked."""
    return actor in (entry.user_id, entry.api_key_id)


class ForkAt(Strict):
    """What the fork is called, and on which side of the request it begins."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    at: Literal["before", "after"] = "before"


_MEMBERS = (*_FILTERS, "actor", "since")
_STATUS = re.compile(r"[1-5][0-9]{2}")


def _matching(request: Request, control: Control, *, also: tuple[str, ...]) -> list[Entry]:
    """Return the entries that fit the query, oldest first; `also` are its members that filter
    nothing. Refuses Invalid for a member or a value that nothing could ever fit.
    """
    query = request.query_params
    _require_sense(query, control.catalog, also=also)
    since = natural(query.get("since", "0"), "since")
    wanted = [(fits, query[name]) for name, fits in _FILTERS.items() if name in query]
    if "actor" in query:
        user = context_of(request).world.find(User, "email", query["actor"].lower())
        actor = query["actor"] if user is None else user.id
        wanted.append((_is_by, actor))
    return [
        entry
        for entry in live_of(request, control.registry).journal
        if entry.id > since and all(fits(entry, value) for fits, value in wanted)
    ]


def _require_sense(query: QueryParams, catalog: OperationCatalog, *, also: tuple[str, ...]) -> None:
    for member in query:
        if member not in (*_MEMBERS, *also):
            known = ", ".join((*_MEMBERS, *also))
            raise Invalid(member, f"There is no filter {member!r}; there are {known}.")
    surfaces = sorted({operation.surface for operation in catalog} - {"control"})
    surface, status = query.get("surface"), query.get("status")
    if surface is not None and surface not in surfaces:
        raise Invalid("surface", f"There is no surface {surface!r}; use one of {surfaces}.")
    if len(query.get("path", "")) > PATTERN_MAX:
        raise Invalid("path", f"path should have at most {PATTERN_MAX:,} characters.")
    if status is not None and not _STATUS.fullmatch(status):
        raise Invalid("status", f"{status!r} is no status; use three digits.")


def entry_view(entry: Entry, *, most: int | None = None) -> dict[str, Any]:
    """Return an entry without its secrets; of a body above `most` bytes only the beginning."""
    changed = [
        {"table": table, "id": REDACTED if table in SECRET_IDS else redacted_text(record_id)}
        for table, record_id in entry.changed
    ]
    return {
        "id": entry.id,
        "at": to_text(entry.at),
        "surface": entry.surface,
        "operation": entry.operation,
        "method": entry.method,
        "path": redacted_text(entry.path),
        "query": redacted_query(entry.query),
        "status": entry.status,
        "code": entry.code,
        "actor": {"user_id": entry.user_id, "api_key_id": entry.api_key_id},
        "request": _message_view(entry.request_headers, entry.request_body, most=most),
        "response": _message_view(entry.response_headers, entry.response_body, most=most),
        "changed": changed,
        "mail": [one["id"] for one in changed if one["table"] == "mail"],
        "events": [one["id"] for one in changed if one["table"] == "events"],
        "fault_id": entry.fault_id,
        "latency_ms": entry.latency_ms,
        "state": {"before": str(entry.before.digest), "after": str(entry.after.digest)},
    }


def _message_view(
    headers: tuple[tuple[str, str], ...], body: bytes, *, most: int | None
) -> dict[str, Any]:
    media_type = dict(headers).get("content-type", "")
    return {
        "headers": redacted_headers(headers),
        "body": redacted_body(body, media_type, most=most),
    }


async def list_requests(request: Request, control: Control) -> Response:
    """`GET /requests?surface=&operation=&method=&path=&status=&code=&actor=&since=&limit=&wait=`:
    newest first, long bodies cut; with `wait`, once one fits, or empty after so many seconds.
    """
    query = request.query_params
    limit = whole(query.get("limit"), "limit", default=LIMIT, most=LIMIT_MAX)
    wait = whole(query.get("wait"), "wait", default=0, most=WAIT_SECONDS_MAX)
    found = _matching(request, control, also=("limit", "wait"))
    if not found and wait:
        context_of(request).outcome.wait_until_changed = wait
    items = [entry_view(entry, most=LISTED_BYTES_MAX) for entry in reversed(found[-limit:])]
    return reply({"items": items, "count": len(found)})


async def get_request(request: Request, worlds: WorldRegistry) -> Response:
    """`GET /requests/{id}`: one request with its answer and what it changed."""
    return reply(entry_view(_entry(request, worlds)))


def _entry(request: Request, worlds: WorldRegistry) -> Entry:
    return live_of(request, worlds).journal.entry(natural(request.path_params["id"], "id"))


async def verify_requests(request: Request, control: Control) -> Response:
    """`GET /requests/verify?…&times=`: 200 if so many requests fit (default: any), else
    `conflict`, which says what came instead. Counts what the journal still holds.
    """
    said = request.query_params.get("times")
    count = len(_matching(request, control, also=("times",)))
    is_met = count > 0 if said is None else count == natural(said, "times")
    if not is_met:
        journal = live_of(request, control.registry).journal
        came = [f"{one.method} {redacted_text(one.path)} {one.status}" for one in journal]
        raise Conflict(
            f"{count} requests fit, {said or 'at least 1'} were expected. "
            f"The last that came: {', '.join(came[-5:]) or 'none'}."
        )
    return reply({"count": count})


async def clear_requests(request: Request, worlds: WorldRegistry) -> Response:
    """`DELETE /requests`: begin the journal anew."""
    live_of(request, worlds).journal.clear()
    return Response(status_code=204)


async def rewind(request: Request, worlds: WorldRegistry) -> Response:
    """`POST /requests/{id}/rewind`: put the world back to just before a request."""
    await read_strictly(request, EmptyBody)
    entry = _entry(request, worlds)
    live = live_of(request, worlds)
    worlds.rewind(live.world.name, before=entry.id)
    return reply(world_view(live, worlds))


async def fork_at(request: Request, worlds: WorldRegistry) -> Response:
    """`POST /requests/{id}/fork {"name", "at"?}`: a new world just before or after a request."""
    entry = _entry(request, worlds)
    body = await read_strictly(request, ForkAt)
    live = live_of(request, worlds)
    if body.at == "before":
        entry = live.journal.undoable_entry(entry.id)
    state = entry.before if body.at == "before" else entry.after
    begin = replace(live.present_baseline(), state=state)
    return reply(world_view(worlds.make(body.name, begin=begin), worlds), status=201)
