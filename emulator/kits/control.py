"""Asking control, of one world or of all: JSON in and out, refusals as one sentence."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

from emulator.kits.lines import TIMEOUT_SECONDS, Line, UnreachableError

PREFIX = "/_emulator"
WORLD_HEADER = "X-Emulator-World"

_REFUSED = 400


class ControlError(Exception):
    """Control refused; the message is the sentence it said, `code` its code."""

    def __init__(self, message: str, *, status: int, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Control:
    """Control of an emulator, speaking for one world; None is the default world."""

    def __init__(self, line: Line, world: str | None = None) -> None:
        self.line = line
        self.world = world

    def get(self, *path: str, **query: Any) -> Any:
        """Return what control shows at a path; members of the query that are None are left out.

        Raises ControlError, UnreachableError.
        """
        said = {name: value for name, value in query.items() if value is not None}
        wait = float(said.get("wait", 0))
        return self._ask("GET", path, query=said, timeout_seconds=TIMEOUT_SECONDS + wait)

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
        headers = {"Content-Type": "application/json"} if body else {}
        if self.world is not None:
            headers[WORLD_HEADER] = self.world
        reply = self.line.send(
            method, target, headers=headers, body=body, timeout_seconds=timeout_seconds
        )
        try:
            said = reply.json()
        except ValueError as error:
            raise UnreachableError(f"What answers at {self.line.url} is no emulator.") from error
        if reply.status >= _REFUSED:
            raise _refusal(reply.status, said, self.line.url)
        return said


def _refusal(status: int, said: Any, url: str) -> Exception:
    problem = said.get("error") if isinstance(said, dict) else None
    if not isinstance(problem, dict) or "message" not in problem:
        return UnreachableError(f"What answers at {url} is no emulator: it said {status}.")
    return ControlError(
        str(problem["message"]), status=status, code=str(problem.get("code", "internal_error"))
    )
