"""Answers of GETs, given again without running the surface for as long as their state stands."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from emulator.transport import Answer
from emulator.wire.exchange import Exchange
from emulator.world.access import Actor
from emulator.world.world import World

ANSWERS_MAX = 1_000
CONTENT_MAX = 64 * 2**10
"""Bytes. Both together bound what is kept to 64 MiB; a page of 50 runs takes 30 kB."""

_OK = 200


class Remembered:
    """What GETs answered, by the identity of the state they read and by all that a surface sees.

    Reads are pure, so an answer holds until a write changes the state, and holds again after a
    reset to that state. The least recently used goes first.
    """

    def __init__(self) -> None:
        self._answers: OrderedDict[Any, tuple[Answer, Actor | None]] = OrderedDict()

    def find(self, exchange: Exchange, scope: dict[str, Any]) -> Answer | None:
        """Return what this GET without a body answered in this state, or None."""
        key = _key(exchange, scope)
        found = self._answers.get(key)
        if found is None:
            return None
        self._answers.move_to_end(key)
        answer, exchange.actor = found
        exchange.is_remembered = True
        return _copy(answer)

    def forget(self, world: World) -> None:
        """Drop what a world answered, as the purge of a user asks."""
        for key in [key for key in self._answers if key[1] == world.name]:
            del self._answers[key]

    def keep(self, exchange: Exchange, scope: dict[str, Any], answer: Answer) -> None:
        """Remember the answer of a GET without a body, if it only read."""
        is_read = exchange.world.state is exchange.before and not exchange.commits
        if not is_read or answer.status != _OK or len(answer.content) > CONTENT_MAX:
            return
        self._answers[_key(exchange, scope)] = (_copy(answer), exchange.actor)
        if len(self._answers) > ANSWERS_MAX:
            self._answers.popitem(last=False)


def _key(exchange: Exchange, scope: dict[str, Any]) -> Any:
    # The state itself, not its id: an entry keeps its state from being replaced at its address.
    return (
        exchange.world.state,
        exchange.world.name,
        scope["path"],
        scope["query_string"],
        tuple(scope["headers"]),
    )


def _copy(answer: Answer) -> Answer:
    return Answer(status=answer.status, headers=[*answer.headers], content=answer.content)
