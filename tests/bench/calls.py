"""The calls that are measured, as bytes on the wire, and single ones made by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
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
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def wire(self) -> str:
        """The request as it is sent."""
        head = {"host": "127.0.0.1", "accept": "application/json", **self.headers}
        if self.body:
            head |= {"content-type": "application/json", "content-length": str(len(self.body))}
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{k}: {v}" for k, v in head.items())]
        return "\r\n".join([*lines, "", self.body.decode()])


def port_of(server: Running) -> int:
    """Return the port that a server listens on."""
    port = urlsplit(server.url).port
    assert port is not None
    return port


def answer_to(server: Running, call: Call) -> tuple[Mapping[str, str], bytes]:
    """Make a call once and return the headers and the body of its answer, which must be good."""
    connection = HTTPConnection("127.0.0.1", port_of(server), timeout=60)
    head = dict(call.headers)
    if call.body:
        head["content-type"] = "application/json"
    connection.request(call.method, call.path, call.body or None, head)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if not 200 <= answer.status < 300:
        raise RuntimeError(f"{call.method} {call.path}: {answer.status} {body[:2000]!r}")
    return dict(answer.getheaders()), body


def cookie_of(server: Running) -> str:
    """Sign in and return the Cookie header of the session."""
    call = Call(method="POST", path="/api/auth/login", body=json.dumps(LOGIN).encode())
    headers, _ = answer_to(server, call)
    return {name.lower(): value for name, value in headers.items()}["set-cookie"].partition(";")[0]
