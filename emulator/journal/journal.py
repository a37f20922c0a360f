"""What happened in a world, request by request, with the state before and after each.

States share structure, so keeping them is nearly free; the journal is bounded by entries and by
the bytes of bodies, headers, paths and queries. It lies beside the state and outside the digest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from emulator.faults.rules import FaultSet, Then
from emulator.world.core.refusals import Conflict, NotFound
from emulator.world.core.world import State
from emulator.world.records.types import Instant

ENTRIES_MAX = 1_000
BYTES_MAX = 16 * 2**20
"""Assumed: as much as any one test asks; the last entry is kept even if it is larger alone."""


_ENTRY_BYTES = 1024
_HEADER_BYTES = 128
_CHANGE_BYTES = 128
"""Measured: what an entry, a pair of headers and a change take besides their bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One request with its answer. Headers are pairs of lower-case names and values, kept as they
    were sent: few entries are ever looked at.
    """

    id: int
    at: Instant
    machine_at: Instant
    """The machine's time, which state and answers only depend on where a webhook is signed."""
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
    """Whether the body was too large to be kept or read."""
    status: int
    raw_response_headers: tuple[tuple[bytes, bytes], ...]
    response_body: bytes
    user_id: str | None
    api_key_id: str | None
    code: str | None
    fault_id: str | None
    then: Then
    """What the fault did; the default is nothing."""
    armed: FaultSet
    """The faults as they were before the request."""
    changed: tuple[tuple[str, str], ...]
    """Table and id of every record that was written."""
    before: State
    after: State

    @property
    def request_headers(self) -> tuple[tuple[str, str], ...]:
        """The headers that were sent."""
        return tuple(_decoded(self.raw_request_headers))

    @property
    def response_headers(self) -> tuple[tuple[str, str], ...]:
        """The headers of the answer."""
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
    """The entries of one world, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()
        self._size_bytes = 0
        self._last_id = 0
        self.forgot_until = 0
        """The last request before whose end a user was purged, or 0."""

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def next_id(self) -> int:
        """Return the id that the next entry has, from 1."""
        return self._last_id + 1

    def add(self, entry: Entry) -> None:
        """Keep an entry and drop the oldest above the bounds."""
        self._last_id = entry.id
        self._entries.append(entry)
        self._size_bytes += entry.size_bytes
        while len(self._entries) > ENTRIES_MAX or self._size_bytes > BYTES_MAX:
            if len(self._entries) == 1:
                break
            self._size_bytes -= self._entries.popleft().size_bytes

    def clear(self) -> None:
        """Drop every entry; ids go on."""
        self._entries.clear()
        self._size_bytes = 0

    def forget(self) -> None:
        """Drop every entry, as the purge of a user asks; nothing before it can be reached."""
        self.clear()
        self.forgot_until = self._last_id

    def seal(self) -> None:
        """Keep the last entry, which purged a user, from being gone back behind."""
        self.forgot_until = self._last_id

    def entry(self, entry_id: int) -> Entry:
        """Return the entry of an id. Refuses NotFound, and Conflict for one that is no more."""
        for entry in reversed(self._entries):
            if entry.id == entry_id:
                return entry
        self._require_kept(entry_id)
        if 0 < entry_id <= self._last_id:
            raise Conflict(
                f"Request {entry_id} is in the journal no more: it was rewound away, cleared, or "
                "dropped for newer ones."
            )
        raise NotFound("request", str(entry_id))

    def entry_to_undo(self, entry_id: int) -> Entry:
        """Return an entry whose state before may come back. Refuses as `entry`."""
        self._require_kept(entry_id)
        return self.entry(entry_id)

    def _require_kept(self, entry_id: int) -> None:
        if 0 < entry_id <= self.forgot_until:
            raise Conflict(
                f"Request {entry_id} lies before the purge of a user, whose data must not come "
                "back; nothing before the purge can be reached."
            )

    def cut(self, entry_id: int) -> None:
        """Drop an entry and all after it, as rewinding to before it does."""
        while self._entries and self._entries[-1].id >= entry_id:
            self._size_bytes -= self._entries.pop().size_bytes
