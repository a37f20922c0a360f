"""Writing down what happened: an entry of the journal, and what clients have met, for coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import orjson

from emulator.faults.rules import FaultSet
from emulator.faults.selection import Effect
from emulator.journal.journal import Entry
from emulator.journal.observed_states import shown_states
from emulator.registry.live_world import LiveWorld
from emulator.wire.http.asgi import RawResponse
from emulator.wire.http.context import RequestContext
from emulator.world.core.world import State
from emulator.world.records.tables import TABLES

_KINDS = {spec.name: spec.record for spec in TABLES}
_REFUSED = 400


def record_entry(
    live: LiveWorld,
    context: RequestContext,
    answer: RawResponse,
    *,
    scope: dict[str, Any],
    method: str,
    surface: str,
    body: bytes,
    before: State,
    armed: FaultSet,
    strike: Effect,
    touched: list[tuple[str, str]],
) -> Entry:
    """Write a request with its answer into the journal of its world and return the entry."""
    actor, client = context.actor, scope.get("client") or (None,)
    entry = Entry(
        id=live.journal.next_id(),
        at=live.world.now,
        machine_at=context.machine_at,
        surface=surface,
        operation=context.operation,
        method=method,
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        client=client[0],
        raw_request_headers=tuple(scope["headers"]),
        request_body=body,
        is_oversize=context.oversize_of is not None,
        status=answer.status,
        raw_response_headers=tuple(answer.headers),
        # What orjson returns takes 8 kB however short it is; a copy takes what it is long.
        response_body=bytes(memoryview(answer.content)),
        user_id=None if actor is None else actor.user_id,
        api_key_id=None if actor is None else actor.api_key_id,
        code=_code_of(answer),
        fault_id=strike.fault_id,
        then=strike.then,
        armed=armed,
        changed=tuple(_changed(before, live.world.state, touched)),
        before=before,
        after=live.world.state,
    )
    live.journal.add(entry)
    return entry


def _changed(
    before: State, after: State, touched: list[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """Yield the records that are not what they were; what was written and undone is left out."""
    if after is before:
        return
    for table, record_id in dict.fromkeys(touched):
        kind = _KINDS[table]
        if before.tables[kind].get(record_id) is not after.tables[kind].get(record_id):
            yield table, record_id


def count_coverage(
    met: Counter[tuple[str, str, str]], entry: Entry, *, is_remembered: bool
) -> None:
    """Count the operation, the code and the states of records that a client met; those of an
    answer from memory were met when it was first given.
    """
    met["operation", entry.operation, ""] += 1
    if entry.code is not None:
        met["code", entry.surface, entry.code] += 1
    if entry.status < _REFUSED and not is_remembered:
        shown = shown_states(
            entry.response_body, at=entry.at, is_new=lambda state: not met["state", state, ""]
        )
        met.update(("state", state, "") for state in set(shown))


def _code_of(answer: RawResponse) -> str | None:
    """Return the code that an error answer carries, in whatever dialect, else None."""
    if answer.status < _REFUSED:
        return None
    try:
        body = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(body, dict):
        return None
    inner = body.get("error") or body.get("detail") or body
    code = inner.get("error_code") or inner.get("code") if isinstance(inner, dict) else None
    return code if isinstance(code, str) else None
