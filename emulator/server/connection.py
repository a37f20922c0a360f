"""One client's connection: uvicorn's HTTP/1.1, with the cases it leaves open closed.

What cannot be read as a request is refused in the shape of the surface that its path belongs to,
an upgrade is ignored, and whoever waits for an answer learns when its client has gone.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any, cast
from urllib.parse import unquote

import httptools
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from emulator.wire.http.asgi import GIVEN_UP, HEAD_MAX, MALFORMED, RawResponse, call_app, too_large

LINGER_SECONDS = 5
"""How long a client may go on sending after it was refused. Closing at once would reset the
connection, and the client would never read the refusal."""

_ABSOLUTE = re.compile(rb"https?://([^/?#]*)([^#]*)", re.IGNORECASE)


class Connection(HttpToolsProtocol):
    """A connection of a client."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.url = b""
        self.headers = []
        self._given_up = asyncio.Event()
        self._running: RequestResponseCycle | None = None
        self._is_in_head = self._is_in_body = False
        self._head_bytes = 0
        """Of the head that is being read, without the chunk of bytes in which it began."""
        self._is_over = False
        """Whether no further request is read."""
        self._upgrade: bytes | None = None
        """The upgrade that the request being read asked for and does not get."""

    # What comes in

    def data_received(self, data: bytes) -> None:
        """Read requests. What follows the last of them is read and dropped."""
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
                    self._refuse(400, "CONNECT is for proxies; send the request itself.")
                    return
                data = self._head_without_upgrade() + data[upgrade.args[0] :]
            except httptools.HttpParserCallbackError:
                self._refuse(400, "The request's target is not a URL.")
                return
            except httptools.HttpParserError as error:
                self._refuse(400, f"The request cannot be read as HTTP/1.1: {error}.")
                return
            else:
                break
        if self._is_in_head and self._head_bytes > HEAD_MAX:
            self._refuse(*(too_large(b"") if self.headers else too_large(self.url)))

    def on_message_begin(self) -> None:
        """Begin to read a request."""
        super().on_message_begin()
        cast(Scope, self.scope)[GIVEN_UP] = self._given_up
        self._is_in_head, self._head_bytes = True, 0

    def on_headers_complete(self) -> None:
        """Start a request whose head is read, unless it is to be read again without its upgrade."""
        self._is_in_head = False
        if self.parser.should_upgrade():
            return
        if self._upgrade is not None:
            self.headers.append((b"upgrade", self._upgrade))
            self._upgrade = None
        if len(self.url) > HEAD_MAX:
            # Shortened for the parser of URLs, which can take no more; the path shows the surface.
            cast(Scope, self.scope)[MALFORMED] = too_large(self.url)
            self.url = self.url[:1024]
        if not self.url.startswith(b"/"):
            self._read_target()
        super().on_headers_complete()
        self._is_in_body = True

    def on_message_complete(self) -> None:
        """End a request's body."""
        self._is_in_body = False
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def _head_without_upgrade(self) -> bytes:
        """Return the head that was just read as if it asked for no upgrade.

        An upgrade may be ignored (RFC 9110, 7.8), but the parser takes what follows the head for
        the other protocol's, so that the body of such a request would be lost.
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
        """Take the path out of a target that does not begin with it.

        The authority of an absolute target stands for the Host header (RFC 9112, 3.2.2), so that
        the guards see it.
        """
        absolute = _ABSOLUTE.fullmatch(self.url)
        if absolute is None:
            said = self.url.decode("latin-1")
            refusal = 400, f"The target {said!r} is not a path; send one that begins with '/'."
            cast(Scope, self.scope)[MALFORMED] = refusal
            self.url = b"/"
            return
        authority, rest = absolute.groups()
        self.headers[:] = [one for one in self.headers if one[0] != b"host"]
        self.headers.append((b"host", authority))
        self.url = rest if rest.startswith(b"/") else b"/" + rest

    # Refusing

    def _refuse(self, status: int, message: str) -> None:
        """Answer what is no request, then close. While an earlier request is being answered,
        nothing can be said but its answer.
        """
        is_answered = self._is_in_body and self.cycle.response_complete
        self._end()
        if self._is_busy():
            return
        if is_answered:
            self.transport.close()
            return
        answer = call_app(self.app, self._refused_scope(status, message), b"")
        self.transport.write(self._head_of(answer) + answer.content)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()
        self.timeout_keep_alive_task = self.loop.call_later(
            LINGER_SECONDS, self.timeout_keep_alive_handler
        )

    def _refused_scope(self, status: int, message: str) -> dict[str, Any]:
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

    def _head_of(self, answer: RawResponse) -> bytes:
        headers = [*self.server_state.default_headers, *answer.headers, (b"connection", b"close")]
        lines = [b"%b: %b\r\n" % header for header in headers]
        return b"".join([STATUS_LINE[answer.status], *lines, b"\r\n"])

    # Answering

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _is_busy(self) -> bool:
        """Tell whether a request is being answered to somebody."""
        running = self._running
        return running is not None and not (running.response_complete or running.disconnected)

    def on_response_complete(self) -> None:
        """Go on to the next request that was read. No more are read while one waits, or a client
        that sends without reading would fill the memory.
        """
        super().on_response_complete()
        if self.pipeline:
            self.flow.pause_reading()
        elif self._is_over and not self._is_busy():
            self.transport.close()

    # Ending

    def _end(self) -> None:
        """Read no further request, and drop the one whose body is not whole."""
        self._is_over = True
        cycle = self.cycle
        if cycle is None or cycle.response_complete or not cycle.more_body:
            return
        _give_up(cycle)
        if self.pipeline and self.pipeline[0][0] is cycle:
            self.pipeline.popleft()

    def eof_received(self) -> bool:  # type: ignore[override]
        """End with the client: return whether a whole request of it is still to be answered.

        Assumed: a client that sends no more may have gone altogether, which looks the same. So
        what is done is answered, and nothing is waited for.
        """
        self._given_up.set()
        self._end()
        return self._is_busy()

    def connection_lost(self, exc: Exception | None) -> None:
        """End what waits for this client."""
        self._given_up.set()
        super().connection_lost(exc)
        if self._running is not None and not self._running.response_complete:
            _give_up(self._running)

    def shutdown(self) -> None:
        """End with the server: answer what waits at once, drop what is half sent or not read."""
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


def _give_up(cycle: RequestResponseCycle) -> None:
    """Have a request's handler see that its client has gone."""
    cycle.disconnected = True
    cycle.message_event.set()
