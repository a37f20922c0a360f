"""Journal recorder: turns a request and its response into an entry of the journal."""

from __future__ import annotations

from emulator.faults.rules import FaultSet
from emulator.faults.selection import AppliedEffect
from emulator.journal.journal import Entry, Journal, size_bytes
from emulator.wire.http.asgi import RawResponse
from emulator.wire.http.incoming_request import IncomingRequest
from emulator.world.core.access import Actor
from emulator.world.core.world import State
from emulator.world.records.types import Instant


def record_entry(
    journal: Journal,
    request: IncomingRequest,
    response: RawResponse,
    applied: AppliedEffect,
    *,
    actor: Actor | None,
    at: Instant,
    wall_time: Instant,
    faults: FaultSet,
    before: State,
    after: State,
    written: list[tuple[str, str]],
) -> Entry:
    """Add a request with its response to a journal and return the entry."""
    query = request.query.decode("latin-1")
    entry = Entry(
        id=journal.next_id(),
        machine_at=wall_time,
        client=None if request.client is None else request.client[0],
        raw_request_headers=request.raw_headers,
        size_bytes=size_bytes(
            (*request.raw_headers, *response.headers),
            request_body=request.body,
            response_body=response.content,
            path=request.path,
            query=query,
            writes=len(written),
        ),
        at=at,
        surface=request.surface.name,
        operation=request.operation,
        method=request.sent_method,
        path=request.path,
        query=query,
        request_body=request.body,
        is_oversize=request.exceeded_limit_bytes is not None,
        status=response.status,
        raw_response_headers=tuple(response.headers),
        # What orjson returns takes 8 kB however short it is; a copy takes its length.
        response_body=bytes(memoryview(response.content)),
        user_id=None if actor is None else actor.user_id,
        api_key_id=None if actor is None else actor.api_key_id,
        fault_id=applied.fault_id,
        effect=applied.effect,
        faults=faults,
        written=tuple(written),
        before=before,
        after=after,
    )
    journal.add(entry)
    return entry
