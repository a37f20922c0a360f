"""Server process: starts `worldflux-emulator serve` on a free port and stops it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from threading import Thread
from typing import Any

WAIT_SECONDS = 10
ENDS_WITH_STDIN = "--ends-with-stdin"
"""The hidden option of `serve` that ends the server with the process that started it."""


class StartError(Exception):
    """The server did not start; its stderr has the reason."""


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A server that accepts requests; `ready` is the line that it printed when it was ready."""

    process: subprocess.Popen[str]
    ready: dict[str, Any]

    @property
    def url(self) -> str:
        """The origin that clients use."""
        return str(self.ready["url"])

    def stop(self) -> None:
        """Stop the server, by force where it does not end in time."""
        self.process.terminate()
        try:
            self.process.communicate(timeout=WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()


def start_server(*arguments: str, port: int = 0) -> ServerProcess:
    """Start `worldflux-emulator serve …` and return once it is ready. Raises StartError.

    The server ends with this process, even if that is killed: it reads from a pipe that then
    closes.
    """
    options = [f"--port={port}", "--json", ENDS_WITH_STDIN]
    process = subprocess.Popen(  # noqa: S603 - our own program with the caller's arguments
        # -P: a folder named `emulator` in the working directory is not this package.
        [sys.executable, "-P", "-m", "emulator", "serve", *options, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Ctrl-C reaches this process alone, which then stops the server.
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
    except BaseException:
        process.kill()
        process.communicate()
        raise
    if not line:
        process.communicate()
        raise StartError("The emulator did not start; see the message above.")
    return ServerProcess(process, json.loads(line))


def end_with_stdin() -> None:
    """End this process as by SIGTERM when its standard input closes."""
    Thread(target=_end_after_stdin, daemon=True).start()


def _end_after_stdin() -> None:
    # Not `sys.stdin`: this thread would hold its lock while the interpreter shuts down.
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
