"""Request targets, Host headers, versions and upgrades: an answer in shape, or a refusal."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from tests.support.checked_client import Emulator
from tests.support.fixture_seed import problem
from tests.support.messages import golden
from tests.support.raw_http import Line, Reply, ask
from tests.support.server import start


def ask_raw(url: str, *lines: str) -> Reply:
    """Send one head as it is and return the answer."""
    with Line(url) as line:
        line.send_bytes("\r\n".join([*lines, "", ""]).encode("latin-1"))
        return line.read(method=lines[0].split(" ")[0])


def refusal(answer: Reply) -> tuple[int, object]:
    """Return the status and body of an answer that names this emulator."""
    assert answer.headers["x-emulator"].startswith("worldflux-emulator/")
    return answer.status, answer.json


def entries(url: str) -> int:
    """Return the id of the newest journal entry."""
    items = ask(url, "GET /_emulator/requests HTTP/1.1").json["items"]
    return int(items[0]["id"]) if items else 0


@pytest.mark.parametrize("method", ["OPTIONS", "GET", "POST"])
@pytest.mark.parametrize("target", ["*", "localhost:80"])
def test_a_target_that_is_no_path_is_refused_in_shape(url: str, method: str, target: str) -> None:
    before = entries(url)
    answer = ask(url, f"{method} {target} HTTP/1.1", "Content-Length: 0")
    if repr(target) in answer.message:
        message = golden("http", "framing", "target-is-no-path", target=repr(target))
        assert refusal(answer) == (400, {"detail": problem("validation_error", message)})
    else:
        why = answer.message.partition(": ")[2]
        message = golden("http", "framing", "unreadable", why=why)
        assert (answer.status, answer.message) == (400, message)
    assert entries(url) == before


def test_connect_is_refused_in_shape(url: str) -> None:
    message = golden("http", "framing", "connect")
    answer = ask(url, "CONNECT localhost:80 HTTP/1.1")
    assert refusal(answer) == (400, {"detail": problem("validation_error", message)})


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://localhost/healthz", 200),
        ("HTTP://localhost:8787/healthz?a=b", 200),
        ("https://127.0.0.1/api/me", 401),
        ("http://localhost", 200),
        ("http://localhost?a=b", 200),
    ],
)
def test_an_absolute_target_is_its_path(url: str, target: str, status: int) -> None:
    assert ask(url, f"GET {target} HTTP/1.1").status == status


def test_the_authority_of_an_absolute_target_is_guarded_as_a_host_is(url: str) -> None:
    answer = ask(url, "GET http://evil.test/healthz HTTP/1.1")
    message = golden("all", "forbidden", "unknown-host-in-target")
    assert (answer.status, answer.message) == (403, message)


@pytest.mark.parametrize("target", ["//", "//[/x", "/%00", "/%ff", "/é", "/a b"])
def test_a_strange_path_is_no_bug(url: str, target: str) -> None:
    assert ask(url, f"GET {target} HTTP/1.1").status in (400, 404)


# Host


@pytest.mark.parametrize(
    ("path", "member"),
    [("/api/me", "detail"), ("/api/cloud/me", "error"), ("/_emulator/health", "error")],
)
def test_http_1_1_without_a_host_is_refused_in_the_shape_of_its_surface(
    url: str, path: str, member: str
) -> None:
    message = golden("http", "framing", "no-host")
    for host in ((), ("Host:",)):
        answer = ask_raw(url, f"GET {path} HTTP/1.1", *host)
        assert refusal(answer) == (400, {member: problem("validation_error", message)})


def test_gotrue_refuses_it_in_its_own_shape(url: str) -> None:
    message = golden("http", "framing", "no-host")
    body = {"code": 400, "error_code": "validation_failed", "msg": message}
    assert refusal(ask_raw(url, "GET /auth/v1/user HTTP/1.1")) == (400, body)


def test_two_hosts_are_refused(url: str) -> None:
    answer = ask(url, "GET /healthz HTTP/1.1", "Host: localhost")
    message = golden("http", "framing", "two-hosts")
    assert refusal(answer) == (400, {"detail": problem("validation_error", message)})


def test_http_1_0_needs_no_host_on_a_loopback_address(url: str) -> None:
    with Line(url) as line:
        line.send_bytes(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert line.read().status == 200
        assert line.is_closed()


def test_http_1_0_with_a_foreign_host_is_refused(url: str) -> None:
    assert ask_raw(url, "GET /healthz HTTP/1.0", "Host: evil.test").status == 403


# Upgrades

WEBSOCKET = (
    "Connection: keep-alive, Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


def test_an_upgrade_to_websockets_is_ignored(url: str) -> None:
    with Line(url) as line:
        for path, status in (("/healthz", 200), ("/nothing", 404), ("/api/me", 401)):
            line.send(f"GET {path} HTTP/1.1", *WEBSOCKET)
            assert line.read().status == status


def test_an_upgrade_of_realtime_is_answered_as_any_request_for_it(url: str) -> None:
    line = "GET /realtime/v1/websocket?apikey=x&vsn=1.0.0 HTTP/1.1"
    answer, plain = ask(url, line, *WEBSOCKET), ask(url, line)
    assert answer.status >= 400
    assert (answer.status, answer.json) == (plain.status, plain.json)


def test_an_upgrade_from_a_foreign_host_is_refused(url: str) -> None:
    answer = ask_raw(url, "GET /realtime/v1/websocket HTTP/1.1", "Host: evil.test", *WEBSOCKET)
    assert answer.status == 403


def test_the_body_of_a_request_that_asks_for_an_upgrade_is_read(url: str) -> None:
    # Real: the JDK's HttpClient asks for HTTP/2 with each request, whatever its body.
    h2c = (
        "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c",
        "HTTP2-Settings: AAEAAEAAAAIAAAAB",
    )
    body = b'{"client_run_id": "upgraded"}'
    with Line(url) as line:
        for status in (201, 200):
            line.send(
                "POST /api/e2e/cli-sync HTTP/1.1",
                *h2c,
                "Content-Type: application/json",
                f"Content-Length: {len(body)}",
                body=body,
            )
            assert line.read().status == status
        entry = ask(url, "GET /_emulator/requests?limit=1 HTTP/1.1").json["items"][0]
        assert entry["request"]["body"] == {"client_run_id": "upgraded"}


def test_many_upgrades_on_one_connection_are_served(url: str) -> None:
    count = 3_000
    request = "\r\n".join(["GET /healthz HTTP/1.1", "Host: localhost", *WEBSOCKET, "", ""])
    with Line(url) as line:
        line.send_bytes(request.encode() * count)
        assert {line.read().status for _ in range(count)} == {200}


def test_in_process_a_websocket_is_closed(demo: Emulator) -> None:
    with (
        pytest.raises(WebSocketDisconnect) as closed,
        TestClient(demo.app).websocket_connect("/realtime/v1/websocket"),
    ):
        raise AssertionError
    assert closed.value.code == 1008


def test_the_log_says_nothing_of_upgrades(seed: str, tmp_path: Path) -> None:
    log = tmp_path / "stderr"
    with log.open("wb") as stderr:
        running = start("--seed", seed, stderr=stderr)
    ask(running.url, "GET /realtime/v1/websocket HTTP/1.1", *WEBSOCKET)
    ask(running.url, "OPTIONS * HTTP/1.1")
    running.stop()
    assert log.read_text() == ""
