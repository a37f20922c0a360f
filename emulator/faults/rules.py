"""Faults: effects that tests arm for the first N matching requests, or for every nth.

Never a probability: the same requests have the same effects. The faults of a world, with their
counts, are a value, so that a rewind restores them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from emulator.faults.effects import Effect
from emulator.wire.path_patterns import path_fits


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """A request as faults see it; `actors` are the ids and the e-mail address of its caller."""

    surface: str
    operation: str
    method: str
    path: str
    actors: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMatcher:
    """Which requests a fault is for; None matches everything. A path may hold `*` for anything and
    `{name}`, as route tables write it, for a segment.

    The effect applies to the first `times` matching requests, or to every `nth`.
    """

    surface: str | None = None
    operation: str | None = None
    method: str | None = None
    path: str | None = None
    actor: str | None = None
    times: int | None = None
    nth: int | None = None

    def matches(self, request: RequestFacts) -> bool:
        """Return whether a request matches, whatever the counts."""
        return (
            self.surface in (None, request.surface)
            and self.operation in (None, request.operation)
            and self.method in (None, request.method)
            and (self.path is None or path_fits(self.path, request.path))
            and (self.actor is None or self.actor in request.actors)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An armed fault and its counts: `seen` requests matched, its effect was applied to `hits`."""

    id: str
    match: RequestMatcher
    effect: Effect
    seen: int = 0
    hits: int = 0

    def counted(self) -> Fault:
        """Return the fault after another matching request; `hits` has grown if it applies."""
        seen = self.seen + 1
        times, nth = self.match.times, self.match.nth
        is_spent = times is not None and self.hits >= times
        applies = not is_spent and (nth is None or seen % nth == 0)
        return replace(self, seen=seen, hits=self.hits + applies)


@dataclass(frozen=True, slots=True)
class FaultSet:
    """The faults of a world in the order of arming, and how many were ever armed."""

    faults: tuple[Fault, ...] = field(default=())
    made: int = 0

    def arm(self, match: RequestMatcher, effect: Effect) -> tuple[FaultSet, Fault]:
        """Return the set with a new fault, and that fault."""
        fault = Fault(id=f"fault-{self.made + 1}", match=match, effect=effect)
        return FaultSet((*self.faults, fault), self.made + 1), fault

    def disarm(self, fault_id: str | None = None) -> FaultSet:
        """Return the set without the fault of that id, or without any."""
        left = tuple(fault for fault in self.faults if fault_id not in (None, fault.id))
        return FaultSet(left, self.made)

    def apply(self, request: RequestFacts) -> tuple[FaultSet, Fault | None]:
        """Return the set after a request, and the first fault that applies to it."""
        faults = list(self.faults)
        for place, fault in enumerate(faults):
            if not fault.match.matches(request):
                continue
            faults[place] = after = fault.counted()
            if after.hits > fault.hits:
                return FaultSet(tuple(faults), self.made), after
        return FaultSet(tuple(faults), self.made), None
