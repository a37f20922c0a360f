"""One request as the surfaces see it: the world it reached, the settings, who asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from starlette.requests import HTTPConnection
from starlette.responses import Response

from emulator.settings import Settings
from emulator.world.core.access import UNKNOWN, Actor, Source
from emulator.world.core.world import State, World
from emulator.world.records.types import Instant

if TYPE_CHECKING:
    from emulator.webhooks.dispatcher import WebhookDispatcher

KEY = "emulator.exchange"
"""Where the exchange lies in an ASGI scope."""


@dataclass(slots=True)
class RequestContext:
    """What the outermost layer knows of a request, and what the surfaces tell it back."""

    world: World
    settings: Settings
    actor: Actor | None = None
    source: Source = UNKNOWN
    """Where it came from, for the audit log."""

    machine_at: Instant = 0
    """The machine's time when it came, by which the signatures of webhooks are judged."""

    before: State | None = None
    """What a refusal puts back."""

    poll_seconds: float = 0
    """How long a control call may be asked again until the state has what it waits for."""

    awaits_deliveries: bool = False
    """Whether the answer waits until nothing is on its way to webhooks; some seconds at most."""

    when_settled: Callable[[WebhookDispatcher], Response] | None = None
    """What makes the answer then, as it can say what has been delivered and what has not."""

    oversize_of: int | None = None
    """The limit in bytes that the body passed; the body is then empty here."""

    operation: str = ""
    """What the request asks for: the operationId upstream, elsewhere method and path."""

    is_remembered: bool = False
    """Set where the answer is given again from memory, so that nothing in it is new."""

    commits: bool = False
    """Set where an answer of 400 or more is meant to keep what was written."""


def context_of(connection: HTTPConnection) -> RequestContext:
    """Return the exchange of a request."""
    return cast(RequestContext, connection.scope[KEY])


def world_and_actor(connection: HTTPConnection) -> tuple[World, Actor]:
    """Return the world and the actor of a request whose route has authenticated it."""
    context = context_of(connection)
    assert context.actor is not None
    return context.world, context.actor
