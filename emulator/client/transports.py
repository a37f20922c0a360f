"""Two lines to an emulator: over HTTP to a server, and in process without a socket.

Standard library only, so that a command or a plugin costs nothing to import.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from threading import Thread
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

__tracebackhide__ = True  # what pytest shows of a failure ends in the test

TIMEOUT_SECONDS = 30.0


class UnreachableError(Exception):
    """No emulator answers there; the message is a sentence."""


class StrangerError(UnreachableError):
    """Something answers there that is no emulator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer: header names as they were sent, in order."""

    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes


class Transport(Protocol):
    """A way to an emulator; `url` is its origin."""

    url: str

    def send(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> Reply:
        """Make a request for a path with its query. Raises UnreachableError."""


class HttpTransport:
    """The line to a server. Proxies that the environment names are not asked."""

    def __init__(self, url: str) -> None:
        """Open no connection yet. Raises UnreachableError for what is no URL."""
        if not _is_url(url):
            raise UnreachableError(f"{url!r} is no URL; write it as http://localhost:8787.")
        self.url = url.rstrip("/")
        self._opener = OpenerDirector()
        for handler in (ProxyHandler({}), HTTPHandler(), HTTPSHandler()):
            # Without the handlers that follow redirects and raise for errors.
            self._opener.add_handler(handler)

    def send(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> Reply:
        """Make a request for a path with its query. Raises UnreachableError."""
        try:
            asked = Request(  # noqa: S310 - the opener knows HTTP alone
                self.url + target, method=method, headers=dict(headers), data=body or None
            )
            with self._opener.open(asked, timeout=timeout_seconds) as answer:
                return Reply(
                    status=answer.status, headers=tuple(answer.getheaders()), content=answer.read()
                )
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            reason = getattr(reason, "strerror", None) or reason
            raise UnreachableError(f"No emulator answers at {self.url}: {reason}.") from error


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


class InProcessTransport:
    """The line to an app in this process. It runs in a loop and a thread of its own, so that tests
    may be plain functions or coroutines of any loop.
    """

    def __init__(self, app: Any, url: str) -> None:
        self.url = url
        self._app = app
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="worldflux-emulator", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def send(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> Reply:
        """Make a request for a path with its query. Raises UnreachableError."""
        del timeout_seconds  # nothing can be lost on the way
        return self.pass_on(method, target, headers=tuple(headers.items()), body=body)

    def pass_on(
        self, method: str, target: str, *, headers: tuple[tuple[str, str], ...], body: bytes
    ) -> Reply:
        """Make a request with headers that may repeat. Raises UnreachableError for a connection
        that a fault dropped.
        """
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
            work = asyncio.run_coroutine_threadsafe(self._answer(scope, body), self._loop)
            return work.result()
        except ConnectionError as error:
            raise UnreachableError(f"The connection was closed: {error}.") from error

    def _headers(self, headers: tuple[tuple[str, str], ...]) -> list[tuple[bytes, bytes]]:
        sent = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
        ]
        if not any(name == b"host" for name, _ in sent):
            sent.append((b"host", urlsplit(self.url).netloc.encode("latin-1")))
        return sent

    async def _answer(self, scope: dict[str, Any], body: bytes) -> Reply:
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
        return Reply(
            status=start["status"],
            headers=tuple(
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in start["headers"]
            ),
            content=b"".join(parts),
        )
