"""An emulator in process, and a client that checks the laws on every call it makes."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import httpx2
from starlette.testclient import TestClient

from emulator.app import build_app, operation_catalog
from emulator.registry.registry import WorldRegistry
from emulator.settings import Settings
from emulator.world.core.world import World

WRITES_ON_GET = tuple(
    each.path for each in operation_catalog() if each.method == "GET" and each.writes_on_get
)

ORIGIN = "http://localhost:8787"

COMMITTING = {"refresh_token_already_used"}
"""The codes of refusals that keep what they wrote."""

COUNTED = "/auth/v1/"
"""Where a request that is refused counts as one, if the seed limits requests."""


def is_decline(response: httpx2.Response) -> bool:
    """Tell whether a hosted page says that a card was declined: the attempt stays on record."""
    kind = response.headers.get("content-type", "")
    return response.status_code == 402 and kind.startswith("text/html")


class LawfulClient(TestClient):
    """A client with a cookie jar of its own that fails where a GET or a refusal changes a thing,
    and where the state header does not name the state.

    In wall mode every request may find the clock moved, so nothing is judged there.
    """

    def __init__(self, emulator: Emulator) -> None:
        """Call `emulator` as a browser or a CLI would."""
        super().__init__(
            emulator.app,
            base_url=ORIGIN,
            raise_server_exceptions=False,
            client=("127.0.0.1", 50_000),
        )
        self._emulator = emulator

    def request(self, method: str, url: Any, **options: Any) -> httpx2.Response:
        """Make a call and judge it."""
        if self._emulator.settings.is_wall_clock:
            return super().request(method, url, **options)
        digests = self._emulator.digests()
        response = super().request(method, url, **options)
        name = response.headers.get("x-emulator-world", "default")
        afterwards = self._emulator.digests()
        after = afterwards.get(name)
        before = digests.get(name, str(self._emulator.worlds.baseline.state.digest))
        if "/_emulator" not in str(url):
            others = {one: digest for one, digest in digests.items() if one != name}
            assert others.items() <= afterwards.items(), f"{url} reached two worlds"
        asked = response.history[0] if response.history else response
        path = asked.request.url.path
        verb = method.upper()
        may_write = any(one in path for one in WRITES_ON_GET)
        if verb in ("HEAD", "OPTIONS") or (verb == "GET" and not may_write):
            assert after == before, f"{method} {url} changed the state"
        if response.status_code >= 400 and not self._is_kept(response, path):
            assert after == before, f"{method} {url} was refused and changed the state"
        if "x-emulator-state" in response.headers and after is not None:
            assert response.headers["x-emulator-state"] == after
        return response

    def _is_kept(self, response: httpx2.Response, path: str) -> bool:
        """Tell whether a refusal may leave something behind."""
        if response.headers.get("x-sb-error-code") in COMMITTING or is_decline(response):
            return True
        is_counted = self._emulator.world.auth.requests_per_minute is not None
        return is_counted and path.startswith(COUNTED)


class Emulator:
    """An emulator in process, on a named seed, a file, or the text of one."""

    _scratch = itertools.count()

    def __init__(self, seed: str = "demo", **settings: Any) -> None:
        """Plant `seed` under `Settings(**settings)`."""
        self.settings = Settings(**{"public_url": ORIGIN, **settings})
        self.worlds = WorldRegistry(self.settings, seed)
        self.app = build_app(self.worlds)

    @classmethod
    def of(cls, text: str, folder: Path, **settings: Any) -> Emulator:
        """Plant the text of a seed, which is written to `folder`."""
        path = folder / f"seed-{next(cls._scratch)}.yaml"
        path.write_text(text, "utf-8")
        return cls(str(path), **settings)

    @property
    def world(self) -> World:
        """The default world."""
        return self.worlds.default()

    def digests(self) -> dict[str, str]:
        """Return the digest of every live world by its name."""
        return {live.world.name: str(live.world.state.digest) for live in self.worlds.all()}

    def client(self) -> LawfulClient:
        """Return a client that nobody has signed in."""
        return LawfulClient(self)

    def signed_in(self, place: int = 0) -> LawfulClient:
        """Return a client with the session cookie of the seed's user at `place`."""
        email, password = self.worlds.planted.logins[place]
        client = self.client()
        answer = client.post("/api/auth/login", json={"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        return client

    def keyed(self, place: int = 0) -> LawfulClient:
        """Return a client that sends the seed's live API key at `place`."""
        client = self.client()
        client.headers["Authorization"] = f"Bearer {self.worlds.planted.keys[place][1]}"
        return client

    def tokened(self, place: int = 0) -> LawfulClient:
        """Return a client that sends the access token of a session of the seed's user."""
        email, password = self.worlds.planted.logins[place]
        client = self.client()
        answer = client.post(
            "/auth/v1/token?grant_type=password", json={"email": email, "password": password}
        )
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return client
