"""What holds of every answer, whatever was sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from emulator.registry.registry import WorldRegistry
from emulator.wire.world_address import COOKIE, without_prefix
from tests.fuzz.calls import Answer, Call
from tests.fuzz.error_shapes import is_guards, is_shaped, surface_of
from tests.support.checked_client import COMMITTING, WRITES_ON_GET

READS = ("GET", "HEAD", "OPTIONS")

_LEAK = re.compile(rb'Traceback \(most recent call last\)|File "[^"]+\.py", line \d+|site-packages')
_SENDABLE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_PREFER = re.compile(r"code=\"?[45]\d\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A law that an answer broke."""

    law: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything that a refusal and a read must leave alone."""

    worlds: dict[str, str]
    """The digest of every live world."""
    faults: dict[str, list[Any]]
    snapshots: dict[str, tuple[str, str]]
    requests: dict[str, int]
    """The id of the next entry of every world's journal."""
    begin: str


def snapshot(worlds: WorldRegistry) -> Snapshot:
    """Return how things are."""
    live = worlds.all()
    return Snapshot(
        worlds={one.world.name: str(one.world.state.digest) for one in live},
        faults={
            one.world.name: [(fault.id, fault.match, fault.effect) for fault in one.faults.faults]
            for one in live
        },
        snapshots={
            kept.name: (kept.world, str(kept.baseline.state.digest)) for kept in worlds.snapshots
        },
        requests={one.world.name: one.journal.next_id() for one in live},
        begin=str(worlds.baseline.state.digest),
    )


def judge(worlds: WorldRegistry, call: Call, answer: Answer, before: Snapshot) -> list[Breach]:
    """Return every law that was broken."""
    sight = _Sight(worlds, call, answer, before)
    if call.is_cut:
        return list(_of_cut(sight))
    if answer.error.startswith("ConnectionAbortedError") and sight.is_faulty:
        return []
    if answer.error:
        return [Breach(law="every call is answered", what=answer.error)]
    laws = (_of_status, _of_form, _of_signature, _of_change, _of_shape, _of_leaks)
    return [breach for law in laws for breach in law(sight)]


class _Sight:
    """A call, its answer, and how things are now."""

    def __init__(self, worlds: WorldRegistry, call: Call, answer: Answer, before: Snapshot) -> None:
        self.worlds = worlds
        self.call = call
        self.answer = answer
        self.before = before
        self.after = snapshot(worlds)
        self.path, self.prefixed = without_prefix(call.path)
        self.surface = surface_of(self.path)
        self.world = answer.header("x-emulator-world")

    @property
    def is_faulty(self) -> bool:
        """Tell whether a fault may have answered, armed or asked for."""
        armed = any(self.before.faults.values())
        return armed or _PREFER.search(self.call.header(b"prefer")) is not None

    @property
    def is_wall(self) -> bool:
        """Tell whether the clock may move by itself."""
        return self.worlds.settings.is_wall_clock

    @property
    def is_read(self) -> bool:
        """Tell whether the call may change nothing, however it is answered."""
        if self.call.method != "GET":
            return self.call.method in READS
        return not self.path.startswith(WRITES_ON_GET)

    @property
    def is_kept(self) -> bool:
        """Tell whether a refusal leaves something behind by design."""
        kind = self.answer.header("content-type")
        is_decline = self.answer.status == 402 and kind.startswith("text/html")
        return is_decline or self.answer.header("x-sb-error-code") in COMMITTING

    @property
    def is_unseen(self) -> bool:
        """Tell whether the call was refused before it was any world's."""
        return not self.world


def _of_cut(sight: _Sight) -> Iterator[Breach]:
    if sight.before != sight.after and not sight.is_wall:
        yield Breach(law="a request that is cut off never was", what="something changed")


def _of_status(sight: _Sight) -> Iterator[Breach]:
    status = sight.answer.status
    if not 200 <= status < 600:
        yield Breach(law="every call is answered", what=f"status {status}")
    if status >= 500 and not sight.is_faulty:
        is_named = sight.call.method == "HEAD" or len(sight.answer.body) > 40
        if status != 501 or not is_named:
            yield Breach(law="no 5xx but 501 by name", what=f"{status} {sight.answer.bug}".strip())


