"""A soak: many mixed requests to a real server, whose memory and descriptors must stay flat.

What a long day of tests does: worlds made of seeds, snapshots and other worlds, called and dropped,
resets, restores, faults, sign-ins, uploads, reads of the journal, connections that end in the
middle of a request.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.bench.growth import (
    GROWTH_MIB,
    MORE_DESCRIPTORS,
    Sample,
    growth_mib,
    more_descriptors,
    take_sample,
)
from tests.support.server import Running, start

SAMPLES = 100

PER_CROWD = 10_000
"""Requests for each world that is planted from `crowded`, which takes a second or more."""

PER_RESET = 2_000
"""Requests after which the default world is reset, as its records grow."""


@dataclass(slots=True)
class Figures:
    """What came of a soak."""

    statuses: Counter[int] = field(default_factory=Counter)
    worlds: int = 0
    samples: list[Sample] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """A sentence for everything that is not as it should be."""
        broken = sum(n for status, n in self.statuses.items() if status >= 500 and status != 503)
        grown, opened = growth_mib(self.samples), more_descriptors(self.samples)
        return [
            sentence
            for sentence, is_wrong in (
                (f"{broken} answers were a 5xx that no fault caused", broken > 0),
                (f"memory grew by {grown:.1f} MiB", grown > GROWTH_MIB),
                (f"{opened} more descriptors are open", opened > MORE_DESCRIPTORS),
            )
            if is_wrong
        ]


class Soak:
    """One soak under way."""

    def __init__(self, server: Running, seed: int) -> None:
        self._server = server
        self._dice = Random(seed)
        self._port = int(server.url.rpartition(":")[2])
        self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        self._key = f"Bearer {server.ready['api_keys'][0]['secret']}"
        self._cookie = ""
        self._refresh = ""
        self._made = 0
        self._figures = Figures()
        self._steps: tuple[Callable[[], object], ...] = (
            *((self._read,) * 12),
            *((self._read_as_browser,) * 4),
            *((self._write,) * 3),
            *((self._mistake,) * 4),
            *((self._control,) * 4),
            self._sign_in,
            self._in_a_world,
            self._cut_off,
        )

    def run(self, requests: int) -> Figures:
        """Make that many requests and return what came of it."""
        self._call("POST", "/_emulator/worlds", {"name": "crowd", "from": "crowded"})
        self._sign_in()
        each = max(1, requests // SAMPLES)
        done = crowds = resets = 0
        while (done := sum(self._figures.statuses.values())) < requests:
            if done // PER_CROWD > crowds:
                crowds = done // PER_CROWD
                self._visit({"from": "seed:crowded"})
            if done // PER_RESET > resets:
                resets = done // PER_RESET
                self._call("POST", "/_emulator/reset", {})
                self._sign_in()
            self._dice.choice(self._steps)()
            if done // each >= len(self._figures.samples):
                self._figures.samples.append(take_sample(self._server.process.pid, done))
        self._connection.close()
        return self._figures

    def _call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Make a call and return what it answered, read as JSON where it is any."""
        sent = None if body is None else json.dumps(body).encode()
        if sent is not None:
            headers = {"Content-Type": "application/json", **headers}
        if self._dice.random() < 0.01:
            self._connection.close()  # the next request opens another
        self._connection.request(method, path, sent, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        self._figures.statuses[answer.status] += 1
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            self._cookie = cookie.partition(";")[0]
        is_json = answer.headers.get("Content-Type") == "application/json"
        return json.loads(content) if is_json and content else None

    # The steps

    def _read(self) -> None:
        path = self._dice.choice(
            ("/api/me", "/api/runs", "/api/runs?limit=5", "/api/projects", "/api/workspaces")
        )
        self._call("GET", path, Authorization=self._key)

    def _read_as_browser(self) -> None:
        path = self._dice.choice(("/api/auth/session", "/api/cloud/me", "/api/cloud/runs"))
        self._call("GET", path, Cookie=self._cookie)

    def _write(self) -> None:
        name = f"soak-{self._dice.randrange(500)}"
        run = {"client_run_id": name, "status": "succeeded", "metrics": {"loss": 0.5}}
        if self._dice.random() < 0.5:
            self._call("POST", "/api/e2e/cli-sync", {"runs": [run], "ignore_caps": True})
        else:
            project = {"name": name, "description": "x" * self._dice.randrange(2_000)}
            self._call("POST", "/api/projects", project, Authorization=self._key)

    def _mistake(self) -> None:
        method, path, body = self._dice.choice(
            (
                ("GET", f"/nothing/{self._dice.randrange(10**9)}", None),
                ("GET", "/api/me", None),
                ("POST", "/api/runs", {"name": "x" * self._dice.randrange(20_000)}),
                ("DELETE", "/api/cloud/me", None),
                ("GET", f"/stripe/checkout/cs_test_{self._dice.randrange(10**9)}", None),
                ("POST", "/auth/v1/token?grant_type=password", {"email": "x@y.z", "password": "p"}),
                ("GET", f"/api/runs?cursor={self._dice.randrange(10**9)}", None),
            )
        )
        self._call(method, path, body, Authorization="Bearer wbx_none")

    def _control(self) -> None:
        dice = self._dice
        name = f"kept-{dice.randrange(5)}"
        method, path, body = dice.choice(
            (
                ("GET", f"/_emulator/requests?limit={dice.choice((1, 50, 1000))}", None),
                ("GET", "/_emulator/requests?path=/api/*&status=404", None),
                ("GET", "/_emulator/state", None),
                ("GET", "/_emulator/coverage", None),
                ("GET", "/_emulator/deliveries", None),
                ("POST", "/_emulator/snapshots", {"name": name}),
                ("POST", f"/_emulator/snapshots/{name}/restore", {}),
                ("POST", "/_emulator/clock/advance", {"duration": "PT1H"}),
                ("POST", "/_emulator/billing/next-invoice", {}),
                ("POST", "/_emulator/faults", {"match": {"times": 1}, "then": {"status": 503}}),
                ("DELETE", "/_emulator/faults", None),
                ("DELETE", "/_emulator/requests", None),
            )
        )
        self._call(method, path, body)

    def _sign_in(self) -> None:
        login = self._server.ready["logins"][0]
        if self._refresh and self._dice.random() < 0.5:
            path, body = "/auth/v1/token?grant_type=refresh_token", {"refresh_token": self._refresh}
        else:
            path, body = "/auth/v1/token?grant_type=password", login
        self._refresh = (self._call("POST", path, body) or {}).get("refresh_token", "")
        self._call("POST", "/api/auth/login", login)

    def _in_a_world(self) -> None:
        source = self._dice.choice(
            ("seed:demo", "seed:quota-edge", "seed:past-due", "world:crowd", "world:default", None)
        )
        self._visit({} if source is None else {"from": source})

    def _visit(self, made: dict[str, str]) -> None:
        """Make a world, call it, put it back, and drop it."""
        self._made += 1
        self._figures.worlds += 1
        name = f"soak-{self._made}"
        self._call("POST", "/_emulator/worlds", {"name": name, **made})
        for path in ("/api/public/r/none", "/healthz", "/api/cloud/me"):
            self._call("GET", f"/_w/{name}{path}", Cookie=self._cookie)
        run = {"client_run_id": name}
        self._call("POST", f"/_w/{name}/api/e2e/cli-sync", {"runs": [run], "ignore_caps": True})
        world = self._call("GET", f"/_emulator/worlds/{name}")
        for key in (world or {}).get("api_keys", ())[:1]:
            for path in ("/api/runs", "/api/me"):
                self._call("GET", f"/_w/{name}{path}", Authorization=f"Bearer {key['secret']}")
        if self._dice.random() < 0.3:
            self._call("POST", f"/_emulator/worlds/{name}/reset", {})
        self._call("DELETE", f"/_emulator/worlds/{name}")

    def _cut_off(self) -> None:
        """Begin a request and go away."""
        with socket.create_connection(("127.0.0.1", self._port)) as gone:
            gone.sendall(
                b"POST /api/e2e/cli-sync HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n"
                b"Content-Type: application/json\r\n\r\n{"
            )


def soak(requests: int, seed: int) -> Figures:
    """Soak a fresh server."""
    server = start("--seed", "demo")
    try:
        return Soak(server, seed).run(requests)
    finally:
        server.stop()
