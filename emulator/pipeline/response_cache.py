"""Response cache for GETs, in front of the pipeline: a response is repeated while its world is in
the state in which it was first produced.

Reads are pure: their responses depend on the state, the caller, the path and the query alone.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import ref

from emulator.journal.coverage import Coverage
from emulator.journal.journal import Entry, RepeatedExchange, header_bytes
from emulator.registry.change_feed import ChangeFeed
from emulator.registry.live_world import LiveWorld
from emulator.registry.registry import WorldRegistry
from emulator.wire.http.asgi import HEAD_MAX, RawResponse
from emulator.world.core.world import State, World

RESPONSES_MAX = 1_000
CONTENT_MAX = 64 * 2**10
"""Bytes of a response; a page of 50 runs takes 30 kB."""

BYTES_MAX = 64 * 2**20
"""What all responses may take, their headers and those of their requests included."""

_ENTRY_BYTES = 1_024
_HEADER_BYTES = 192
"""What the objects of an entry, and of a header, take besides their text; rounded up."""

RELEVANT_HEADERS = frozenset(
    (b"authorization", b"apikey", b"cookie", b"x-emulator-world", b"host", b"origin")
) | {b"sec-fetch-site", b"sec-fetch-dest", b"prefer", b"x-workspace-id", b"x-supabase-api-version"}
"""The headers on which the response to a GET without a body may depend: those that the stages of
the pipeline read, and those that operations declare. The surfaces see no other.
"""

_UNCACHED_HEADERS = frozenset(
    (b"content-length", b"transfer-encoding", b"expect", b"origin", b"x-forwarded-for")
) | {b"x-forwarded-proto"}
"""The headers of requests whose responses are not cached: a body is read, CORS adds headers to the
response, and a proxy stands between the client and the connection."""

_KEY_HEADERS = RELEVANT_HEADERS | _UNCACHED_HEADERS

_OK = 200

Headers = Sequence[tuple[bytes, bytes]]

Key = tuple[bytes, int | None, tuple[tuple[bytes, bytes], ...]]
"""All that a response may depend on besides the state: the target as it was sent, the port of the
server and the headers that matter."""


@dataclass(frozen=True, slots=True)
class _Cached:
    live: LiveWorld
    state: ref[State]
    wire: bytes
    exchange: RepeatedExchange
    size_bytes: int


class ResponseCache:
    """The latest response of each GET without a body.

    The server's connections look here before they call the app. States are held weakly: the cache
    keeps none alive. The least recently used response is evicted first. Where worlds follow the
    machine's clock, requests change the state, and nothing is cached.
    """

    def __init__(
        self,
        registry: WorldRegistry,
        *,
        coverage: Coverage,
        feed: ChangeFeed,
    ) -> None:
        self._registry = registry
        self._coverage = coverage
        self._feed = feed
        self._is_on = not registry.settings.is_wall_clock
        self._cached: OrderedDict[Key, _Cached] = OrderedDict()
        self.size_bytes = 0

    def key_of(self, target: bytes, *, port: int | None, headers: Headers) -> Key:
        """Return the key of a GET."""
        relevant = _KEY_HEADERS
        return target, port, tuple([header for header in headers if header[0] in relevant])

    def repeat(self, key: Key, *, client: str | None, headers: Headers) -> bytes | None:
        """Return the headers and the body of a response that is still valid, as they are sent, with
        the request in the journal; else None.
        """
        cached = self._cached.get(key)
        if cached is None:
            return None
        live, size = cached.live, header_bytes(headers)
        if cached.state() is not live.world.state or live.faults.faults or size > HEAD_MAX:
            return None
        if not self._registry.is_current(live):
            return None
        self._registry.mark_used(live)
        self._cached.move_to_end(key)
        live.journal.repeat(
            cached.exchange,
            state=live.world.state,
            machine_at=self._registry.now(),
            client=client,
            headers=tuple(headers),
            header_bytes=size,
        )
        self._coverage.count(cached.exchange.operation)
        self._feed.world_changed(live.world.name)
        return cached.wire

    def put(self, key: Key, live: LiveWorld, response: RawResponse, entry: Entry) -> None:
        """Store the response of a GET, with the emulator's headers, if it is successful, wrote
        nothing, comes from no fault and is not too large.
        """
        if response.status != _OK or len(response.content) > CONTENT_MAX or not self._is_on:
            return
        if entry.before is not entry.after or entry.fault_id is not None:
            return
        if not _UNCACHED_HEADERS.isdisjoint([name for name, _ in key[-1]]):
            return
        if key in self._cached:
            self._evict(key)
        lines = [b"%b: %b\r\n" % header for header in response.headers]
        wire = b"".join([*lines, b"\r\n", response.content])
        cached = _Cached(
            live=live,
            state=ref(live.world.state),
            wire=wire,
            exchange=entry.repeated_exchange(),
            size_bytes=_size_bytes(key, response, wire),
        )
        self._cached[key] = cached
        self.size_bytes += cached.size_bytes
        while len(self._cached) > RESPONSES_MAX or self.size_bytes > BYTES_MAX:
            self._evict(next(iter(self._cached)))

    def world_restarted(self, world_name: str) -> None:
        """Evict the responses of a world that was reset, restored or deleted."""
        named = [key for key, each in self._cached.items() if each.live.world.name == world_name]
        for key in named:
            self._evict(key)

    def user_erased(self, world: World) -> None:
        """Evict the responses of a world that may show the data of an erased user."""
        self.world_restarted(world.name)

    def _evict(self, key: Key) -> None:
        self.size_bytes -= self._cached.pop(key).size_bytes


def _size_bytes(key: Key, response: RawResponse, wire: bytes) -> int:
    """Return what a response takes: its bytes as they are sent, and the parts that the journal's
    entries share.
    """
    target, _, headers = key
    pairs = len(headers) + 2 * len(response.headers)
    return (
        _ENTRY_BYTES + len(target) + header_bytes(headers) + 2 * len(wire) + _HEADER_BYTES * pairs
    )
