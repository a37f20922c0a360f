"""Episodes: drawn calls on a fresh emulator, and what broke, as a line that replays it.

An episode follows from its seed and its number, so `--only EPISODE:CALL` brings a failure back; one
that a few calls bring about is given as those calls, in one word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from starlette.types import ASGIApp

from emulator.app import operation_catalog
from emulator.registry.registry import WorldRegistry
from emulator.wire.world_address import without_prefix
from tests.fuzz.calls import Answer, Call, encoded
from tests.fuzz.grammar import Grammar
from tests.fuzz.laws import Breach, Snapshot, judge, snapshot
from tests.fuzz.scenes import SCENES, Scene
from tests.fuzz.station import HUNG, Station
from tests.support.integrity import assert_whole

CATALOG = operation_catalog()

EPISODE = 250
"""How many calls it has, at most."""

WORD_MAX = 3_000
"""Characters; calls that take more are told by their numbers."""

Wrap = Callable[[WorldRegistry, ASGIApp], ASGIApp]


def _as_it_is(_: WorldRegistry, app: ASGIApp) -> ASGIApp:
    return app


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A breach, where it came to light, and how to see it again."""

    breach: Breach
    call: Call
    status: int
    replay: str

    @property
    def kind(self) -> tuple[str, str, str]:
        """What makes two failures the same one."""
        if " at " in self.breach.what or self.call.is_cut:  # a bug is known by its place
            return self.breach.law, self.breach.what.partition(": ")[0], ""
        path = "/".join(part for part in self.call.path.split("/") if part.isalpha())
        return self.breach.law, self.breach.what[:40], f"{self.call.method} {path}"[:60]

    def __str__(self) -> str:
        target = self.call.target.decode("ascii", "replace")[:100]
        said = f"{self.call.method[:20]} {target} -> {self.status}"
        return f"FAIL {self.breach.law} ({self.breach.what}): {said}: {self.replay}"


@dataclass(slots=True)
class Findings:
    """What a run came across: how many calls and answers, and the first failure of each kind."""

    calls: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    operations: set[str] = field(default_factory=set)
    """Which of the route table were called."""
    failures: dict[tuple[str, str, str], Failure] = field(default_factory=dict)
    repeated: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add(self, failure: Failure) -> None:
        """Note a failure; one of a kind that is known only counts."""
        self.failures.setdefault(failure.kind, failure)
        self.repeated[failure.kind] += 1


@dataclass(slots=True)
class Episode:
    """One episode under way."""

    seed: int
    number: int
    wrap: Wrap = _as_it_is
    calls: list[Call] = field(default_factory=list)
    _worlds: WorldRegistry = field(init=False)

    @property
    def scene(self) -> Scene:
        """Where it is set."""
        return Random(f"{self.seed}:{self.number}:scene").choice(list(SCENES.values()))

    def run(self, size: int = EPISODE) -> Iterator[tuple[Call, Answer, list[Breach]]]:
        """Make that many calls and yield each with its answer and what it broke. An episode ends
        early where the emulator hung, which leaves it in no state to be judged by.
        """
        station = Station(self.scene, self.wrap)
        self._worlds = station.worlds
        grammar = Grammar(f"{self.seed}:{self.number}", station.worlds)
        try:
            before = snapshot(station.worlds)
            for place in range(size):
                call = grammar.opening(place) or grammar.draw()
                self.calls.append(call)
                answer, breaches, before = _made(station, call, before)
                if place + 1 == size:
                    breaches += whole(station)
                yield call, answer, breaches
                if answer.error == HUNG:
                    return
                grammar.learn(call, answer)
        finally:
            station.close()

    def operation_of(self, call: Call) -> set[str]:
        """Return the operation of the route table that a call was for, if it was for one."""
        path, _ = without_prefix(call.path)
        operation = CATALOG.at(call.method, path)
        return set() if operation is None else {operation.id}

    def replay_line(self, law: str, *, is_hung: bool) -> str:
        """Return the command that brings back what the last call broke."""
        place = f"{self.number}:{len(self.calls) - 1}"
        told = f"python -m tests.fuzz --seed {self.seed} --only {place}"
        if is_hung:
            return told  # to try what can be left out would take hours
        word = encoded(self.scene.name, minimal(self.scene, self.calls, law, wrap=self.wrap))
        if len(word) <= WORD_MAX:
            return f"python -m tests.fuzz --replay {word}"
        return told


def _made(station: Station, call: Call, before: Snapshot) -> tuple[Answer, list[Breach], Snapshot]:
    answer = station.send(call)
    breaches = judge(station.worlds, call, answer, before)
    while station.complaints:
        breaches.append(Breach(law="nothing breaks unseen", what=station.complaints.pop()))
    return answer, breaches, snapshot(station.worlds)


def whole(station: Station) -> list[Breach]:
    """Return where the digest or an index of a world is not that of its records."""
    try:
        for live in station.worlds.all():
            assert_whole(live.world)
    except AssertionError as error:
        return [Breach(law="worlds are whole", what=str(error)[:100] or "an index is off")]
    return []


def replayed(scene: Scene, calls: Sequence[Call], *, wrap: Wrap = _as_it_is) -> list[Breach]:
    """Make calls on a fresh emulator and return what the last one broke."""
    station = Station(scene, wrap)
    try:
        before, breaches = snapshot(station.worlds), list[Breach]()
        for call in calls:
            answer, breaches, before = _made(station, call, before)
            if answer.error == HUNG:
                break
        return breaches + (whole(station) if calls else [])
    finally:
        station.close()


def minimal(scene: Scene, calls: Sequence[Call], law: str, *, wrap: Wrap = _as_it_is) -> list[Call]:
    """Return few of the calls after which the last one still breaks a law: alone, or with what is
    left once halves, quarters and so on that do not matter are taken out.
    """
    *earlier, last = calls

    def breaks(some: Sequence[Call]) -> bool:
        return any(one.law == law for one in replayed(scene, [*some, last], wrap=wrap))

    if breaks([]):
        return [last]
    size = len(earlier) // 2
    while size:
        place = 0
        while place < len(earlier):
            fewer = [*earlier[:place], *earlier[place + size :]]
            if breaks(fewer):
                earlier = fewer
            else:
                place += size
        size //= 2
    return [*earlier, last]


def fuzz(
    seed: int, *, requests: int, wrap: Wrap = _as_it_is, on_failure: Callable[[Failure], None]
) -> Findings:
    """Draw and judge that many calls, an episode after another."""
    findings = Findings()
    number = 0
    while findings.calls < requests:
        episode = Episode(seed, number, wrap)
        for call, answer, breaches in episode.run(min(EPISODE, requests - findings.calls)):
            findings.calls += 1
            findings.statuses[answer.status] += 1
            findings.operations |= episode.operation_of(call)
            for breach in breaches:
                failure = Failure(breach=breach, call=call, status=answer.status, replay="")
                if failure.kind not in findings.failures:
                    line = episode.replay_line(breach.law, is_hung=answer.error == HUNG)
                    failure = Failure(breach=breach, call=call, status=answer.status, replay=line)
                    on_failure(failure)
                findings.add(failure)
        number += 1
    return findings
