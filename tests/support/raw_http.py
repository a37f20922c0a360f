"""Raw TCP to a server, and waiting for what it does."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

DEADLINE_SECONDS = 30
_POLL_SECONDS = 0.02


def until(is_so: Callable[[], object], *, what: str) -> None:
    """Return once something is so; fail if it never is."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(_POLL_SECONDS)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body's JSON."""
        return orjson.loads(self.body)

    @property
    def message(self) -> str:
        """What an error says, in whichever surface's shape."""
        body = self.json
        inner = body.get("detail") or body.get("error") or body
        said: str = inner.get("message") or inner["msg"]
        return said


class Line:
    """A TCP connection to a server."""

    def __init__(self, url: str) -> None:
        self.port = urlsplit(url).port
        self._socket = socket.create_connection(("127.0.0.1", self.port or 80), DEADLINE_SECONDS)
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, *lines: str, body: bytes = b"") -> None:
        """Send a head, a Host header after its first line, and a body."""
        head = [lines[0], "Host: localhost", *lines[1:], "", ""]
        self.send_bytes("\r\n".join(head).encode("latin-1") + body)

    def send_bytes(self, sent: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(sent)

    def send_until_full(self, sent: bytes, *, most: int) -> None:
        """Send bytes so many times at most. Raises TimeoutError once the server reads no more."""
        self._socket.settimeout(2)
        for _ in range(most):
            self._socket.sendall(sent)

    def finish(self) -> None:
        """Send no more (FIN)."""
        self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Cut the connection (RST)."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._file.close()
        self._socket.close()

    def interim(self) -> bytes:
        """Read a head without a body, as that of `100 Continue`."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self._file.readline()
            assert line, f"closed after {head!r}"
            head += line
        return head

    def read(self, *, method: str = "GET") -> Reply:
        """Read an answer."""
        status_line, *lines = self.interim().decode("latin-1").split("\r\n")
        headers = {}
        for line in filter(None, lines):
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        status = int(status_line.split(" ")[1])
        has_body = method != "HEAD" and status not in (204, 304)
        body = self._file.read(int(headers["content-length"])) if has_body else b""
        return Reply(status, headers, body)

    def is_closed(self) -> bool:
        """Wait for the server to close the connection; false if it sends something instead."""
        try:
            return self._file.read(1) == b""
        except ConnectionResetError:
            return True


def ask(url: str, *lines: str, body: bytes = b"") -> Reply:
    """Send one request on a connection of its own and return the answer."""
    with Line(url) as line:
        line.send(*lines, body=body)
        return line.read(method=lines[0].split(" ")[0])


def settle(url: str) -> None:
    """Let a server come to what lies before it: it serves several requests, one by one."""
    for _ in range(3):
        assert ask(url, "GET /_emulator/health HTTP/1.1").status == 200
