"""Faults that tests put where they want them: on the first N matching calls, or every nth.

Never a probability: the same calls meet the same faults.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Which calls a fault is for; what is None matches everything. Paths may hold `*`.

    `times` hits that many of the first matching calls, `nth` every nth of them.
    """

    surface: str | None = None
    operation: str | None = None
    method: str | None = None
    path: str | None = None
    actor: str | None = None
    times: int | None = None
    nth: int | None = None

    def fits(
        self, *, surface: str, operation: str, method: str, path: str, actor: str | None
    ) -> bool:
        """Tell whether a call is one of these; the count is not looked at."""
        return (
            self.surface in (None, surface)
            and self.operation in (None, operation)
            and self.method in (None, method)
            and (self.path is None or fnmatchcase(path, self.path))
            and self.actor in (None, actor)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """What happens to a call that is hit, one of four; `is_recorded` notes a latency unslept."""

    status: int | None = None
    code: str | None = None
    message: str | None = None
    latency_ms: int | None = None
    is_recorded: bool = False
    drop: bool = False
    truncate_bytes: int | None = None


@dataclass(slots=True, kw_only=True)
class Fault:
    """An armed fault and how often it was met: `seen` calls matched, `hits` were hit."""

    id: str
    match: Match
    then: Then
    seen: int = 0
    hits: int = 0

    def strikes(self) -> bool:
        """Count a call that matches and tell whether it is hit."""
        self.seen += 1
        times, nth = self.match.times, self.match.nth
        if times is not None and self.hits >= times:
            return False
        if nth is not None and self.seen % nth:
            return False
        self.hits += 1
        return True
