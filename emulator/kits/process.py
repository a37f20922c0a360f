"""A server in a process of its own, on a free port, for as long as it is needed."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

WAIT_SECONDS = 10


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
    """Start `worldflux-emulator serve …` and return once it answers. Raises StartError."""
    process = subprocess.Popen(  # noqa: S603 - our own program and what its caller was told
        # -P: a folder `emulator` of the user's is not this package.
        [sys.executable, "-P", "-m", "emulator", "serve", f"--port={port}", "--json", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        # A Ctrl-C is for whoever waits for us; the server ends when it is told to.
        start_new_session=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.communicate()
        raise StartError("The emulator did not start; its message is above.")
    return Server(process, json.loads(line))
