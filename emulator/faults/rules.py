"""Faults that tests put where they want them: on the first N matching calls, or every nth.

Never a probability: the same calls meet the same faults. What is armed in a world, with its
counts, is a value, so that a rewind puts it back as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from emulator.wire.path_patterns import path_fits


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """A call as faults see it; `actors` are the ids and the address of whoever makes it."""

    surface: str
    operation: str
    method: str
    path: str
    actors: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMatcher:
    """Which calls a fault is for; what is None matches everything. Paths may hold `*` for anything
    and `{name}`, as route tables write it, for one segment.

    `times` hits that many of the first matching calls, `nth` every nth of them.
    """

    surface: str | None = None
    operation: str | None = None
    method: str | None = None
    path: str | None = None
    actor: str | None = None
    times: int | None = None
    nth: int | None = None

    def fits(self, call: RequestFacts) -> bool:
        """Tell whether a call is one of these; the count is not looked at."""
        return (
            self.surface in (None, call.surface)
            and self.operation in (None, call.operation)
            and self.method in (None, call.method)
            and (self.path is None or path_fits(self.path, call.path))
            and (self.actor is None or self.actor in call.actors)
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


NO_FAULT = Then()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An armed fault and how often it was met: `seen` calls matched, `hits` were hit."""

    id: str
    match: RequestMatcher
    then: Then
    seen: int = 0
    hits: int = 0

    def met(self) -> Fault:
        """Return the fault after one more call that matches; `hits` has grown if it is hit."""
        seen = self.seen + 1
        times, nth = self.match.times, self.match.nth
        is_spent = times is not None and self.hits >= times
        is_hit = not is_spent and (nth is None or seen % nth == 0)
        return replace(self, seen=seen, hits=self.hits + is_hit)


@dataclass(frozen=True, slots=True)
class FaultSet:
    """The faults of a world in the order of arming, and how many there ever were."""

    faults: tuple[Fault, ...] = field(default=())
    made: int = 0

    def arm(self, match: RequestMatcher, then: Then) -> tuple[FaultSet, Fault]:
        """Return what is armed with one fault more, and that fault."""
        fault = Fault(id=f"fault-{self.made + 1}", match=match, then=then)
        return FaultSet((*self.faults, fault), self.made + 1), fault

    def disarm(self, fault_id: str | None = None) -> FaultSet:
        """Return what is armed without the fault of that id, or without any."""
        kept = tuple(one for one in self.faults if fault_id not in (None, one.id))
        return FaultSet(kept, self.made)

    def strike(self, call: RequestFacts) -> tuple[FaultSet, Fault | None]:
        """Return what is armed after a call, and the first fault that hits it."""
        faults = list(self.faults)
        for place, fault in enumerate(faults):
            if not fault.match.fits(call):
                continue
            faults[place] = after = fault.met()
            if after.hits > fault.hits:
                return FaultSet(tuple(faults), self.made), after
        return FaultSet(tuple(faults), self.made), None
