"""A request whose client goes away before its body is whole never was."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.support.fixture_seed import SECRET
from tests.support.raw_http import Line, ask, settle
from tests.support.server import Running

RUN = b'{"client_run_id": "half"}'
ACCOUNT = b'{"email": "half@lab.test", "password": "half-password"}'

REQUESTS: dict[str, tuple[str, bytes]] = {
    "reset": ("/_emulator/reset", b"{}"),
    "clock": ("/_emulator/clock/advance", b'{"duration": "P1D"}'),
    "worlds": ("/_emulator/worlds", b'{"name": "half"}'),
    "import": ("/_emulator/import", b"{}"),
    "upstream": ("/api/sync/runs", RUN),
    "bff": ("/api/auth/signup", ACCOUNT),
    "gotrue": ("/auth/v1/signup", ACCOUNT),
    "cli-sync": ("/api/e2e/cli-sync", RUN),
    "new world": ("/_w/half/api/e2e/cli-sync", RUN),
}

HEADERS = ("Content-Type: application/json", f"Authorization: Bearer {SECRET}")


def everything(url: str) -> dict[str, Any]:
    """Return what requests leave behind: worlds with states and clocks, journal, faults."""
    paths = ("worlds", "requests", "faults", "clock")
    return {path: ask(url, f"GET /_emulator/{path} HTTP/1.1").json for path in paths}


def post(url: str, path: str, body: object) -> None:
    """Make a POST with a JSON body, which is to succeed."""
    sent = orjson.dumps(body)
    head = (f"POST {path} HTTP/1.1", *HEADERS, f"Content-Length: {len(sent)}")
    assert ask(url, *head, body=sent).status < 300


@pytest.fixture(scope="module")
def used(server: Running) -> str:
    """Return the origin of a server whose state a reset would change, with a fault that counts."""
    post(server.url, "/api/e2e/cli-sync", {"client_run_id": "whole"})
    fault = {"match": {"method": "POST", "nth": 1_000}, "then": {"status": 500}}
    post(server.url, "/_emulator/faults", fault)
    return server.url


@pytest.mark.parametrize("end", ["FIN", "RST"])
@pytest.mark.parametrize("framing", ["nothing", "all but a byte", "chunks without the last"])
@pytest.mark.parametrize("name", REQUESTS)
def test_a_half_sent_body_runs_nothing(used: str, name: str, framing: str, end: str) -> None:
    path, body = REQUESTS[name]
    before = everything(used)
    line = Line(used)
    if framing == "chunks without the last":
        chunk = f"{len(body):x}\r\n".encode() + body + b"\r\n"
        line.send(f"POST {path} HTTP/1.1", *HEADERS, "Transfer-Encoding: chunked", body=chunk)
    else:
        sent = b"" if framing == "nothing" else body
        length = f"Content-Length: {len(body) + 1}"
        line.send(f"POST {path} HTTP/1.1", *HEADERS, length, body=sent)
    settle(used)
    if end == "RST":
        line.reset()
    else:
        line.finish()
        assert line.is_closed()
        line.close()
    settle(used)
    assert everything(used) == before


def test_a_client_that_leaves_instead_of_continuing_runs_nothing(used: str) -> None:
    before = everything(used)
    with Line(used) as line:
        line.send(
            "POST /_emulator/reset HTTP/1.1", *HEADERS, "Content-Length: 2", "Expect: 100-continue"
        )
        assert line.interim() == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.finish()
        assert line.is_closed()
    assert everything(used) == before


def test_a_whole_request_is_answered_to_a_client_that_sends_no_more(used: str) -> None:
    with Line(used) as line:
        line.send(
            "POST /api/e2e/cli-sync HTTP/1.1",
            *HEADERS,
            f"Content-Length: {len(RUN)}",
            body=RUN,
        )
        line.finish()
        assert line.read().status == 201
        assert line.is_closed()


def test_whole_requests_before_a_half_sent_one_are_answered(used: str) -> None:
    with Line(used) as line:
        whole = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        half = b"POST /_emulator/reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30\r\n\r\n{"
        before = ask(used, "GET /_emulator/state HTTP/1.1").json
        line.send_bytes(whole + whole + half)
        line.finish()
        assert [line.read().status, line.read().status] == [200, 200]
        assert line.is_closed()
    assert ask(used, "GET /_emulator/state HTTP/1.1").json == before
