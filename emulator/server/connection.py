"""Connection of a client: uvicorn's HTTP/1.1, with stricter handling of malformed requests.

A malformed request gets an error in the dialect of the surface that its path belongs to, an upgrade
is ignored, and a handler that waits learns when its client has disconnected.
"""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import Any, cast
from urllib.parse import unquote

import httptools
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from emulator.pipeline.response_cache import ResponseCache
from emulator.wire.http.asgi import (
    CACHE_KEY,
    GIVEN_UP,
    HEAD_MAX,
    MALFORMED,
    RawResponse,
    call_app,
    too_large,
)

LINGER_SECONDS = 5
"""How long a client may continue to send after an error. Closing at once would reset the connection
before the client reads the error.
"""

_ABSOLUTE = re.compile(rb"https?://([^/?#]*)([^#]*)", re.IGNORECASE)


class Connection(HttpToolsProtocol):
    """A connection of one client."""

    def __init__(self, *args: Any, cache: ResponseCache, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._cache = cache
        self.url = b""
        self.headers = []
        self._given_up = asyncio.Event()
        self._running: RequestResponseCycle | None = None
        self._is_in_head = self._is_in_body = False
        self._head_bytes = 0
        """The size of the head being read, without the chunk of bytes in which it started."""
        self._is_over = False
        """Whether the connection reads no further requests."""
        self._upgrade: bytes | None = None
        """The protocol that the request being read asked to upgrade to, which is ignored."""

    # Reading

    def data_received(self, data: bytes) -> None:
        """Read requests. Bytes after the last request are discarded."""
        if self._is_over:
            return
        self._unset_keepalive_if_required()
        if self._is_in_head:
            self._head_bytes += len(data)
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                if self.parser.get_method() == b"CONNECT":
                    self._reject(400, "CONNECT is for proxies; send the request directly.")
                    return
                data = self._head_without_upgrade() + data[upgrade.args[0] :]
            except httptools.HttpParserCallbackError:
                self._reject(400, "The request's target is not a URL.")
                return
            except httptools.HttpParserError as error:
                self._reject(400, f"The request cannot be read as HTTP/1.1: {error}.")
                return
            else:
                break
        if self._is_in_head and self._head_bytes > HEAD_MAX:
            self._reject(*(too_large(b"") if self.headers else too_large(self.url)))

    def on_message_begin(self) -> None:
        """Start to read a request."""
        super().on_message_begin()
        cast(Scope, self.scope)[GIVEN_UP] = self._given_up
        self._is_in_head, self._head_bytes = True, 0

    def on_headers_complete(self) -> None:
        """Start the request, unless its head must be parsed again without the upgrade."""
        self._is_in_head = False
        if self.parser.should_upgrade():
            return
        if self._upgrade is not None:
            self.headers.append((b"upgrade", self._upgrade))
            self._upgrade = None
        if len(self.url) > HEAD_MAX:
            # Shortened for the URL parser, which has a limit; the path still shows the surface.
            cast(Scope, self.scope)[MALFORMED] = too_large(self.url)
            self.url = self.url[:1024]
        if not self.url.startswith(b"/"):
            self._read_target()
        if not self._is_answered_from_cache():
            super().on_headers_complete()
            self._is_in_body = True

    def on_message_complete(self) -> None:
        """End a request's body."""
        self._is_in_body = False
        # There is no cycle before the first request that is not answered from the cache.
        if self.cycle is not None and not self.parser.should_upgrade():
            super().on_message_complete()

    def _is_answered_from_cache(self) -> bool:
        """Answer a GET whose response is cached, and return whether it was.

        Measured: a call of the app in a task of its own, with nothing to do, takes twice as long.
        """
        scope, parser, cycle = cast(Scope, self.scope), self.parser, self.cycle
        if parser.get_method() != b"GET" or MALFORMED in scope or self.flow.write_paused:
            return False
        if cycle is not None and not cycle.response_complete:
            return False
        if parser.get_http_version() != "1.1" or not parser.should_keep_alive():
            return False
        server, client = self.server, self.client
        key = self._cache.key_of(self.url, port=server and server[1], headers=self.headers)
        wire = self._cache.repeat(key, client=client and client[0], headers=self.headers)
        if wire is None:
            scope[CACHE_KEY] = key
            return False
        lines = [b"%b: %b\r\n" % header for header in self.server_state.default_headers]
        self.transport.write(b"".join([STATUS_LINE[200], *lines, wire]))
        self.on_response_complete()
        return True

    def _head_without_upgrade(self) -> bytes:
        """Return the head that was just read, without its upgrade.

        An upgrade may be ignored (RFC 9110, 7.8), but the parser attributes the bytes after the
        head to the other protocol, so the body of such a request would be lost.
        """
        version = self.parser.get_http_version().encode()
        lines = [self.parser.get_method(), b" ", self.url, b" HTTP/", version, b"\r\n"]
        for name, value in self.headers:
            if name == b"upgrade":
                self._upgrade = value
            else:
                lines += [name, b": ", value, b"\r\n"]
        return b"".join([*lines, b"\r\n"])

    def _read_target(self) -> None:
        """Extract the path from a target that does not start with it.

        The authority of an absolute target replaces the Host header (RFC 9112, 3.2.2), so that the
        host guard checks it.
        """
        absolute = _ABSOLUTE.fullmatch(self.url)
        if absolute is None:
            target = self.url.decode("latin-1")
            message = f"The target {target!r} is not a path; send one that begins with '/'."
            cast(Scope, self.scope)[MALFORMED] = 400, message
            self.url = b"/"
            return
        authority, rest = absolute.groups()
        self.headers[:] = [header for header in self.headers if header[0] != b"host"]
        self.headers.append((b"host", authority))
        self.url = rest if rest.startswith(b"/") else b"/" + rest

    # Rejecting

    def _reject(self, status: int, message: str) -> None:
        """Respond to a malformed request with an error, then close the connection.

        While an earlier request is in progress, only its response is sent.
        """
        has_responded = self._is_in_body and self.cycle.response_complete
        self._end()
        if self._is_busy():
            return
        if has_responded:
            self.transport.close()
            return
        response = call_app(self.app, self._rejected_scope(status, message), b"")
        self.transport.write(self._head(response) + response.content)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()
        self.timeout_keep_alive_task = self.loop.call_later(
            LINGER_SECONDS, self.timeout_keep_alive_handler
        )

    def _rejected_scope(self, status: int, message: str) -> dict[str, Any]:
        target = self.url.partition(b"?")[0].decode("latin-1")
        return {
            "type": "http",
            "http_version": "1.1",
            "method": self.parser.get_method().decode("ascii"),
            "scheme": "http",
            "path": unquote(target) if target.startswith("/") else "/",
            "query_string": b"",
            "root_path": "",
            "headers": [],
            "client": self.client,
            "server": self.server,
            MALFORMED: (status, message),
        }

    def _head(self, response: RawResponse) -> bytes:
        headers = [*self.server_state.default_headers, *response.headers, (b"connection", b"close")]
        lines = [b"%b: %b\r\n" % header for header in headers]
        return b"".join([STATUS_LINE[response.status], *lines, b"\r\n"])

    # Responding

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _is_busy(self) -> bool:
        """Return whether a request is in progress whose client is still connected."""
        running = self._running
        return running is not None and not (running.response_complete or running.disconnected)

    def on_response_complete(self) -> None:
        """Continue with the next pipelined request.

        Reading pauses while a request is queued; otherwise a client that sends without reading
        would fill the memory.
        """
        super().on_response_complete()
        if self.pipeline:
            self.flow.pause_reading()
        elif self._is_over and not self._is_busy():
            self.transport.close()

    # Closing

    def _end(self) -> None:
        """Read no further requests, and drop a request whose body is incomplete."""
        self._is_over = True
        cycle = self.cycle
        if cycle is None or cycle.response_complete or not cycle.more_body:
            return
        _mark_disconnected(cycle)
        if self.pipeline and self.pipeline[0][0] is cycle:
            self.pipeline.popleft()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Close with the client, and return whether a complete request is still in progress.

        Assumed: a client that closes its sending side may have disconnected altogether, which looks
        the same; so requests in progress are completed without waiting.
        """
        self._given_up.set()
        self._end()
        return self._is_busy()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the requests that wait for this client."""
        self._given_up.set()
        super().connection_lost(exc)
        if self._running is not None and not self._running.response_complete:
            _mark_disconnected(self._running)

    def shutdown(self) -> None:
        """Close with the server: complete waiting requests at once, and drop stuck requests."""
        self._given_up.set()
        running = self._running
        is_stuck = running is not None and (running.response_started or self.flow.write_paused)
        if self._is_over or (self._is_busy() and is_stuck):
            self.transport.abort()
            return
        self._end()
        if self._is_busy():
            self.cycle.keep_alive = False
        else:
            self.transport.close()


def connection_class(cache: ResponseCache) -> type[asyncio.Protocol]:
    """Return what makes the connections of a server, for uvicorn's option `http`."""
    return cast(type[asyncio.Protocol], partial(Connection, cache=cache))


def _mark_disconnected(cycle: RequestResponseCycle) -> None:
    """Let a request's handler see that its client has disconnected."""
    cycle.disconnected = True
    cycle.message_event.set()
