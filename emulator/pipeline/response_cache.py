"""Response cache for GETs, good for as long as the state that was read is the world's."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any
from weakref import ref

from emulator.wire.http.asgi import RawResponse
from emulator.wire.http.context import RequestContext
from emulator.world.core.access import Actor
from emulator.world.core.world import State

ANSWERS_MAX = 1_000
CONTENT_MAX = 64 * 2**10
"""Bytes of one answer; a page of 50 runs takes 30 kB."""

BYTES_MAX = 64 * 2**20
"""What all answers may take, their headers and those of their requests included."""

_ENTRY_BYTES = 1_024
_HEADER_BYTES = 192
"""What the objects of an entry, and of one header, take beside their text; rounded up."""

_OK = 200


@dataclass(frozen=True, slots=True)
class _Entry:
    state: ref[State]
    answer: RawResponse
    actor: Actor | None
    size_bytes: int


class ResponseCache:
    """What GETs answered, by world and by all that a surface sees of the request.

    Reads are pure, so an answer holds until a write changes the state. Each question has one
    answer, the latest, and its state is held weakly: the cache keeps no state alive. The least
    recently used answer goes first.
    """

    def __init__(self) -> None:
        self._entries: OrderedDict[Any, _Entry] = OrderedDict()
        self.size_bytes = 0

    def find(self, context: RequestContext, scope: dict[str, Any]) -> RawResponse | None:
        """Return what this GET without a body answered in this state, or None."""
        key = _key(context, scope)
        found = self._entries.get(key)
        if found is None or found.state() is not context.world.state:
            return None
        self._entries.move_to_end(key)
        context.actor = found.actor
        context.is_remembered = True
        return _copy(found.answer)

    def forget(self, world_name: str) -> None:
        """Drop what a world answered, as its state is put back, a user is purged, or it ends."""
        for key in [key for key in self._entries if key[0] == world_name]:
            self._drop(key)

    def keep(self, context: RequestContext, scope: dict[str, Any], answer: RawResponse) -> None:
        """Remember the answer of a GET without a body, if it only read."""
        state = context.world.state
        is_read = state is context.before and not context.commits
        if not is_read or answer.status != _OK or len(answer.content) > CONTENT_MAX:
            return
        key = _key(context, scope)
        if key in self._entries:
            self._drop(key)
        copy = _copy(answer)
        entry = _Entry(ref(state), copy, context.actor, _size_bytes(key, copy))
        self._entries[key] = entry
        self.size_bytes += entry.size_bytes
        while len(self._entries) > ANSWERS_MAX or self.size_bytes > BYTES_MAX:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: Any) -> None:
        self.size_bytes -= self._entries.pop(key).size_bytes


def _key(context: RequestContext, scope: dict[str, Any]) -> Any:
    return (
        context.world.name,
        scope["path"],
        scope["query_string"],
        tuple(scope["headers"]),
    )


def _size_bytes(key: Any, answer: RawResponse) -> int:
    _, path, query, headers = key
    pairs = [*headers, *answer.headers]
    texts = sum(len(name) + len(value) + _HEADER_BYTES for name, value in pairs)
    return _ENTRY_BYTES + len(path) + len(query) + len(answer.content) + texts


def _copy(answer: RawResponse) -> RawResponse:
    return RawResponse(status=answer.status, headers=[*answer.headers], content=answer.content)
