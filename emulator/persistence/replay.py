"""Replay of a capsule in process, up to the first response or state that differs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from starlette.types import Message, Receive, Scope, Send

from emulator.contract.catalog import BODY_LIMIT, OperationCatalog
from emulator.faults.effects import ErrorResponse
from emulator.faults.rules import FaultSet, RequestMatcher
from emulator.journal.journal import Entry
from emulator.persistence.capsule import (
    VERSION,
    Capsule,
    Jump,
    StoredCall,
    StoredRequest,
    read_capsule,
)
from emulator.persistence.records_json import load_state, load_text, spec_of
from emulator.registry.live_world import LiveWorld
from emulator.registry.registry import WorldRegistry
from emulator.seeding.files import SeedError
from emulator.wire.http.asgi import http_scope
from emulator.wire.world_address import PREFIX
from emulator.world import lifecycle
from emulator.world.core.refusals import Invalid
from emulator.world.core.world import DEFAULT, World

COMPARED_HEADERS = (
    "allow",
    "cache-control",
    "content-disposition",
    "content-type",
    "link",
    "location",
    "retry-after",
    "set-cookie",
    "x-sb-error-code",
    "x-supabase-api-version",
    "x-total-count",
)
"""Response headers that must be equal. Dates, lengths and signatures differ by nature."""


class ReplayableApp(Protocol):
    """The emulator as an ASGI app that knows its operations."""

    catalog: OperationCatalog

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""


AppBuilder = Callable[[WorldRegistry], ReplayableApp]
"""Builds the emulator over some worlds, without delivering webhooks to other servers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first difference, and the call that it appeared in: None is the starting state."""

    call: StoredCall | None
    what: str
    expected: str
    got: str

    def __str__(self) -> str:
        where = "Before the first request"
        if self.call is not None:
            request = self.call.request
            where = f"Request {self.call.id} ({request.method} {request.path})"
        return f"{where}: {self.what} was {self.expected} and is {self.got}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """How far a capsule was reproduced: all of its `total` calls, or up to a difference."""

    total: int
    same: int
    difference: Difference | None


def replay(raw: bytes, build_app: AppBuilder) -> Replay:
    """Replay a capsule and compare every response and digest. Raises Invalid for a bad file."""
    return asyncio.run(_replayed(read_capsule(raw), build_app))


class ReplayClock:
    """The wall clock as it was recorded."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        """Return the recorded time."""
        return self.now


async def _replayed(capsule: Capsule, build_app: AppBuilder) -> Replay:
    clock = ReplayClock(capsule.seed.epoch)
    worlds = _worlds(capsule, clock)
    app = build_app(worlds)
    live = _starting_world(worlds, capsule)
    total, same = len(capsule.calls), 0
    has_digests = capsule.version == VERSION
    if has_digests and str(live.world.state.digest) != capsule.start.digest:
        start = Difference(
            call=None,
            what="the digest of the state",
            expected=capsule.start.digest,
            got=str(live.world.state.digest),
        )
        return Replay(total=total, same=0, difference=start)
    for call in capsule.calls:
        clock.now = call.at if capsule.settings.is_wall_clock else call.machine_at
        if call.jump is not None:
            _apply_jump(live.world, call.jump)
        entry = await _repeated(app, live, call)
        differences = _differences(call, entry, with_digest=has_digests)
        difference = next(differences, None)
        if difference is not None:
            return Replay(total=total, same=same, difference=difference)
        same += 1
    return Replay(total=total, same=same, difference=None)


def _worlds(capsule: Capsule, clock: ReplayClock) -> WorldRegistry:
    seed = capsule.seed.read()
    try:
        return WorldRegistry(capsule.settings, seed, now=clock)
    except SeedError as error:
        raise Invalid("", f"The capsule's seed cannot be planted: {error}") from error


def _starting_world(worlds: WorldRegistry, capsule: Capsule) -> LiveWorld:
    """Return the capsule's world in the state before the first request."""
    baseline = worlds.baseline
    if capsule.start.records is not None:
        state = load_state(capsule.start.records)
        baseline = replace(baseline, state=state, is_snapshot=True)
    if capsule.world == DEFAULT:
        live = worlds.get(DEFAULT)
        live.restart(baseline)
        return live
    return worlds.make(capsule.world, begin=baseline)


def _apply_jump(world: World, jump: Jump) -> None:
    """Apply what changed between two requests."""
    if jump.clock is not None:
        lifecycle.move(world, to=jump.clock)
    written = {
        table: load_text(spec_of(table).record, text) for table, text in jump.written.items()
    }
    # All changed records are removed first: a record may take over the unique key of another.
    for table in {**jump.removed, **written}:
        changed = [*jump.removed.get(table, ()), *(row.id for row in written.get(table, ()))]
        for record_id in changed:
            present = world.get(spec_of(table).record, record_id)
            if present is not None:
                world.remove(present)
    for records in written.values():
        for record in records:
            world.put(record)


async def _repeated(app: ReplayableApp, live: LiveWorld, call: StoredCall) -> Entry | None:
    """Repeat a call and return its journal entry, or None if it left none."""
    live.faults = FaultSet()
    if call.fault is not None:
        effect = ErrorResponse(**dict(call.fault))
        live.faults, _ = live.faults.arm(RequestMatcher(), effect)
    expected_id = live.journal.next_id()
    await _send(app, live.world.name, call.request)
    last = list(live.journal)[-1:]
    return last[0] if last and last[0].id == expected_id else None


async def _send(app: ReplayableApp, world: str, request: StoredRequest) -> None:
    path = f"{PREFIX}{world}{request.path}"
    operation = app.catalog.at(request.method, request.path)
    limit = BODY_LIMIT if operation is None else operation.body_limit
    try:
        body = bytes(limit + 1) if request.body.is_oversize else request.body.read()
    except ValueError as error:
        raise Invalid("", f"A body of the capsule cannot be read: {error}.") from error
    scope = http_scope(
        request.method,
        path,
        query=request.query.encode("latin-1"),
        headers=[
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers
        ],
        http_version="1.0",  # needs no Host header; a recorded request may have none
        client=None if request.client is None else (request.client, 0),
    )

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(_: Message) -> None:
        """Ignore the response: the journal records it."""

    await app(scope, receive, send)


def _differences(
    call: StoredCall, entry: Entry | None, *, with_digest: bool
) -> Iterator[Difference]:
    """Yield the differences, the most telling first."""
    if entry is None:
        expected = str(call.answer.status)
        yield Difference(call=call, what="the response", expected=expected, got="none")
        return
    answer = call.answer
    pairs = [
        ("the status", str(answer.status), str(entry.status)),
        ("the body", _shown(answer.body.read()), _shown(entry.response_body)),
    ]
    was, now = _headers(answer.headers), _headers(entry.response_headers)
    pairs += [
        (f"the header {name}", repr(was.get(name)), repr(now.get(name)))
        for name in COMPARED_HEADERS
    ]
    if with_digest:
        pairs.append(("the digest of the state after it", call.digest, str(entry.after.digest)))
    for what, expected, got in pairs:
        if expected != got:
            yield Difference(call=call, what=what, expected=expected, got=got)


def _shown(body: bytes) -> str:
    return repr(body.decode("utf-8", "backslashreplace"))


def _headers(pairs: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found
