"""A server in a process of its own, on a free port, for as long as it is needed."""

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
"""The option of `serve` that has it end with the process that started it."""


class StartError(Exception):
    """The server did not start; it has said why on stderr."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers; `ready` is what it said when it began to."""

    process: subprocess.Popen[str]
    ready: dict[str, Any]

    @property
    def url(self) -> str:
        """The origin it is served on."""
        return str(self.ready["url"])

    def stop(self) -> None:
        """End it, by force if it does not end by itself."""
        self.process.terminate()
        try:
            self.process.communicate(timeout=WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()


def start(*arguments: str, port: int = 0) -> Server:
    """Start `worldflux-emulator serve …` and return once it answers. Raises StartError.

    The server ends with this process, however that ends: it reads from a pipe that closes then.
    """
    options = [f"--port={port}", "--json", ENDS_WITH_STDIN]
    process = subprocess.Popen(  # noqa: S603 - our own program and what its caller was told
        # -P: a folder `emulator` of the user's is not this package.
        [sys.executable, "-P", "-m", "emulator", "serve", *options, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # A Ctrl-C is for this process, which ends the server in time.
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
        raise StartError("The emulator did not start; its message is above.")
    return Server(process, json.loads(line))


def end_with_stdin() -> None:
    """Have this process end as by SIGTERM when its standard input does."""
    Thread(target=_end_after_stdin, daemon=True).start()


def _end_after_stdin() -> None:
    # Not `sys.stdin`, whose lock would be held when the interpreter ends.
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
