"""Response headers of the emulator: which instance, world and state a response comes from."""

from __future__ import annotations

from emulator import __version__
from emulator.wire.http.asgi import RawResponse
from emulator.wire.http.headers import INSTANCE_HEADER, STATE_HEADER, WORLD_HEADER
from emulator.wire.http.incoming_request import IncomingRequest
from emulator.wire.world_address import COOKIE
from emulator.world.core.world import World

_STATE, _WORLD, _INSTANCE = (
    name.lower().encode() for name in (STATE_HEADER, WORLD_HEADER, INSTANCE_HEADER)
)
_VARY = (b"vary", b"Origin")
"""What CORS adds to every response; a request without an Origin does not pass through CORS."""

_NO_WORLD = f"{COOKIE}=; Max-Age=0; Path=/".encode()
"""Deletes the cookie of a world that does not exist, so that a browser is not refused for good."""


class ResponseHeaders:
    """Adds the emulator's headers to responses."""

    def __init__(self, instance: str) -> None:
        self._instance = (_INSTANCE, f"worldflux-emulator/{__version__}/{instance}".encode())

    def of_world(self, world: World | None) -> list[tuple[bytes, bytes]]:
        """Return the headers that name the state and the world, if there is any, and the
        instance.
        """
        if world is None:
            return [self._instance]
        return [
            (_STATE, str(world.state.digest).encode()),
            (_WORLD, world.name.encode()),
            self._instance,
        ]

    def sign(self, response: RawResponse, request: IncomingRequest, world: World) -> None:
        """Add the headers to the response of a world."""
        response.headers += self.of_world(world)
        if "origin" not in request.headers:
            response.headers.append(_VARY)

    def sign_refusal(self, response: RawResponse, *, deletes_cookie: bool) -> None:
        """Add the headers to the response to a request that reached no world."""
        response.headers.append(self._instance)
        if deletes_cookie:
            response.headers.append((b"set-cookie", _NO_WORLD))
