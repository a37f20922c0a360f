"""How a server ends: what waits is answered, signals are heeded, nothing is said on stderr."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.cli.test_serve import free_port
from tests.support.raw_http import Line, ask, settle, until
from tests.support.server import WAIT_SECONDS, Running

Launch = Callable[..., Running]
JSON = "Content-Type: application/json"


def post(line: Line, path: str, body: Any) -> None:
    """Send a POST with JSON."""
    sent = orjson.dumps(body)
    line.send(f"POST {path} HTTP/1.1", JSON, f"Content-Length: {len(sent)}", body=sent)


def done(url: str, path: str, body: Any) -> None:
    """Make a POST, which is to succeed."""
    with Line(url) as line:
        post(line, path, body)
        assert line.read().status < 300


def stderr_of(running: Running, name: signal.Signals = signal.SIGTERM) -> str:
    """End a server whose stderr nobody has read, which is to end well, and return what it said."""
    running.process.send_signal(name)
    # Before anything is read: a process that says more than a pipe holds would never end.
    assert running.process.wait(WAIT_SECONDS) == 0
    assert running.process.stderr is not None
    said = running.process.stderr.read()
    running.process.stderr.close()
    return str(said)


@pytest.fixture
def piped(launch: Launch, seed: str) -> Running:
    """Return a server whose stderr is a pipe that nobody reads."""
    return launch("--seed", seed, stderr=subprocess.PIPE)


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_who_waits_is_answered_with_what_there_is(piped: Running, name: signal.Signals) -> None:
    waits = [
        ("/_emulator/mail?wait=60", {"items": [], "next_cursor": None}),
        ("/_emulator/requests?wait=60", {"items": [], "count": 0}),
    ] * 100
    lines = [Line(piped.url) for _ in waits]
    for line, (path, _) in zip(lines, waits, strict=True):
        line.send(f"GET {path} HTTP/1.1")
    settle(piped.url)
    assert stderr_of(piped, name) == ""
    for line, (_, body) in zip(lines, waits, strict=True):
        answer = line.read()
        assert (answer.status, answer.json) == (200, body)
        line.close()


def test_who_meets_a_latency_is_answered_at_once(piped: Running) -> None:
    fault = {"match": {"path": "/healthz"}, "then": {"latency_ms": 60_000}}
    done(piped.url, "/_emulator/faults", fault)
    with Line(piped.url) as line:
        line.send("GET /healthz HTTP/1.1")
        settle(piped.url)
        assert stderr_of(piped) == ""
        assert line.read().status == 200
        assert line.is_closed()


def test_half_sent_requests_are_closed(piped: Running) -> None:
    halves = [
        b"",
        b"GET /heal",
        b"POST /_emulator/reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{",
        b"POST /_emulator/reset HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
    ]
    lines = [Line(piped.url) for _ in halves]
    for line, half in zip(lines, halves, strict=True):
        line.send_bytes(half)
    settle(piped.url)
    assert stderr_of(piped) == ""
    for line in lines:
        assert line.is_closed()
        line.close()


def test_deliveries_that_hang_hold_nobody_up(launch: Launch) -> None:
    piped = launch("--seed", "past-due", stderr=subprocess.PIPE)
    with Silent() as silent, Line(piped.url) as waiting:
        done(piped.url, "/_emulator/webhooks", {"url": silent.url})
        post(waiting, "/_emulator/clock/advance", {"duration": "P1M"})
        silent.wait()
        settle(piped.url)
        assert stderr_of(piped) == ""
        assert waiting.read().status == 200


class Silent:
    """An endpoint that takes a connection and never answers."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._taken: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

    def __enter__(self) -> Silent:
        return self

    def __exit__(self, *_: object) -> None:
        for one in (*self._taken, self._listener):
            one.close()

    def wait(self) -> None:
        """Wait for a connection."""
        self._taken.append(self._listener.accept()[0])


def test_answers_that_nobody_reads_hold_nobody_up(launch: Launch) -> None:
    piped = launch("--seed", "crowded", stderr=subprocess.PIPE)
    lines = [Line(piped.url) for _ in range(5)]
    for line in lines:
        for _ in range(3):
            line.send("GET /_emulator/export HTTP/1.1")
    assert ask(piped.url, "GET /_emulator/health HTTP/1.1").status == 200
    said = stderr_of(piped)
    assert "Traceback" not in said
    assert len(said.splitlines()) <= 1
    for line in lines:
        line.close()


# Signals while a server starts


