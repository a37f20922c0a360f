"""Response cache for GETs, keyed by the world's state: an entry is valid until a write replaces
that state.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from weakref import ref

from emulator.wire.http.asgi import RawResponse
from emulator.wire.http.incoming_request import IncomingRequest
from emulator.world.core.access import Actor
from emulator.world.core.world import State, World

RESPONSES_MAX = 1_000
CONTENT_MAX = 64 * 2**10
"""Bytes of a response; a page of 50 runs takes 30 kB."""

BYTES_MAX = 64 * 2**20
"""What all responses may take, their headers and those of their requests included."""

_ENTRY_BYTES = 1_024
_HEADER_BYTES = 192
"""What the objects of an entry, and of a header, take besides their text; rounded up."""

_OK = 200

_Key = tuple[str, str, bytes, tuple[tuple[bytes, bytes], ...]]
"""The world's name, and all that a surface sees of the request: path, query, headers."""


@dataclass(frozen=True, slots=True)
class _Entry:
    state: ref[State]
    response: RawResponse
    actor: Actor | None
    size_bytes: int


class ResponseCache:
    """The latest response of each GET without a body, by world.

    Reads are pure, so that a response is valid until the state changes. States are held weakly: the
    cache keeps none alive. The least recently used response is evicted first.
    """

    def __init__(self) -> None:
        self._entries: OrderedDict[_Key, _Entry] = OrderedDict()
        self.size_bytes = 0

    def get(
        self, request: IncomingRequest, world: World
    ) -> tuple[RawResponse, Actor | None] | None:
        """Return the response of this GET in the present state, with the actor, or None."""
        key = _key(request, world)
        entry = self._entries.get(key)
        if entry is None or entry.state() is not world.state:
            return None
        self._entries.move_to_end(key)
        return _copy(entry.response), entry.actor

    def put(
        self, request: IncomingRequest, world: World, response: RawResponse, *, actor: Actor | None
    ) -> None:
        """Store the response of a GET that wrote nothing, if it is successful and not too large."""
        if response.status != _OK or len(response.content) > CONTENT_MAX:
            return
        key = _key(request, world)
        if key in self._entries:
            self._evict(key)
        copy = _copy(response)
        entry = _Entry(ref(world.state), copy, actor, _size_bytes(key, copy))
        self._entries[key] = entry
        self.size_bytes += entry.size_bytes
        while len(self._entries) > RESPONSES_MAX or self.size_bytes > BYTES_MAX:
            self._evict(next(iter(self._entries)))

    def world_restarted(self, world_name: str) -> None:
        """Evict the responses of a world that was reset, restored or deleted."""
        for key in [key for key in self._entries if key[0] == world_name]:
            self._evict(key)

    def user_erased(self, world: World) -> None:
        """Evict the responses of a world that may show the data of an erased user."""
        self.world_restarted(world.name)

    def _evict(self, key: _Key) -> None:
        self.size_bytes -= self._entries.pop(key).size_bytes


def _key(request: IncomingRequest, world: World) -> _Key:
    return (world.name, request.path, request.query, request.raw_headers)


def _size_bytes(key: _Key, response: RawResponse) -> int:
    _, path, query, headers = key
    pairs = [*headers, *response.headers]
    texts = sum(len(name) + len(value) + _HEADER_BYTES for name, value in pairs)
    return _ENTRY_BYTES + len(path) + len(query) + len(response.content) + texts


def _copy(response: RawResponse) -> RawResponse:
    return RawResponse(
        status=response.status, headers=[*response.headers], content=response.content
    )
