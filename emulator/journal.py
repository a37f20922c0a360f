"""What happened in a world, request by request, with the state before and after each.

States share structure, so keeping them is nearly free; the journal is bounded by entries and by
bytes of bodies. It lies beside the state and outside the digest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from emulator.world.records import Instant
from emulator.world.refusals import Conflict, NotFound
from emulator.world.world import State

ENTRIES_MAX = 1_000
BYTES_MAX = 16 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One request with its answer. Headers are pairs of lower-case names and values."""

    id: int
    at: Instant
    surface: str
    operation: str
    method: str
    path: str
    query: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: bytes
    status: int
    response_headers: tuple[tuple[str, str], ...]
    response_body: bytes
    user_id: str | None
    api_key_id: str | None
    code: str | None
    fault_id: str | None
    latency_ms: int
    changed: tuple[tuple[str, str], ...]
    """Table and id of every record that was written."""
    before: State
    after: State

    @property
    def size_bytes(self) -> int:
        """What the entry counts against the journal's bound."""
        return len(self.request_body) + len(self.response_body) + 1024


class Journal:
    """The entries of one world, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()
        self._size_bytes = 0
        self._last_id = 0
        self._forgot_until = 0

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

    def forget(self) -> None:
        """Drop every entry, as a purge of a user asks."""
        self._forgot_until = self._last_id
        self._entries.clear()
        self._size_bytes = 0

    def clear(self) -> None:
        """Begin anew, as a reset does."""
        self.__init__()  # type: ignore[misc]

    def entry(self, entry_id: int) -> Entry:
        """Return the entry of an id. Refuses NotFound, and Conflict past a purge."""
        if entry_id <= self._forgot_until and entry_id > 0:
            raise Conflict(
                f"Request {entry_id} lies before the purge of a user, whose data must not come "
                "back; nothing before the purge can be reached."
            )
        for entry in reversed(self._entries):
            if entry.id == entry_id:
                return entry
        raise NotFound("request", str(entry_id))

    def cut(self, entry_id: int) -> None:
        """Drop an entry and all after it, as rewinding to before it does."""
        while self._entries and self._entries[-1].id >= entry_id:
            self._size_bytes -= self._entries.pop().size_bytes
