"""Load generator: calls in turn over keep-alive connections to 127.0.0.1, every status checked.

Run as a process of its own, `python -m tests.bench.load`: it reads a Load as JSON from its
standard input and writes a Rate as JSON. While it waits for one connection the others keep the
server busy, so that two system calls a request are all it needs.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle
from time import perf_counter, process_time

from tests.bench.processes import cores, on_core

HOST = "127.0.0.1"
CONNECTIONS = 16
SECONDS_MAX = 30
REQUESTS_MAX = 1_000_000
WARM_UP = 10
"""Turns of all connections before the clock starts."""

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked\r\n", re.IGNORECASE)
_READ_BYTES = 262_144
_TIMEOUT = struct.pack("ll", 60, 0)
"""A minute, as the system's `timeval`."""

Step = tuple[bytes, bytes]
"""A request as it is sent, and how its answer must begin."""


class LoadError(Exception):
    """A server answered otherwise than it should; the message has the start of its answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Requests to send in turn to a port, each with the status it must be answered with."""

    port: int
    requests: Sequence[tuple[str, int]]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Requests a second once warm, all that were sent, and the share of the time in which the
    generator itself was busy: near 1, it and not the server is what was measured.
    """

    per_second: float
    sent: int
    client_busy: float


def rate_of(load: Load) -> Rate:
    """Run a load in another process, on the clients' core. Raises LoadError."""
    with on_core(cores()[1]):
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.load"],
            input=json.dumps(asdict(load)),
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise LoadError(done.stderr.strip().rpartition("\n")[2])
    return Rate(**json.loads(done.stdout))


def step(request: str, status: int) -> Step:
    """Return the step of a request and its status."""
    return request.encode(), b"HTTP/1.1 %d " % status


class Connection:
    """A keep-alive connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        """Connect to a server."""
        self._socket = socket.create_connection((HOST, port))
        # Python's own timeouts would take another system call before each of these two.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._expected = b""

    def send(self, request: bytes, expected: bytes) -> None:
        """Send a request whose answer must begin as expected."""
        self._expected = expected
        self._socket.sendall(request)

    def receive(self) -> None:
        """Read one whole answer. Raises LoadError."""
        answer = self._more()
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self._more()
        if not answer.startswith(self._expected):
            raise LoadError(f"expected {self._expected!r}, not {answer[:2000]!r}")
        length = _LENGTH.search(answer, 0, end + 2)
        if length is not None:
            missing = end + 4 + int(length[1]) - len(answer)
            while missing > 0:
                missing -= len(self._more())
        elif _CHUNKED.search(answer, 0, end + 2):
            while not answer.endswith(b"\r\n0\r\n\r\n"):
                answer += self._more()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _more(self) -> bytes:
        more = self._socket.recv(_READ_BYTES)
        if not more:
            raise LoadError("the server closed the connection")
        return more


Lanes = Sequence[tuple[Connection, Iterator[Step]]]
"""Connections, each with the steps it takes; several may share an iterator."""


def begin(lanes: Lanes) -> None:
    """Send the first request of every connection."""
    for connection, steps in lanes:
        connection.send(*next(steps))


def turn(lanes: Lanes) -> None:
    """Read an answer from every connection and send its next request. Raises LoadError."""
    for connection, steps in lanes:
        connection.receive()
        connection.send(*next(steps))


def end(lanes: Lanes) -> None:
    """Read the last answer of every connection and hang up. Raises LoadError."""
    for connection, _ in lanes:
        connection.receive()
        connection.close()


def main() -> None:
    """Run the load on standard input."""
    load = Load(**json.load(sys.stdin))
    steps = cycle([step(*request) for request in load.requests])
    lanes = [(Connection(load.port), steps) for _ in range(CONNECTIONS)]
    begin(lanes)
    for _ in range(WARM_UP):
        turn(lanes)
    count = 0
    began, worked = perf_counter(), process_time()
    until = began + min(load.seconds, SECONDS_MAX)
    while perf_counter() < until and count < REQUESTS_MAX:
        turn(lanes)
        count += CONNECTIONS
    seconds, busy = perf_counter() - began, process_time() - worked
    end(lanes)
    sent = CONNECTIONS * (WARM_UP + 1) + count
    rate = Rate(per_second=count / seconds, sent=sent, client_busy=busy / seconds)
    print(json.dumps(asdict(rate)))


if __name__ == "__main__":
    main()
