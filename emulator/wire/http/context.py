"""Request context: what a handler knows of its request and returns besides its response."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from starlette.requests import HTTPConnection
from starlette.responses import Response

from emulator.settings import Settings
from emulator.world.core.access import UNKNOWN, Actor, Source
from emulator.world.core.world import State, World
from emulator.world.records.types import Instant

KEY = "emulator.context"
"""The key of the request context in an ASGI scope."""


@dataclass(slots=True)
class Outcome:
    """What a handler returns besides its response, by setting it."""

    actor: Actor | None = None
    """The caller, once authenticated."""

    keep_writes: bool = False
    """Whether a response of 400 or more leaves what was written."""

    wait_until_changed: float = 0
    """For how many seconds at most the response waits for the world to change; the request is then
    served again."""

    drain_webhooks: bool = False
    """Whether the response waits, for some seconds at most, until no webhook is pending."""

    respond_after_drain: Callable[[], Response] | None = None
    """What makes the response then, as it can list what was delivered and what was not."""

    saved_state: State | None = None
    """The state that a refusal restores, where it is not that from before the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """The world of a request, the settings, and the facts that the pipeline knows."""

    world: World
    settings: Settings
    operation: str = ""
    """The id of the operation: the operationId upstream, `METHOD /path` elsewhere."""

    source: Source = UNKNOWN
    """Where the request came from, for the audit log."""

    wall_time: Instant = 0
    """The machine's time at which it came, by which the signatures of webhooks are judged."""

    exceeded_limit_bytes: int | None = None
    """The limit that the body exceeded, or None; the body is then empty here."""

    outcome: Outcome = field(default_factory=Outcome)

    @property
    def actor(self) -> Actor | None:
        """The caller, once authenticated."""
        return self.outcome.actor

    def savepoint(self) -> None:
        """Make what was written so far survive a refusal."""
        self.outcome.saved_state = self.world.state


def context_of(connection: HTTPConnection) -> RequestContext:
    """Return the context of a request."""
    return cast(RequestContext, connection.scope[KEY])


def world_and_actor(connection: HTTPConnection) -> tuple[World, Actor]:
    """Return the world and the actor of a request whose route has authenticated it."""
    context = context_of(connection)
    actor = context.outcome.actor
    assert actor is not None
    return context.world, actor
