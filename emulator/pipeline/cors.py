"""CORS: lets pages of allowed origins read responses, and answers preflights."""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware
from starlette.types import Message, Receive, Scope, Send

from emulator.pipeline.pipeline import Pipeline
from emulator.settings import Settings
from emulator.wire.http.asgi import RAW_SEND
from emulator.wire.http.headers import INSTANCE_HEADER, STATE_HEADER, WORLD_HEADER
from emulator.wire.http.origins import LOOPBACK_ORIGIN

EXPOSED = (
    STATE_HEADER,
    WORLD_HEADER,
    INSTANCE_HEADER,
    "X-Supabase-Api-Version",
    "X-Total-Count",
    "Link",
    "Allow",
    "Retry-After",
)

_PREFLIGHT = b"access-control-request-method"
"""The header that makes an OPTIONS with an Origin a preflight."""


class Cors:
    """Passes requests with an Origin through Starlette's CORS, and all others straight on."""

    def __init__(self, pipeline: Pipeline, settings: Settings) -> None:
        self._pipeline = pipeline
        self._cors = CORSMiddleware(
            pipeline,
            allow_origins=settings.allowed_origins,
            allow_origin_regex=LOOPBACK_ORIGIN,
            allow_credentials=True,
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["*"],
            allow_private_network=True,
            expose_headers=EXPOSED,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        # A fault drops a connection by the server's own `send`, which middleware would wrap.
        scope = {**scope, RAW_SEND: send}
        headers = [name for name, _ in scope.get("headers", ())]
        if b"origin" not in headers:
            await self._pipeline(scope, receive, send)
        elif scope.get("method") == "OPTIONS" and _PREFLIGHT in headers:
            await self._cors(scope, receive, self._signing(scope, send))
        else:
            await self._cors(scope, receive, send)

    def _signing(self, scope: Scope, send: Send) -> Send:
        """Return a `send` that signs a preflight, which is answered before any world is found."""

        async def signed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = self._pipeline.preflight_headers(scope)
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        return signed
