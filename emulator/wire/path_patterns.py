"""Path patterns, matched in linear time: `*` matches any text, `{name}` one path segment.

A pattern is a set of positions that are advanced together, one bit each. A regular expression
would backtrack: a pattern with a few stars could block the process for minutes.
"""

from __future__ import annotations

import re
from functools import lru_cache

PATTERN_MAX = 1_000
"""Characters of a pattern. Every character adds a bit to each step of a match."""

_WILDCARDS = re.compile(r"(\*+|\{[^{}]*\})")


def path_fits(pattern: str, path: str) -> bool:
    """Return whether a pattern matches a whole path."""
    return _compiled(pattern).matches(path)


class _Pattern:
    """A compiled pattern. Position n is reached when n parts behind its prefix are matched."""

    def __init__(self, pattern: str) -> None:
        self._prefix, *parts = _WILDCARDS.split(pattern)
        self._literals: dict[str, int] = {}
        """By character, the positions where the pattern continues with it."""
        self._stars = 0
        self._segments = 0
        position = 1
        for place, part in enumerate(parts):
            if place % 2 == 1:
                for character in part:
                    self._literals[character] = self._literals.get(character, 0) | position
                    position <<= 1
                continue
            if part.startswith("*"):
                self._stars |= position
            else:
                self._segments |= position
            position <<= 1
        self._end = position

    def matches(self, path: str) -> bool:
        """Return whether the pattern matches a whole path."""
        if not path.startswith(self._prefix):
            return False
        positions = self._past_stars(1)
        for character in path[len(self._prefix) :]:
            reached = (positions & self._literals.get(character, 0)) << 1
            reached |= positions & self._stars
            if character != "/":
                # A segment begins or continues.
                reached |= (positions & self._segments) << 1
                reached |= positions & (self._segments << 1)
            if reached == 0:
                return False
            positions = self._past_stars(reached)
        return positions & self._end != 0

    def _past_stars(self, positions: int) -> int:
        """Return the positions with those behind stars, which may match nothing.

        Positions before the last star that is reached are dropped: it can match what they can.
        """
        stars = positions & self._stars
        if stars:
            positions |= stars << 1
            positions &= -1 << ((positions & self._stars).bit_length() - 1)
        return positions


_compiled = lru_cache(maxsize=32)(_Pattern)
