"""Writing down what happened: an entry of the journal, and what clients have met, for coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, get_args

import orjson

from emulator.faults import Armed
from emulator.journal import Entry
from emulator.live import Live
from emulator.striking import Strike
from emulator.transport import Answer
from emulator.wire.exchange import Exchange
from emulator.world.records import TABLES, RunStatus
from emulator.world.world import State

RUN_STATUSES: tuple[str, ...] = get_args(RunStatus)

_KINDS = {spec.name: spec.record for spec in TABLES}
_REFUSED = 400


def note(
    live: Live,
    exchange: Exchange,
    answer: Answer,
    *,
    scope: dict[str, Any],
    method: str,
    surface: str,
    headers: tuple[tuple[str, str], ...],
    body: bytes,
    before: State,
    armed: Armed,
    strike: Strike,
    touched: list[tuple[str, str]],
) -> Entry:
    """Write a request with its answer into the journal of its world and return the entry."""
    actor, client = exchange.actor, scope.get("client") or (None,)
    entry = Entry(
        id=live.journal.next_id(),
        at=live.world.now,
        machine_at=exchange.machine_at,
        surface=surface,
        operation=exchange.operation,
        method=method,
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        client=client[0],
        request_headers=headers,
        request_body=body,
        is_oversize=exchange.oversize_of is not None,
        status=answer.status,
        response_headers=tuple(_headers(answer)),
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


def _headers(answer: Answer) -> Iterator[tuple[str, str]]:
    for name, value in answer.headers:
        yield name.decode("latin-1").lower(), value.decode("latin-1")


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


def count_met(met: Counter[tuple[str, str, str]], entry: Entry) -> None:
    """Count the operation, the code and the statuses of runs that a client met."""
    met["operation", entry.operation, ""] += 1
    if entry.code is not None:
        met["code", entry.surface, entry.code] += 1
    for status in RUN_STATUSES:
        said = b'"status":"%b"' % status.encode()
        if not met["state", status, ""] and said in entry.response_body:
            met["state", status, ""] = 1


def _code_of(answer: Answer) -> str | None:
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
