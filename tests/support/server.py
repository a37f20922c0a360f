"""A real server in a process of its own, on a free port."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

WAIT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers; `ready` is what it said when it began to."""

    process: subprocess.Popen[str]
    ready: dict[str, Any]

    @property
    def url(self) -> str:
        """The origin it is served on."""
        return str(self.ready["url"])

    def stop(self) -> int:
        """End it and return its exit code."""
        self.process.terminate()
        code = self.process.wait(WAIT_SECONDS)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


def start(*arguments: str, stderr: IO[bytes] | int | None = None) -> Running:
    """Start `worldflux-emulator serve --port 0 …` and return once it answers."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("WORLDFLUX_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", "serve", "--port", "0", "--json", *arguments],
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        env=environ,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"the server ended with {process.wait(WAIT_SECONDS)}")
    return Running(process, json.loads(line))


@contextmanager
def serving(*arguments: str, **options: Any) -> Iterator[Running]:
    """Start a server as `start` does and stop it at the end."""
    running = start(*arguments, **options)
    try:
        yield running
    finally:
        running.stop()
