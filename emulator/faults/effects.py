"""Effects of faults: what fault injection does to a request, one class for each kind.

The fields of these classes are the members of `then` in control's API, the options of the command
`faults arm` and the arguments of the test kits.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal

from starlette.types import Receive, Scope, Send

from emulator.faults.claimed_quota import claimed_quota
from emulator.faults.connection import drop, send_part
from emulator.wire.http.asgi import GIVEN_UP, RawResponse, send_whole, until_given_up
from emulator.wire.http.codes import Code, InjectedError, code_of
from emulator.world.core.world import World


@dataclass(frozen=True, slots=True)
class NoEffect:
    """Nothing: the response is sent as it is."""

    async def send(self, response: RawResponse, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        await send_whole(send, response)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorResponse:
    """An error in the shape of the surface, which is not called."""

    status: int
    code: str | None = None
    message: str | None = None

    def refusal(self, world: World) -> InjectedError:
        """Return the error; a `quota_exceeded` states plausible facts about the world's quota."""
        is_quota = (self.code or code_of(self.status)) == Code.QUOTA_EXCEEDED
        claimed = claimed_quota(world) if is_quota else None
        return InjectedError(self.status, self.code, self.message, claimed=claimed)

    async def send(self, response: RawResponse, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, which is the error."""
        await send_whole(send, response)


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """A delay of the response; `recorded` notes it in the journal without waiting."""

    latency_ms: int
    recorded: bool = False

    async def send(self, response: RawResponse, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait, unless the client goes away, and send the response."""
        if not self.recorded:
            await until_given_up(scope.get(GIVEN_UP), asyncio.sleep(self.latency_ms / 1000))
        await send_whole(send, response)


@dataclass(frozen=True, slots=True, kw_only=True)
class DropConnection:
    """A connection that is closed without a response, after the request took effect."""

    drop: Literal[True] = True

    async def send(self, response: RawResponse, scope: Scope, receive: Receive, send: Send) -> None:
        """Close the connection."""
        await drop(scope, receive)


@dataclass(frozen=True, slots=True, kw_only=True)
class TruncateBody:
    """A response whose body is cut off after some bytes."""

    truncate_bytes: int

    async def send(self, response: RawResponse, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head of the response and the first bytes of its body."""
        await send_part(scope, receive, send, response, size=self.truncate_bytes)


Effect = NoEffect | ErrorResponse | Latency | DropConnection | TruncateBody

EFFECTS = (ErrorResponse, Latency, DropConnection, TruncateBody)
"""The kinds of effect that a fault can have."""

NO_EFFECT = NoEffect()
