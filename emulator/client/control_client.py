"""Control client: JSON requests to `/_emulator`, for one world or the whole server."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

from emulator.client.transports import (
    TIMEOUT_SECONDS,
    NotAnEmulatorError,
    Response,
    Transport,
)

__tracebackhide__ = True  # pytest's traceback of a failure ends in the test

# Copies of the server's own constants: the client imports the standard library alone, so that
# commands start fast and the pytest plugin costs a test run nothing.
PREFIX = "/_emulator"
WORLD_HEADER = "X-Emulator-World"
_CONTROL_HEADER = "x-emulator"
"""The header of every successful response of the control API."""

_FIRST_ERROR = 400


class ControlError(Exception):
    """An error response of the control API: the message is its message, `code` its code."""

    def __init__(self, message: str, *, status: int, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class ControlClient:
    """The control API of an emulator, for one world; None is the default world."""

    def __init__(self, transport: Transport, world: str | None = None) -> None:
        self.transport = transport
        self.world = world

    def get(self, *path: str, **query: Any) -> Any:
        """Return the JSON at a path. Query parameters that are None are left out.

        Raises ControlError, UnreachableError.
        """
        given = {name: value for name, value in query.items() if value is not None}
        wait_seconds = float(given.get("wait", 0))
        return self._request_json(
            "GET", path, query=given, timeout_seconds=TIMEOUT_SECONDS + wait_seconds
        )

    def download(self, *path: str) -> bytes:
        """Return the file at a path. Raises ControlError, UnreachableError."""
        return self._request("GET", "/".join([PREFIX, *path])).content

    def post(self, *path: str, **body: Any) -> Any:
        """Post a JSON object to a path and return the response. Members that are None are left out.

        Raises ControlError, UnreachableError.
        """
        given = {name: value for name, value in body.items() if value is not None}
        return self._request_json("POST", path, body=json.dumps(given).encode())

    def delete(self, *path: str) -> None:
        """Delete the resource at a path. Raises ControlError, UnreachableError."""
        self._request_json("DELETE", path)

    def _request_json(
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
        response = self._request(method, target, body=body, timeout_seconds=timeout_seconds)
        return json.loads(response.content) if response.content else None

    def _request(
        self,
        method: str,
        target: str,
        *,
        body: bytes = b"",
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> Response:
        headers = [("Content-Type", "application/json")] if body else []
        if self.world is not None:
            headers.append((WORLD_HEADER, self.world))
        response = self.transport.request(
            method, target, headers=headers, body=body, timeout_seconds=timeout_seconds
        )
        is_control = any(name.lower() == _CONTROL_HEADER for name, _ in response.headers)
        if response.status < _FIRST_ERROR and is_control:
            return response
        try:
            problem = json.loads(response.content)["error"]
            raise ControlError(problem["message"], status=response.status, code=problem["code"])
        except (ValueError, KeyError, TypeError) as error:
            message = f"The server at {self.transport.url} is not a worldflux-emulator."
            raise NotAnEmulatorError(message) from error