@pytest.fixture
def spawn() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Return a function that starts the command line as a process."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "emulator", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def catches(pid: int, number: signal.Signals) -> bool:
    """Tell whether a process has a handler for a signal."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    mask = next(line for line in lines if line.startswith("SigCgt")).split()[1]
    return bool(int(mask, 16) >> (number - 1) & 1)


def is_running(pid: int) -> bool:
    """Tell whether a process runs still."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return "Z" not in next(line for line in lines if line.startswith("State")).split()[1]


@pytest.mark.parametrize("attempt", range(5))
def test_a_signal_at_the_end_of_the_start_is_heeded(
    spawn: Callable[..., subprocess.Popen[bytes]], attempt: int
) -> None:
    process = spawn("serve", "--seed", "demo", "--port", "0")
    until(lambda: catches(process.pid, signal.SIGTERM), what="a handler")
    process.terminate()
    assert process.wait(WAIT_SECONDS) == 0
    assert process.stderr is not None
    assert process.stderr.read() == b""


# Exports at the end


def test_an_export_at_the_end_is_written_into_a_pipe(
    spawn: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = spawn("serve", "--seed", "demo", "--port", "0", "--export-on-exit", str(pipe))
    assert process.stdout is not None
    assert process.stdout.readline()
    process.terminate()
    exported = orjson.loads(pipe.read_bytes())
    assert process.wait(WAIT_SECONDS) == 0
    assert exported["format"] == "worldflux-emulator.export"
    assert pipe.is_fifo()


def test_a_pipe_that_nobody_reads_does_not_keep_it_from_ending(
    spawn: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = spawn("serve", "--seed", "demo", "--port", "0", "--export-on-exit", str(pipe))
    assert process.stdout is not None
    assert process.stdout.readline()
    process.terminate()
    until(lambda: not catches(process.pid, signal.SIGTERM), what="the export")
    process.terminate()
    assert process.wait(WAIT_SECONDS) == -signal.SIGTERM


# exec


EXEC = ("exec", "--seed", "demo", "--")
"""`demo` takes long enough to start that signals find it at that."""
SLEEP = (sys.executable, "-c", "import time; print('runs', flush=True); time.sleep(600)")


def children(pid: int) -> list[int]:
    """Return the processes that a process started."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(one) for one in (task / "children").read_text().split()]
    return found


def server_of(process: subprocess.Popen[bytes]) -> int:
    """Wait for `exec` to start its server and return the server's process id."""
    until(lambda: children(process.pid), what="a server")
    return children(process.pid)[0]


def at_once(process: subprocess.Popen[bytes]) -> int:
    """Return the server as soon as there is a process for it."""
    return server_of(process)


def at_the_end_of_the_start(process: subprocess.Popen[bytes]) -> int:
    """Return the server once it has planted its seed."""
    server = server_of(process)
    until(lambda: catches(server, signal.SIGTERM), what="a handler")
    return server


def with_its_command(process: subprocess.Popen[bytes]) -> int:
    """Return the server once the command runs beside it."""
    server = server_of(process)
    assert process.stdout is not None
    assert process.stdout.readline() == b"runs\n"
    return server


MOMENTS = (at_once, at_the_end_of_the_start, with_its_command)
ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("name", [*ENDING, signal.SIGKILL])
def test_exec_leaves_no_server(
    spawn: Callable[..., subprocess.Popen[bytes]],
    moment: Callable[[subprocess.Popen[bytes]], int],
    name: signal.Signals,
) -> None:
    process = spawn(*EXEC, *SLEEP)
    server = moment(process)
    command = children(process.pid)[1:]
    if command and name in (signal.SIGINT, signal.SIGKILL):
        # A terminal sends a Ctrl-C to the command itself; and a killed `exec` ends no command.
        os.kill(command[0], name)
    process.send_signal(name)
    code = process.wait(WAIT_SECONDS)
    until(lambda: not is_running(server), what="an end of the server")
    assert code == (-name if name == signal.SIGKILL else 128 + name)
    assert process.stderr is not None
    if not command:  # which says itself how it was interrupted
        assert process.stderr.read() == b""


def test_exec_with_hangups_ignored_goes_on() -> None:
    process = subprocess.Popen(
        ["nohup", sys.executable, "-m", "emulator", *EXEC, *SLEEP],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    server = with_its_command(process)
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT_SECONDS) == 128 + signal.SIGTERM
    until(lambda: not is_running(server), what="an end of the server")
    assert process.stdout is not None
    process.stdout.close()


def test_a_server_that_nobody_ties_to_its_input_lives_on_without_it() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", "serve", "--seed", "demo", "--port", str(free_port())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    url = process.stdout.readline().decode().split()[-1]
    settle(url)
    process.terminate()
    assert process.wait(WAIT_SECONDS) == 0
    process.stdout.close()
