"""Where a suite runs: in the default world, or in one that its clients name in one of the ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx2

from tests.support.server import Running

Way = Literal["default", "header", "prefix", "cookie", "port"]

ANY: tuple[Way, ...] = ("default", "header", "prefix")
"""The ways that any client has: it can be given a URL and headers."""


@dataclass(frozen=True)
class Place:
    """A world of a running server, as clients and control reach it.

    The keys are those of the default world: what a developer has in `.env` wherever a test runs.
    """

    url: str
    ready: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    """What every request carries."""

    @property
    def anon_key(self) -> str:
        """The anon key that the server printed when it started."""
        return str(self.ready["env"]["NEXT_PUBLIC_SUPABASE_ANON_KEY"])

    @property
    def service_key(self) -> str:
        """The service key that the server printed when it started."""
        return str(self.ready["env"]["SUPABASE_SERVICE_ROLE_KEY"])


def place_of(running: Running, way: Way = "default") -> Place:
    """Return the world of a server that is named in a way; the first request to it makes it, except
    that a port has to be opened first.
    """
    url, name = running.url, f"by-{way}"
    if way == "header":
        return Place(url, running.ready, {"X-Emulator-World": name})
    if way == "cookie":
        return Place(url, running.ready, {"Cookie": f"emulator_world={name}"})
    if way == "prefix":
        return Place(f"{url}/_w/{name}", running.ready)
    if way == "port":
        made = httpx2.post(f"{url}/_emulator/worlds", json={"name": name, "port": 0})
        assert made.status_code == 201, made.text
        return Place(made.json()["url"], running.ready)
    return Place(url, running.ready)


def newest_request(running: Running) -> str | None:
    """Return the id of the newest request to the default world, or None."""
    answer = httpx2.get(f"{running.url}/_emulator/requests", params={"limit": 1})
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    return str(items[0]["id"]) if items else None
