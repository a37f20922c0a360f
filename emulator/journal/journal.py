"""Journal of a world: every request with its response, and the state before and after it.

States share structure, so keeping them is nearly free; the journal is bounded by entries and by
the bytes of bodies, headers, paths and queries. It lies beside the state and outside the digest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

import orjson

from emulator.faults.effects import Effect, Latency
from emulator.faults.rules import FaultSet
from emulator.world.core.refusals import Conflict, NotFound
from emulator.world.core.world import State
from emulator.world.records.tables import TABLES
from emulator.world.records.types import Instant

ENTRIES_MAX = 1_000
BYTES_MAX = 16 * 2**20
"""Assumed: a journal holds as much as any test requests. The last entry stays whatever its size."""


_ENTRY_BYTES = 1024
_HEADER_BYTES = 128
_WRITE_BYTES = 128
"""Measured: what an entry, a pair of headers and a write take besides their bytes."""

_KINDS = {spec.name: spec.record for spec in TABLES}


class Entry(NamedTuple):
    """A request with its response. Headers stay as raw pairs: few entries are ever read.

    A named tuple, as a request of which only the first fields are its own shares the others
    (measured: a frozen dataclass of so many fields takes 4 µs to make).
    """

    id: int
    machine_at: Instant
    """The machine's time, on which state and response depend only where a webhook is signed."""
    client: str | None
    """The address that the request came from."""
    raw_request_headers: tuple[tuple[bytes, bytes], ...]
    size_bytes: int
    """What the entry counts against the journal's bound."""
    at: Instant
    surface: str
    operation: str
    method: str
    path: str
    """Without the prefix that named the world."""
    query: str
    request_body: bytes
    is_oversize: bool
    """Whether the body was larger than the operation takes, and discarded."""
    status: int
    raw_response_headers: tuple[tuple[bytes, bytes], ...]
    response_body: bytes
    user_id: str | None
    api_key_id: str | None
    fault_id: str | None
    effect: Effect
    """What the fault did."""
    faults: FaultSet
    """The faults as they were before the request."""
    written: tuple[tuple[str, str], ...]
    """Table and id of the records that were written, some perhaps repeatedly."""
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
    def changed(self) -> tuple[tuple[str, str], ...]:
        """Table and id of every record that differs; what was written and undone is left out."""
        before, after = self.before.tables, self.after.tables
        return tuple(
            (table, record_id)
            for table, record_id in dict.fromkeys(self.written)
            if before[_KINDS[table]].get(record_id) is not after[_KINDS[table]].get(record_id)
        )

    @property
    def code(self) -> str | None:
        """The code that an error response carries, in whatever shape, else None."""
        return error_code(self.response_body) if self.status >= _ERROR else None

    def repeated_exchange(self) -> RepeatedExchange:
        """Return what a request that is answered alike shares with this one."""
        headers = self.raw_request_headers
        own_bytes = header_bytes(headers) + _HEADER_BYTES * len(headers)
        return RepeatedExchange(
            operation=self.operation,
            shared=self[_OWN:-_STATES],
            size_bytes=self.size_bytes - own_bytes,
        )


_ERROR = 400

_OWN = Entry._fields.index("at")
"""How many of the first fields of an entry are its own."""

_STATES = 2
"""How many of the last fields are states, which must not be kept alive."""


class RepeatedExchange(NamedTuple):
    """What the entries of requests share that are answered alike in the same state."""

    operation: str
    shared: tuple[Any, ...]
    """The fields of `Entry` between its own and its states."""
    size_bytes: int
    """What the fields count, the headers of the request left out."""


def error_code(body: bytes) -> str | None:
    """Return the code in the body of an error response, or None where there is none."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(value, dict):
        return None
    inner = value.get("error") or value.get("detail") or value
    code = inner.get("error_code") or inner.get("code") if isinstance(inner, dict) else None
    return code if isinstance(code, str) else None


def header_bytes(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """Return the bytes of the names and values of headers."""
    return sum(map(len, chain.from_iterable(headers)))


def size_bytes(
    headers: Collection[tuple[bytes, bytes]],
    *,
    request_body: bytes,
    response_body: bytes,
    path: str,
    query: str,
    writes: int,
) -> int:
    """Return what an entry counts against the journal's bound; `headers` are those of the request
    and the response.
    """
    return (
        len(request_body)
        + len(response_body)
        + header_bytes(headers)
        + _text_bytes(path)
        + _text_bytes(query)
        + _ENTRY_BYTES
        + _HEADER_BYTES * len(headers)
        + _WRITE_BYTES * writes
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

    def repeat(
        self,
        exchange: RepeatedExchange,
        *,
        state: State,
        machine_at: Instant,
        client: str | None,
        headers: tuple[tuple[bytes, bytes], ...],
        header_bytes: int,
    ) -> None:
        """Append the entry of a request that is answered like one before, in the same state."""
        size = exchange.size_bytes + header_bytes + _HEADER_BYTES * len(headers)
        own = (self._last_id + 1, machine_at, client, headers, size)
        self.add(Entry._make((*own, *exchange.shared, state, state)))

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
