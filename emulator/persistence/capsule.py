"""Capsule: a recording of one world's requests as a file that can be replayed elsewhere.

The file holds the seed's text, the settings, and every request of the journal with its response.
What changed the world between two requests (a moved clock, a restored snapshot) is stored as a
jump: what it did, not how. The file contains the passwords, keys and tokens that clients sent.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import orjson
from pydantic import Field, ValidationError

from emulator.faults.effects import ErrorResponse
from emulator.faults.selection import PREFER
from emulator.journal.journal import Entry
from emulator.persistence.envelope import unwrap, wrap
from emulator.persistence.records_json import dump_state, dump_text
from emulator.persistence.stored_seed import StoredPart, StoredSeed
from emulator.registry.live_world import LiveWorld
from emulator.settings import Settings
from emulator.world import lifecycle
from emulator.world.core.refusals import Invalid, Refusal
from emulator.world.core.world import State, World
from emulator.world.records.tables import TABLES
from emulator.world.records.types import Instant

FORMAT = "worldflux-emulator.capsule"
VERSION = 2
"""Digests of version 1 are computed otherwise; a replay does not compare them."""

WARNING = "Requests are kept whole: this file holds passwords, keys and tokens."
"""Part of the format: every file starts its content with it."""

Headers = list[tuple[str, str]]


class Jump(StoredPart):
    """What changed between two requests: the clock was moved, or records were replaced."""

    clock: Instant | None = None
    removed: dict[str, list[str]] = Field(default_factory=dict)
    written: dict[str, str] = Field(default_factory=dict)


class StoredBody(StoredPart):
    """A body, as text where it is text; `is_oversize`: it exceeded the limit and was not stored."""

    text: str | None = None
    base64: str | None = None
    is_oversize: bool = False

    def read(self) -> bytes:
        """Return the bytes. Raises ValueError."""
        if self.base64 is not None:
            return base64.b64decode(self.base64, validate=True)
        return (self.text or "").encode()


class StoredRequest(StoredPart):
    """A request."""

    method: str
    path: str
    query: str
    client: str | None
    headers: Headers
    body: StoredBody


class StoredResponse(StoredPart):
    """A response."""

    status: int
    headers: Headers
    body: StoredBody


class StoredFault(StoredPart):
    """The error that a fault injected in place of a response."""

    status: int
    code: str | None
    message: str | None


class StoredCall(StoredPart):
    """A request with its response, and the digest of the state after it."""

    id: int
    at: Instant
    machine_at: Instant
    jump: Jump | None
    fault: StoredFault | None
    request: StoredRequest
    answer: StoredResponse
    digest: str


class Start(StoredPart):
    """The state before the first request: its digest, and its records unless the seed plants them.

    Records are text, here and in jumps, so that tools do not reformat their numbers.
    """

    digest: str
    records: dict[str, str] | None


class CapsuleSeed(StoredSeed):
    """The seed of a capsule's world; `epoch` is used if the text does not pin one."""

    epoch: Instant


class Capsule(StoredPart):
    """A recording of one world."""

    warning: str
    world: str
    now: Instant
    settings: Settings
    seed: CapsuleSeed
    start: Start
    calls: list[StoredCall]
    version: int = VERSION
    """The version of the file, which its envelope has."""


def record_capsule(live: LiveWorld, settings: Settings) -> bytes:
    """Return the recording of a world as a file."""
    entries = [entry for entry in live.journal if entry.id > live.journal.erased_through]
    start = entries[0].before if entries else live.world.state
    planted = live.baseline.planted.world
    is_planted = planted.state.digest == start.digest
    content = {
        "warning": WARNING,
        "world": live.world.name,
        "now": live.world.now,
        "settings": asdict(settings),
        "seed": {"name": live.baseline.seed.name, "text": live.baseline.seed.text}
        | {"epoch": planted.epoch},
        "start": {
            "digest": str(start.digest),
            "records": None if is_planted else dump_state(start),
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
    """Return what leads from one state to the next, or None if they are equal."""
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
        removed_ids = [row.id for row in old.rows() if new.get(row.id) is None]
        written_rows = [row for row in new.rows() if old.get(row.id) is not row]
        if removed_ids:
            removed[spec.name] = removed_ids
        if written_rows:
            written[spec.name] = dump_text(spec.record, written_rows)
    return {"removed": removed, "written": written}


def read_capsule(raw: bytes) -> Capsule:
    """Return the capsule in a file. Raises Invalid."""
    try:
        version, content = unwrap(FORMAT, VERSION, raw)
        return Capsule.model_validate_json(content).model_copy(update={"version": version})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise Invalid("", f"This is not a capsule file: {place}: {first['msg']}.") from error
