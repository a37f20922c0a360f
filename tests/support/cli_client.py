"""A command line tool's client, which calls as the public WorldFlux CLI does.

Real: `src/worldflux/cloud/client.py` of the open-source CLI: urllib, no retries, an answer must be
a JSON object, an empty one is `{}`, a failure is a RuntimeError.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Cli:
    """A tool that was told its two variables, the API's URL and a key."""

    base_url: str
    api_key: str

    def call(self, method: str, path: str, payload: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the answer's JSON object. Raises RuntimeError."""
        return self.answer(method, path, payload)[1]

    def answer(
        self, method: str, path: str, payload: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Return the status and the JSON object. Raises RuntimeError."""
        headers = {"Accept": "application/json", "Authorization": f"Bearer {self.api_key.strip()}"}
        body = None
        if payload is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(payload).encode()
        request = Request(self.base_url.rstrip("/") + path, body, headers, method=method)
        try:
            with urlopen(request, timeout=TIMEOUT_SECONDS) as response:
                status, text = response.status, response.read().decode()
        except HTTPError as error:
            with error:
                said = error.read().decode()
            failed = f"Cloud API request failed ({method} {path}, status={error.code}): {said}"
            raise RuntimeError(failed) from error
        answered = json.loads(text) if text else {}
        if not isinstance(answered, dict):
            raise RuntimeError("Cloud API returned non-object payload")
        return status, answered
