"""The load generator: one request again and again over keep-alive connections to 127.0.0.1.

Run as a process of its own, `python -m tests.bench.load`: it reads a Load as JSON from its
standard input and writes a Rate as JSON. While it waits for one connection the others keep the
server busy, so that two system calls a request are all it needs.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from dataclasses import asdict, dataclass
from time import perf_counter, process_time

HOST = "127.0.0.1"
CONNECTIONS = 16
SECONDS_MAX = 30
REQUESTS_MAX = 1_000_000
WARM_UP = 10
"""Rounds over all connections before the clock starts."""

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
_GOOD = b"HTTP/1.1 2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What to send to which port, and for how long."""

    port: int
    request: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What came of it: the rate once warm, all requests sent, and what the generator itself took
    of the processor for one."""

    per_second: float
    sent: int
    client_microseconds: float


def rate_of(load: Load) -> Rate:
    """Run the load in another process."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.load"],
        input=json.dumps(asdict(load)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Rate(**json.loads(done.stdout))


def main() -> None:
    """Do what standard input says."""
    load = Load(**json.load(sys.stdin))
    request = load.request.encode("latin-1")
    sockets = [socket.create_connection((HOST, load.port), timeout=10) for _ in range(CONNECTIONS)]
    for one in sockets:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        one.sendall(request)
    for _ in range(WARM_UP):
        _round(sockets, request)
    count, warm_up = 0, CONNECTIONS * (WARM_UP + 1)
    began, worked = perf_counter(), process_time()
    until = began + min(load.seconds, SECONDS_MAX)
    while perf_counter() < until and count < REQUESTS_MAX:
        _round(sockets, request)
        count += CONNECTIONS
    seconds = perf_counter() - began
    rate = Rate(
        per_second=count / seconds,
        sent=warm_up + count,
        client_microseconds=(process_time() - worked) / count * 1e6,
    )
    print(json.dumps(asdict(rate)))


def _round(sockets: list[socket.socket], request: bytes) -> None:
    for one in sockets:
        _receive(one)
        one.sendall(request)


def _receive(one: socket.socket) -> None:
    """Take one whole answer, which must be a good one with a length."""
    answer = one.recv(262_144)
    while (end := answer.find(b"\r\n\r\n")) < 0:
        answer += _more(one)
    length = _LENGTH.search(answer, 0, end + 2)
    if not answer.startswith(_GOOD) or length is None:
        raise RuntimeError(answer[:2000].decode("utf-8", "replace"))
    missing = end + 4 + int(length[1]) - len(answer)
    while missing > 0:
        missing -= len(_more(one))


def _more(one: socket.socket) -> bytes:
    more = one.recv(262_144)
    if not more:
        raise RuntimeError("the server closed the connection")
    return more


if __name__ == "__main__":
    main()