def _of_form(sight: _Sight) -> Iterator[Breach]:
    answer, call = sight.answer, sight.call
    for name, value in answer.headers:
        if not _SENDABLE.fullmatch(value) or not _SENDABLE.fullmatch(name):
            yield Breach(law="headers can be sent", what=repr((name, value))[:200])
    if not answer.is_whole:
        yield Breach(law="bodies are sent whole", what="cut off")
    if call.method == "HEAD" or answer.status in (204, 304):
        if answer.body:
            yield Breach(law="no body where none may be", what=f"{answer.status}")
        return
    length = answer.header("content-length")
    if length and length != str(len(answer.body)):
        yield Breach(law="Content-Length is the body's", what=f"{length}, not {len(answer.body)}")
    if answer.header("content-type").startswith("application/json"):
        try:
            json.loads(answer.body.decode("utf-8"), parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            yield Breach(law="JSON answers parse", what=str(error)[:100])


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _of_signature(sight: _Sight) -> Iterator[Breach]:
    answer = sight.answer
    names = [name.decode("latin-1").lower() for name, _ in answer.headers]
    if names.count("x-emulator") != 1:
        yield Breach(law="every answer is signed", what="without X-Emulator, or with two")
    state = answer.header("x-emulator-state")
    if bool(state) != bool(sight.world):
        yield Breach(law="every answer is signed", what="world and state go together")
    is_preflight = sight.call.method == "OPTIONS" and bool(sight.call.header(b"origin"))
    if not state and not (400 <= answer.status < 500 or is_preflight):
        yield Breach(law="every answer is signed", what=f"{answer.status} without a state")
    now = sight.after.worlds.get(sight.world)
    if state and now is not None and state != now:
        yield Breach(law="the state header is the state's", what=f"{state}, not {now}")


def _of_change(sight: _Sight) -> Iterator[Breach]:
    """Judge what a read and a refusal left, and that other calls reached one world alone."""
    if sight.is_wall:
        return
    before, after = sight.before, sight.after
    is_refused = sight.answer.status >= 400
    is_control = sight.surface == "control"
    made = {name: after.worlds[name] for name in after.worlds.keys() - before.worlds.keys()}
    yield from _of_made(sight, made, is_refused=is_refused)
    if sight.is_read or (is_refused and not sight.is_kept):
        kind = "read" if sight.is_read else "refusal"
        for what, has_changed in (
            ("a state", before.worlds != _without(after.worlds, made)),
            ("faults", before.faults != _without(after.faults, made)),
            ("snapshots", before.snapshots != after.snapshots),
            ("the baseline", before.begin != after.begin),
        ):
            if has_changed:
                yield Breach(law=f"a {kind} changes nothing", what=f"{what} changed")
    elif not is_control:
        others = {name: one for name, one in before.worlds.items() if name != sight.world}
        if not others.items() <= after.worlds.items():
            yield Breach(law="a call reaches one world", what="another changed")


def _without(found: Mapping[str, Any], made: Mapping[str, str]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in made}


def _of_made(sight: _Sight, made: dict[str, str], *, is_refused: bool) -> Iterator[Breach]:
    """Judge the worlds that a call made by naming them."""
    is_control = sight.surface == "control"
    if is_control and not is_refused and sight.call.method == "POST":
        return
    named = {sight.prefixed, *_headers(sight, b"x-emulator-world"), *_cookies(sight)}
    for name, digest in made.items():
        if name not in named:
            yield Breach(law="only who names a world makes it", what="it was not named")
        elif not sight.worlds.settings.makes_worlds_lazily:
            yield Breach(law="only who names a world makes it", what="worlds are not made so")
        elif is_control and sight.call.method in ("GET", "HEAD"):
            yield Breach(law="only who names a world makes it", what="control was read")
        elif (is_refused or sight.is_read) and digest != sight.before.begin and not sight.is_kept:
            yield Breach(law="a new world is the baseline", what="it is not")


def _headers(sight: _Sight, name: bytes) -> Iterator[str]:
    for key, value in sight.call.headers:
        if key == name:
            yield value.decode("latin-1").strip()


def _cookies(sight: _Sight) -> Iterator[str]:
    for header in _headers(sight, b"cookie"):
        for part in header.split(";"):
            name, _, value = part.strip().partition("=")
            if name == COOKIE:
                yield from (value, unquote(value), unquote(value).strip('"'))


def _of_leaks(sight: _Sight) -> Iterator[Breach]:
    found = _LEAK.search(sight.answer.body)
    if found is not None and not _LEAK.search(sight.call.body):
        yield Breach(law="no answer shows code", what=found[0].decode("latin-1")[:80])


def _of_shape(sight: _Sight) -> Iterator[Breach]:
    answer = sight.answer
    is_preflight = bool(sight.call.header(b"access-control-request-method"))
    if answer.status < 400 or sight.call.method == "HEAD" or not answer.is_whole:
        return
    if is_preflight and sight.call.method == "OPTIONS" and not sight.world:
        return  # CORS answers a page of a foreign origin, in plain text that nobody sees
    if sight.is_unseen and is_guards(answer):
        return
    if not is_shaped(answer, sight.surface, is_faulty=sight.is_faulty):
        said = answer.body[:120].decode("utf-8", "replace")
        yield Breach(law="errors are in the surface's shape", what=f"{answer.status} {said}")
