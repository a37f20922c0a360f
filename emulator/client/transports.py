"""Transports to an emulator: over HTTP to a server, and in process without a socket.

Imports the standard library alone, so that commands and the pytest plugin start fast.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException
from threading import Thread
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

__tracebackhide__ = True  # pytest's traceback of a failure ends in the test

TIMEOUT_SECONDS = 30.0


class UnreachableError(Exception):
    """No emulator can be reached at a URL; the message is a sentence."""


class NotAnEmulatorError(UnreachableError):
    """The server at a URL is not an emulator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An HTTP response, its headers in the order and spelling in which they were sent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes


class Transport(Protocol):
    """Sends requests to an emulator; `url` is its origin."""

    url: str

    def request(
        self,
        method: str,
        target: str,
        *,
        headers: Sequence[tuple[str, str]],
        body: bytes = b"",
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> Response:
        """Send a request for a path and query. Raises UnreachableError."""


class HttpTransport:
    """Transport over HTTP to a server. Ignores the proxies that the environment names."""

    def __init__(self, url: str) -> None:
        """Check the URL, without connecting. Raises UnreachableError where it is invalid."""
        if not _is_url(url):
            raise UnreachableError(f"Invalid URL {url!r}; write it as http://localhost:8787.")
        # Imported here: 5 ms, which neither a server nor an app in process needs.
        from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler

        self.url = url.rstrip("/")
        self._opener = OpenerDirector()
        for handler in (ProxyHandler({}), HTTPHandler(), HTTPSHandler()):
            # Leaves out the handlers that follow redirects and raise for error statuses.
            self._opener.add_handler(handler)

    def request(
        self,
        method: str,
        target: str,
        *,
        headers: Sequence[tuple[str, str]],
        body: bytes = b"",
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> Response:
        """Send a request for a path and query. Raises UnreachableError."""
        from urllib.request import Request

        try:
            # A header that repeats would be lost here; the control client sends none.
            request = Request(  # noqa: S310 - the opener handles HTTP alone
                self.url + target, method=method, headers=dict(headers), data=body or None
            )
            with self._opener.open(request, timeout=timeout_seconds) as response:
                return Response(
                    status=response.status,
                    headers=tuple(response.getheaders()),
                    content=response.read(),
                )
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            reason = getattr(reason, "strerror", None) or reason
            raise UnreachableError(f"Cannot reach an emulator at {self.url}: {reason}.") from error


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


class InProcessTransport:
    """Transport to an app in this process.

    The app runs in an event loop and thread of its own, so that tests may be plain functions or
    coroutines of any event loop.
    """

    def __init__(self, app: Any, url: str) -> None:
        self.url = url
        self._app = app
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="worldflux-emulator", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the event loop and its thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def request(
        self,
        method: str,
        target: str,
        *,
        headers: Sequence[tuple[str, str]],
        body: bytes = b"",
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> Response:
        """Send a request for a path and query.

        Raises UnreachableError where a fault dropped the connection.
        """
        del timeout_seconds  # there is no network to wait for
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode("ascii"),
            "root_path": "",
            "query_string": query.encode("ascii"),
            "headers": self._headers(headers),
            "client": ("127.0.0.1", 0),
            "server": (urlsplit(self.url).hostname, urlsplit(self.url).port or 80),
        }
        try:
            future = asyncio.run_coroutine_threadsafe(self._run_app(scope, body), self._loop)
            return future.result()
        except ConnectionError as error:
            raise UnreachableError(f"The connection was closed: {error}.") from error

    def _headers(self, headers: Sequence[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
        sent = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
        ]
        if not any(name == b"host" for name, _ in sent):
            sent.append((b"host", urlsplit(self.url).netloc.encode("latin-1")))
        return sent

    async def _run_app(self, scope: dict[str, Any], body: bytes) -> Response:
        start: dict[str, Any] = {}
        parts: list[bytes] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        await self._app(scope, receive, send)
        return Response(
            status=start["status"],
            headers=tuple(
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in start["headers"]
            ),
            content=b"".join(parts),
        )
