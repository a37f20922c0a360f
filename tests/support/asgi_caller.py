"""The emulator called as ASGI, without a client library: for tests that make calls by thousands."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from starlette.types import ASGIApp, Message


class Quick:
    """A caller of an app, on an event loop of its own."""

    def __init__(self, app: ASGIApp) -> None:
        """Call `app`."""
        self._app = app
        self._loop = asyncio.new_event_loop()
        self.content = b""
        """The body of the last answer."""

    def close(self) -> None:
        """End the loop."""
        self._loop.close()

    def call(self, method: str, path: str, body: Any = None, *, bearer: str = "") -> int:
        """Make a call with a JSON body and return the status."""
        sent: list[int] = []
        path, _, query = path.partition("?")
        authorization = [(b"authorization", f"Bearer {bearer}".encode())] if bearer else []
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [
                (b"host", b"localhost"),
                (b"content-type", b"application/json"),
                *authorization,
            ],
            "client": ("127.0.0.1", 1),
            "server": None,
        }
        content = b"" if body is None else orjson.dumps(body)

        async def receive() -> Message:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent.append(message["status"])
            else:
                self.content = message["body"]

        self._loop.run_until_complete(self._app(scope, receive, send))
        return sent[0]
