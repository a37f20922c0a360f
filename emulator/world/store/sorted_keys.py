"""Sorted sequences of keys as values: an insert or removal returns a new sequence.

A sequence is a tuple of chunks, each a sorted tuple of keys, which the new sequence shares except
for one. A write copies one chunk and the outer tuple, and a page reads the chunks it lies in, so
both are independent of the length in practice. Most new keys sort last, so the last chunk stays
short.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

CHUNK = 512
"""Keys in a newly filled chunk; a chunk of more than twice as many is split."""

TAIL = 32
"""Keys in the last chunk before it is joined to the chunk before it. A write copies the chunk
(measured: with up to 512 keys in the last chunk, that took a fifth of creating a run).
"""

_REBUILT = 32
"""The keys of a sequence for each key added, up to which sorting all is faster than inserting."""

Key = tuple[int, int, str]
"""The order of every list: (`created_at`, `ordinal`, `id`)."""


def _last(chunk: tuple[Key, ...]) -> Key:
    return chunk[-1]


def _appended(chunks: tuple[tuple[Key, ...], ...], key: Key) -> tuple[tuple[Key, ...], ...]:
    if not chunks or len(chunks[-1]) < TAIL:
        return (*chunks[:-1], (*chunks[-1], key)) if chunks else ((key,),)
    if len(chunks) > 1 and len(chunks[-2]) + len(chunks[-1]) <= CHUNK:
        return (*chunks[:-2], chunks[-2] + chunks[-1], (key,))
    return (*chunks, (key,))


def _chunked(keys: tuple[Key, ...]) -> tuple[tuple[Key, ...], ...]:
    return tuple(keys[at : at + CHUNK] for at in range(0, len(keys), CHUNK))


class Ordered:
    """An immutable sorted sequence of distinct keys, oldest first."""

    __slots__ = ("_chunks", "_size")

    def __init__(self, chunks: tuple[tuple[Key, ...], ...] = (), size: int = 0) -> None:
        self._chunks = chunks
        self._size = size

    @classmethod
    def of(cls, keys: Iterable[Key]) -> Ordered:
        """Return the sequence of `keys`, which may come in any order."""
        ordered = tuple(sorted(keys))
        return cls(_chunked(ordered), len(ordered))

    def __len__(self) -> int:
        return self._size

    def insert(self, key: Key) -> Ordered:
        """Return the sequence with `key` in its place."""
        chunks = self._chunks
        at = bisect_left(chunks, key, key=_last)
        if at == len(chunks):
            return Ordered(_appended(chunks, key), self._size + 1)
        chunk = chunks[at]
        place = bisect_left(chunk, key)
        grown = (*chunk[:place], key, *chunk[place:])
        halves = (grown,) if len(grown) <= 2 * CHUNK else (grown[:CHUNK], grown[CHUNK:])
        return Ordered((*chunks[:at], *halves, *chunks[at + 1 :]), self._size + 1)

    def remove(self, key: Key) -> Ordered:
        """Return the sequence without `key`, which it must contain."""
        chunks = self._chunks
        at = bisect_left(chunks, key, key=_last)
        chunk = chunks[at]
        place = bisect_left(chunk, key)
        if chunk[place] != key:
            raise KeyError(key)
        rest = (*chunk[:place], *chunk[place + 1 :])
        rest_chunks = (rest,) if rest else ()
        return Ordered((*chunks[:at], *rest_chunks, *chunks[at + 1 :]), self._size - 1)

    def merge(self, keys: list[Key]) -> Ordered:
        """Return the sequence with `keys` added."""
        chunks, size = self._chunks, self._size + len(keys)
        if len(keys) > 1 and chunks and chunks[-1][-1] < min(keys):
            last = (*chunks[-1], *sorted(keys))
            return Ordered((*chunks[:-1], *_chunked(last)), size)
        if len(keys) * _REBUILT >= size:
            return Ordered.of([*self, *keys])
        grown = self
        for key in keys:
            grown = grown.insert(key)
        return grown

    def __iter__(self) -> Iterator[Key]:
        for chunk in self._chunks:
            yield from chunk

    def oldest(self) -> Key:
        """Return the first key; the sequence must not be empty."""
        return self._chunks[0][0]

    def count_from(self, key: Key) -> int:
        """Return the number of keys that do not sort below `key`, which may be missing."""
        chunks = self._chunks
        at = bisect_left(chunks, key, key=_last)
        if at == len(chunks):
            return 0
        return sum(map(len, chunks[at:])) - bisect_left(chunks[at], key)

    def newest(self, limit: int, *, before: Key | None = None) -> list[Key]:
        """Return up to `limit` keys, newest first, of those that sort below `before`."""
        chunks = self._chunks
        page: list[Key] = []
        at = len(chunks) - 1
        if before is not None and chunks:
            at = min(bisect_left(chunks, before, key=_last), len(chunks) - 1)
            page.extend(reversed(chunks[at][: bisect_left(chunks[at], before)]))
            at -= 1
        while at >= 0 and len(page) < limit:
            page.extend(reversed(chunks[at]))
            at -= 1
        return page[:limit]
