"""Asking control, of one world or of all: JSON in and out, refusals as one sentence."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

from emulator.client.transports import TIMEOUT_SECONDS, Reply, StrangerError, Transport

__tracebackhide__ = True  # what pytest shows of a failure ends in the test

PREFIX = "/_emulator"
WORLD_HEADER = "X-Emulator-World"

_REFUSED = 400
_SIGN = "x-emulator"
"""What every answer of control carries that is no refusal."""


class ControlError(Exception):
    """Control refused; the message is the sentence it said, `code` its code."""

    def __init__(self, message: str, *, status: int, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class ControlClient:
    """Control of an emulator, speaking for one world; None is the default world."""

    def __init__(self, line: Transport, world: str | None = None) -> None:
        self.line = line
        self.world = world

    def get(self, *path: str, **query: Any) -> Any:
        """Return what control shows at a path; members of the query that are None are left out.

        Raises ControlError, UnreachableError.
        """
        said = {name: value for name, value in query.items() if value is not None}
        wait = float(said.get("wait", 0))
        return self._ask("GET", path, query=said, timeout_seconds=TIMEOUT_SECONDS + wait)

    def download(self, *path: str) -> bytes:
        """Return the file that lies at a path. Raises ControlError, UnreachableError."""
        return self._reply("GET", "/".join([PREFIX, *path])).content

    def post(self, *path: str, **body: Any) -> Any:
        """Do what control does at a path; members that are None are left out.

        Raises ControlError, UnreachableError.
        """
        said = {name: value for name, value in body.items() if value is not None}
        return self._ask("POST", path, body=json.dumps(said).encode())

    def delete(self, *path: str) -> None:
        """Remove what lies at a path. Raises ControlError, UnreachableError."""
        self._ask("DELETE", path)

    def _ask(
        self,
        method: str,
        path: tuple[str, ...],
        *,
        query: dict[str, Any] | None = None,
        body: bytes = b"",
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> Any:
        target = "/".join([PREFIX, *(quote(part, safe="") for part in path)])
        target += f"?{urlencode(query)}" if query else ""
        reply = self._reply(method, target, body=body, timeout_seconds=timeout_seconds)
        return json.loads(reply.content) if reply.content else None

    def _reply(
        self,
        method: str,
        target: str,
        *,
        body: bytes = b"",
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> Reply:
        headers = {"Content-Type": "application/json"} if body else {}
        if self.world is not None:
            headers[WORLD_HEADER] = self.world
        reply = self.line.send(
            method, target, headers=headers, body=body, timeout_seconds=timeout_seconds
        )
        if reply.status < _REFUSED and any(name.lower() == _SIGN for name, _ in reply.headers):
            return reply
        try:
            problem = json.loads(reply.content)["error"]
            raise ControlError(problem["message"], status=reply.status, code=problem["code"])
        except (ValueError, KeyError, TypeError) as error:
            raise StrangerError(f"What answers at {self.line.url} is no emulator.") from error
