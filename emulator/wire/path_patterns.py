"""Patterns of paths, matched in linear time: `*` stands for anything, `{name}` for one segment.

A pattern is an automaton whose rows are made as paths need them. A regular expression would
backtrack, and a request of a few stars would hold the process for minutes.
"""

from __future__ import annotations

import re
from functools import lru_cache

PATTERN_MAX = 1_000
"""Characters of a pattern. Each costs a bit in every step of a match."""

_STEPS_MAX = 2_000
"""How many steps of one pattern are remembered."""

_PLACES = re.compile(r"(\*+|\{[^{}]*\})")


def path_fits(pattern: str, path: str) -> bool:
    """Tell whether a pattern matches a whole path."""
    return _compiled(pattern).matches(path)


class _Row(dict[str, "_Row"]):
    """The positions in the pattern that are reached by what was read, one bit each, and the row
    that each next character leads to.
    """

    def __init__(self, glob: _Glob, positions: int) -> None:
        super().__init__()
        self.positions = positions
        self._glob = glob

    def __missing__(self, character: str) -> _Row:
        row = self[character] = self._glob.step(self.positions, character)
        return row


class _Glob:
    """A compiled pattern. Position n is reached when the first n of its parts are matched."""

    def __init__(self, pattern: str) -> None:
        self._literals: dict[str, int] = {}
        """By character, the positions where the pattern continues with it."""
        self._stars = 0
        self._segments = 0
        self._rows: dict[int, _Row] = {}
        self._steps = 0
        position = 1
        for place, part in enumerate(_PLACES.split(pattern)):
            if place % 2 == 0:
                for character in part:
                    self._literals[character] = self._literals.get(character, 0) | position
                    position <<= 1
            else:
                if part.startswith("*"):
                    self._stars |= position
                else:
                    self._segments |= position
                position <<= 1
        self._end = position
        self._first = self._row(1)

    def matches(self, path: str) -> bool:
        """Tell whether the pattern matches a whole path."""
        row = self._first
        for character in path:
            row = row[character]
        return row.positions & self._end != 0

    def step(self, positions: int, character: str) -> _Row:
        """Return the row that is reached from some positions by one character."""
        reached = (positions & self._literals.get(character, 0)) << 1
        reached |= positions & self._stars
        if character != "/":
            # A segment begins here, or goes on.
            reached |= (positions & self._segments) << 1
            reached |= positions & (self._segments << 1)
        self._steps += 1
        if self._steps > _STEPS_MAX:
            self._forget()
        return self._row(reached)

    def _row(self, positions: int) -> _Row:
        # A star may stand for nothing. Whatever an earlier position could still match, the last
        # star that is reached can, too.
        positions |= (positions & self._stars) << 1
        if last := positions & self._stars:
            positions &= -1 << (last.bit_length() - 1)
        row = self._rows.get(positions)
        if row is None:
            row = self._rows[positions] = _Row(self, positions)
        return row

    def _forget(self) -> None:
        for row in self._rows.values():
            row.clear()
        self._rows = {self._first.positions: self._first}
        self._steps = 0


_compiled = lru_cache(maxsize=32)(_Glob)
