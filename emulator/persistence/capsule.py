"""What happened in one world as one file, to be replayed elsewhere.

The file holds the seed's text, the settings, and every request of the journal whole with its
answer. What came between two requests without being one (the clock was moved, a snapshot was
restored) is kept as what it did. It holds the passwords, keys and tokens that clients sent.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from emulator.faults.effects import ErrorResponse
from emulator.faults.selection import PREFER
from emulator.journal.journal import Entry
from emulator.persistence.envelope import unwrap, wrap
from emulator.persistence.records_json import dump_state, dump_text
from emulator.registry.live_world import LiveWorld
from emulator.settings import Settings
from emulator.world import lifecycle
from emulator.world.core.refusals import Invalid, Refusal
from emulator.world.core.world import State, World
from emulator.world.records.tables import TABLES
from emulator.world.records.types import Instant

FORMAT = "worldflux-emulator.capsule"
VERSION = 1

WARNING = "Requests are kept whole: this file holds passwords, keys and tokens."

Headers = list[tuple[str, str]]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Jump(_Part):
    """What happened between two requests: the clock was moved, or records are others now."""

    clock: Instant | None = None
    removed: dict[str, list[str]] = {}
    written: dict[str, str] = {}


class Body(_Part):
    """Bytes, as text where they are text; `is_oversize` tells that they were too many."""

    text: str | None = None
    base64: str | None = None
    is_oversize: bool = False

    def read(self) -> bytes:
        """Return the bytes. Raises ValueError."""
        if self.base64 is not None:
            return base64.b64decode(self.base64, validate=True)
        return (self.text or "").encode()


class Asked(_Part):
    """A request."""

    method: str
    path: str
    query: str
    client: str | None
    headers: Headers
    body: Body


class Answered(_Part):
    """An answer."""

    status: int
    headers: Headers
    body: Body


class Injected(_Part):
    """The error of a fault that was answered instead."""

    status: int
    code: str | None
    message: str | None


class StoredCall(_Part):
    """A request with its answer, and the digest of the state after it."""

    id: int
    at: Instant
    machine_at: Instant
    jump: Jump | None
    fault: Injected | None
    request: Asked
    answer: Answered
    digest: str


class Start(_Part):
    """The state before the first request: its digest, and its records if no seed plants them.

    Records are kept as text, here and in jumps, so that tools leave their numbers alone.
    """

    digest: str
    records: dict[str, str] | None


class StoredSeed(_Part):
    """A seed by its text; `epoch` is when it was planted, unless it says so itself."""

    name: str
    text: str
    epoch: Instant


class Capsule(_Part):
    """What happened in one world."""

    warning: str
    world: str
    now: Instant
    settings: Settings
    seed: StoredSeed
    start: Start
    calls: list[StoredCall]


def record_capsule(live: LiveWorld, settings: Settings) -> bytes:
    """Return what happened in a world as a file."""
    entries = [entry for entry in live.journal if entry.id > live.journal.erased_through]
    start = entries[0].before if entries else live.world.state
    planted = live.baseline.planted.world
    is_seeds = planted.state.digest == start.digest
    content = {
        "warning": WARNING,
        "world": live.world.name,
        "now": live.world.now,
        "settings": asdict(settings),
        "seed": {"name": live.baseline.seed.name, "text": live.baseline.seed.text}
        | {"epoch": planted.epoch},
        "start": {
            "digest": str(start.digest),
            "records": None if is_seeds else dump_state(start),
        },
        "calls": _calls(entries),
    }
    return wrap(FORMAT, VERSION, orjson.dumps(content))


def _calls(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    calls = []
    last: State | None = None
    for entry in entries:
        calls.append(_call(entry, None if last is None else _jump(last, entry.before)))
        last = entry.after
    return calls


def _call(entry: Entry, jump: dict[str, Any] | None) -> dict[str, Any]:
    effect = entry.effect
    is_injected = isinstance(effect, ErrorResponse) and entry.fault_id != PREFER
    return {
        "id": entry.id,
        "at": entry.at,
        "machine_at": entry.machine_at,
        "jump": jump,
        "fault": asdict(effect) if is_injected else None,
        "request": {
            "method": entry.method,
            "path": entry.path,
            "query": entry.query,
            "client": entry.client,
            "headers": entry.request_headers,
            "body": _body(entry.request_body) | {"is_oversize": entry.is_oversize},
        },
        "answer": {
            "status": entry.status,
            "headers": entry.response_headers,
            "body": _body(entry.response_body),
        },
        "digest": str(entry.after.digest),
    }


def _body(content: bytes) -> dict[str, Any]:
    try:
        return {"text": content.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}


def _jump(last: State, state: State) -> dict[str, Any] | None:
    """Return what leads from one state to another, or None where they are the same."""
    if last.digest == state.digest:
        return None
    moved, now = World("", last), World("", state).now
    try:
        lifecycle.move(moved, to=now)
    except Refusal:
        return _difference(last, state)
    if moved.state.digest == state.digest:
        return {"clock": now}
    return _difference(last, state)


def _difference(last: State, state: State) -> dict[str, Any]:
    removed: dict[str, Any] = {}
    written: dict[str, Any] = {}
    for spec in TABLES:
        old, new = last.tables[spec.record], state.tables[spec.record]
        if old is new:
            continue
        gone = [row.id for row in old.rows() if new.get(row.id) is None]
        come = [row for row in new.rows() if old.get(row.id) is not row]
        if gone:
            removed[spec.name] = gone
        if come:
            written[spec.name] = dump_text(spec.record, come)
    return {"removed": removed, "written": written}


def read_capsule(raw: bytes) -> Capsule:
    """Return the capsule that a file holds. Refuses Invalid."""
    try:
        return Capsule.model_validate_json(unwrap(FORMAT, VERSION, raw))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise Invalid("", f"This file is no capsule: {place}: {first['msg']}.") from error
