"""Journal of a world: every request with its response, and the state before and after it.

States share structure, so keeping them is nearly free; the journal is bounded by entries and by
the bytes of bodies, headers, paths and queries. It lies beside the state and outside the digest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from emulator.faults.effects import Effect, Latency
from emulator.faults.rules import FaultSet
from emulator.world.core.refusals import Conflict, NotFound
from emulator.world.core.world import State
from emulator.world.records.types import Instant

ENTRIES_MAX = 1_000
BYTES_MAX = 16 * 2**20
"""Assumed: a journal holds as much as any test requests. The last entry stays whatever its size."""


_ENTRY_BYTES = 1024
_HEADER_BYTES = 128
_CHANGE_BYTES = 128
"""Measured: what an entry, a pair of headers and a change take besides their bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A request with its response. Headers stay as raw pairs: few entries are ever read."""

    id: int
    at: Instant
    machine_at: Instant
    """The machine's time, on which state and response depend only where a webhook is signed."""
    surface: str
    operation: str
    method: str
    path: str
    """Without the prefix that named the world."""
    query: str
    client: str | None
    """The address that the request came from."""
    raw_request_headers: tuple[tuple[bytes, bytes], ...]
    request_body: bytes
    is_oversize: bool
    """Whether the body was larger than the operation takes, and discarded."""
    status: int
    raw_response_headers: tuple[tuple[bytes, bytes], ...]
    response_body: bytes
    user_id: str | None
    api_key_id: str | None
    code: str | None
    fault_id: str | None
    effect: Effect
    """What the fault did."""
    faults: FaultSet
    """The faults as they were before the request."""
    changed: tuple[tuple[str, str], ...]
    """Table and id of every record that was written."""
    before: State
    after: State

    @property
    def latency_ms(self) -> int:
        """The delay that a fault added."""
        return self.effect.latency_ms if isinstance(self.effect, Latency) else 0

    @property
    def request_headers(self) -> tuple[tuple[str, str], ...]:
        """The headers that were sent."""
        return tuple(_decoded(self.raw_request_headers))

    @property
    def response_headers(self) -> tuple[tuple[str, str], ...]:
        """The headers of the response."""
        return tuple(_decoded(self.raw_response_headers))

    @property
    def size_bytes(self) -> int:
        """What the entry counts against the journal's bound."""
        headers = (*self.raw_request_headers, *self.raw_response_headers)
        return (
            len(self.request_body)
            + len(self.response_body)
            + sum(map(len, chain.from_iterable(headers)))
            + _text_bytes(self.path)
            + _text_bytes(self.query)
            + _ENTRY_BYTES
            + _HEADER_BYTES * len(headers)
            + _CHANGE_BYTES * len(self.changed)
        )


def _text_bytes(text: str) -> int:
    """Return what a text takes at most: Python stores all of it as wide as its widest character."""
    return len(text) if text.isascii() else 4 * len(text)


def _decoded(raw: tuple[tuple[bytes, bytes], ...]) -> Iterator[tuple[str, str]]:
    for name, value in raw:
        yield name.decode("latin-1").lower(), value.decode("latin-1")


class Journal:
    """The entries of a world, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()
        self._size_bytes = 0
        self._last_id = 0
        self.erased_through = 0
        """The id of the last request that may show the data of an erased user, or 0."""

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def next_id(self) -> int:
        """Return the id that the next entry has, from 1."""
        return self._last_id + 1

    def add(self, entry: Entry) -> None:
        """Append an entry and drop the oldest above the bounds."""
        self._last_id = entry.id
        self._entries.append(entry)
        self._size_bytes += entry.size_bytes
        while len(self._entries) > ENTRIES_MAX or self._size_bytes > BYTES_MAX:
            if len(self._entries) == 1:
                break
            self._size_bytes -= self._entries.popleft().size_bytes

    def clear(self) -> None:
        """Drop every entry; ids continue."""
        self._entries.clear()
        self._size_bytes = 0

    def erase(self) -> None:
        """Drop every entry because a user was erased: rewinding past this point is refused."""
        self.clear()
        self.mark_erasure()

    def mark_erasure(self) -> None:
        """Mark the last entry as an erasure: rewinding past it is refused."""
        self.erased_through = self._last_id

    def entry(self, entry_id: int) -> Entry:
        """Return the entry of an id. Raises NotFound, and Conflict if the entry was dropped."""
        for entry in reversed(self._entries):
            if entry.id == entry_id:
                return entry
        self._require_not_erased(entry_id)
        if 0 < entry_id <= self._last_id:
            raise Conflict(
                f"Request {entry_id} is no longer in the journal: it was rewound away, cleared, or "
                "dropped to make room for newer requests."
            )
        raise NotFound("request", str(entry_id))

    def undoable_entry(self, entry_id: int) -> Entry:
        """Return an entry whose state before may be restored. Raises as `entry`."""
        self._require_not_erased(entry_id)
        return self.entry(entry_id)

    def _require_not_erased(self, entry_id: int) -> None:
        if 0 < entry_id <= self.erased_through:
            raise Conflict(
                f"Request {entry_id} lies before the erasure of a user, whose data must not come "
                "back; no request before the erasure can be restored."
            )

    def truncate_from(self, entry_id: int) -> None:
        """Drop an entry and all after it, as rewinding to before it does."""
        while self._entries and self._entries[-1].id >= entry_id:
            self._size_bytes -= self._entries.pop().size_bytes
