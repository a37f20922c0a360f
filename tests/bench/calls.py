"""Calls that are measured, as they are sent, and single calls with the standard library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from tests.support.server import Running

SEED = Path(__file__).with_name("scene.yaml")
SECRET = "wbx_bench_0000000000_live"
LOGIN = {"email": "ada@bench.test", "password": "ada-password"}
KEYED = {"authorization": f"Bearer {SECRET}"}

RUN = {
    "name": "OpenPI on libero_spatial",
    "adapter_id": "openpi",
    "task": "eval",
    "environment": "libero/libero_spatial",
    "metrics": {"success_rate": 0.94, "num_episodes": 100},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request, and the status that it must be answered with."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    status: int = 200

    @property
    def wire(self) -> str:
        """The request as it is sent."""
        head = {"host": "127.0.0.1", "accept": "application/json", **self._all_headers}
        if self.body:
            head["content-length"] = str(len(self.body))
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{k}: {v}" for k, v in head.items())]
        return "\r\n".join([*lines, "", self.body.decode()])

    @property
    def _all_headers(self) -> Mapping[str, str]:
        content_type = {"content-type": "application/json"} if self.body else {}
        return {**content_type, **self.headers}

    def send(self, port: int) -> tuple[Mapping[str, str], bytes]:
        """Make the call once and return the headers, their names in lower case, and the body.

        Raises RuntimeError where the status is another.
        """
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request(self.method, self.path, self.body or None, dict(self._all_headers))
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != self.status:
            raise RuntimeError(f"{self.method} {self.path}: {answer.status} {body[:2000]!r}")
        return {name.lower(): value for name, value in answer.getheaders()}, body


NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def post(
    path: str, body: object, *, headers: Mapping[str, str] = NO_HEADERS, status: int = 200
) -> Call:
    """Return a POST of JSON."""
    content = json.dumps(body).encode()
    return Call(method="POST", path=path, headers=headers, body=content, status=status)


def port_of(server: Running) -> int:
    """Return the port that a server listens on."""
    port = urlsplit(server.url).port
    assert port is not None
    return port


def answer_to(server: Running, call: Call) -> tuple[Mapping[str, str], bytes]:
    """Make a call once and return the headers and the body of its answer."""
    return call.send(port_of(server))


def cookie_of(server: Running, headers: Mapping[str, str] = NO_HEADERS) -> str:
    """Sign in and return the Cookie header of the session."""
    answered, _ = answer_to(server, post("/api/auth/login", LOGIN, headers=headers))
    return answered["set-cookie"].partition(";")[0]


def sign_in(server: Running, headers: Mapping[str, str] = NO_HEADERS) -> Call:
    """Return the call that signs in at GoTrue."""
    anon_key = server.ready["env"]["NEXT_PUBLIC_SUPABASE_ANON_KEY"]
    path = "/auth/v1/token?grant_type=password"
    return post(path, LOGIN, headers={"apikey": anon_key, **headers})


def user_of(server: Running, headers: Mapping[str, str] = NO_HEADERS) -> Call:
    """Sign in at GoTrue and return the call for the user of the session."""
    login = sign_in(server, headers)
    token = json.loads(answer_to(server, login)[1])["access_token"]
    return Call(
        method="GET",
        path="/auth/v1/user",
        headers={**login.headers, "authorization": f"Bearer {token}"},
    )
