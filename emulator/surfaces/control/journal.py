"""Request journal of a world: looking at it, verifying it, going back in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from emulator.journal.journal import Entry
from emulator.journal.secret_patterns import redacted_text
from emulator.surfaces.control.control import PREFIX, Control
from emulator.surfaces.control.journal_views import EntryView, entry_view
from emulator.surfaces.control.replies import LIMIT, View, Wait, Whole, reply
from emulator.surfaces.control.worlds import WorldName, WorldView, world_view
from emulator.wire.fields import Strict
from emulator.wire.http.bodies import EmptyBody, read_strictly
from emulator.wire.http.codes import Code
from emulator.wire.http.context import context_of
from emulator.wire.http.router import Routes
from emulator.wire.path_patterns import PATTERN_MAX, path_fits
from emulator.world.core.refusals import Conflict, Invalid
from emulator.world.records.identity import User

routes = Routes("control", prefix=PREFIX, tag="journal", provenance="ours")

LISTED_MAX = 1000
LISTED_BYTES_MAX = 2**16
"""How much of a body a list shows, so that a huge body delays no client."""

_LATEST = 5
"""How many requests a failed verification names."""

_FILTERS: dict[str, Callable[[Entry, str], bool]] = {
    "surface": lambda entry, value: entry.surface == value,
    "operation": lambda entry, value: entry.operation == value,
    "method": lambda entry, value: entry.method == value.upper(),
    "path": lambda entry, value: path_fits(value, entry.path),
    "status": lambda entry, value: str(entry.status) == value,
    "code": lambda entry, value: entry.code == value,
    "actor": lambda entry, value: value in (entry.user_id, entry.api_key_id),
}
"""Member of the query → whether an entry matches its value."""


class EntriesQuery(Strict):
    """The requests that match every member."""

    surface: str | None = None
    operation: Annotated[str | None, Field(description="Id of an operation.")] = None
    method: str | None = None
    path: Annotated[
        str | None, Field(max_length=PATTERN_MAX, description="`*` stands for any text.")
    ] = None
    status: Annotated[str | None, Field(pattern="^[1-5][0-9]{2}$")] = None
    code: Annotated[str | None, Field(description="Error code of the response.")] = None
    actor: Annotated[
        str | None, Field(description="The id or address of a user, or the id of a key.")
    ] = None
    since: Annotated[Whole, Field(description="Id of a request; only later ones match.")] = 0


class ListQuery(EntriesQuery):
    """The requests to list."""

    limit: Annotated[Whole, Field(ge=1, le=LISTED_MAX, description="Items on the page.")] = LIMIT
    wait: Wait | None = None


class VerifyQuery(EntriesQuery):
    """The requests to count."""

    times: Annotated[
        Whole | None, Field(description="The number that is expected. Default: at least 1.")
    ] = None


class ForkAt(Strict):
    """The name of a new world, and whether it starts before or after the request."""

    name: WorldName
    at: Literal["before", "after"] = "before"


class EntryList(View):
    """Requests, newest first, and how many match."""

    items: list[EntryView]
    count: int


class Verified(View):
    """How many requests match."""

    count: int


@routes.add(
    "GET",
    "/requests",
    summary="List this world's requests, newest first; `wait` waits for the first match.",
    query=ListQuery,
    answers={200: EntryList},
    refuses={Code.VALIDATION_ERROR},
)
async def list_requests(request: Request, control: Control, *, query: ListQuery) -> Response:
    found = _matching(request, control, query)
    if not found and query.wait:
        context_of(request).outcome.wait_until_changed = query.wait
    page = reversed(found[-query.limit :])
    items = [entry_view(entry, most=LISTED_BYTES_MAX) for entry in page]
    return reply(EntryList(items=items, count=len(found)))


@routes.add("DELETE", "/requests", summary="Clear the journal of this world.", answers={204: None})
async def clear_requests(request: Request, control: Control) -> Response:
    control.live_world(request).journal.clear()
    return Response(status_code=204)


@routes.add(
    "GET",
    "/requests/verify",
    summary="Return 200 if the expected number of requests matches, else `conflict`.",
    query=VerifyQuery,
    answers={200: Verified},
    refuses={Code.VALIDATION_ERROR, Code.CONFLICT},
)
async def verify_requests(request: Request, control: Control, *, query: VerifyQuery) -> Response:
    count = len(_matching(request, control, query))
    is_expected = count > 0 if query.times is None else count == query.times
    if not is_expected:
        entries = [*control.live_world(request).journal][-_LATEST:]
        latest = [f"{each.method} {redacted_text(each.path)} {each.status}" for each in entries]
        expected = "at least 1" if query.times is None else query.times
        raise Conflict(
            f"{count} requests match, {expected} expected. "
            f"The latest requests: {', '.join(latest) or 'none'}."
        )
    return reply(Verified(count=count))


@routes.add(
    "GET",
    "/requests/{request_id}",
    summary="Return a request with its response and the records that it changed.",
    answers={200: EntryView},
    refuses={Code.VALIDATION_ERROR, Code.NOT_FOUND},
)
async def get_request(request: Request, control: Control, *, request_id: str) -> Response:
    return reply(entry_view(_entry(request, control, request_id)))


@routes.add(
    "POST",
    "/requests/{request_id}/rewind",
    summary="Put this world back to just before a request.",
    answers={200: WorldView},
    refuses={Code.VALIDATION_ERROR, Code.NOT_FOUND, Code.CONFLICT},
)
async def rewind(request: Request, control: Control, *, request_id: str) -> Response:
    await read_strictly(request, EmptyBody)
    entry = _entry(request, control, request_id)
    live = control.live_world(request)
    control.registry.rewind(live.world.name, before=entry.id)
    return reply(world_view(live, control))


@routes.add(
    "POST",
    "/requests/{request_id}/fork",
    summary="Make a new world from the state just before or after a request.",
    body=ForkAt,
    answers={201: WorldView},
    refuses={Code.VALIDATION_ERROR, Code.NOT_FOUND, Code.CONFLICT},
)
async def fork_at(request: Request, control: Control, *, request_id: str, body: ForkAt) -> Response:
    entry = _entry(request, control, request_id)
    live = control.live_world(request)
    if body.at == "before":
        entry = live.journal.undoable_entry(entry.id)
    state = entry.before if body.at == "before" else entry.after
    baseline = replace(live.present_baseline(), state=state)
    fork = control.registry.make(body.name, begin=baseline)
    return reply(world_view(fork, control), status=201)


def _matching(request: Request, control: Control, query: EntriesQuery) -> list[Entry]:
    """Return the entries that match the query, oldest first. Raises Invalid."""
    _require_surface(query.surface, control)
    wanted = [
        (matches, _value(request, name, value))
        for name, matches in _FILTERS.items()
        if (value := getattr(query, name)) is not None
    ]
    return [
        entry
        for entry in control.live_world(request).journal
        if entry.id > query.since and all(matches(entry, value) for matches, value in wanted)
    ]


def _value(request: Request, name: str, value: str) -> str:
    """Return the value to compare with: of the address of a user, the user's id."""
    if name != "actor":
        return value
    user = context_of(request).world.find(User, "email", value.lower())
    return value if user is None else user.id


def _require_surface(surface: str | None, control: Control) -> None:
    surfaces = sorted({operation.surface for operation in control.catalog} - {"control"})
    if surface is not None and surface not in surfaces:
        raise Invalid("surface", f"Unknown surface {surface!r}; use one of {surfaces}.")


def _entry(request: Request, control: Control, request_id: str) -> Entry:
    if not request_id.isascii() or not request_id.isdigit() or len(request_id) > _DIGITS_MAX:
        raise Invalid("id", "id should be a whole number")
    return control.live_world(request).journal.entry(int(request_id))


_DIGITS_MAX = 18
