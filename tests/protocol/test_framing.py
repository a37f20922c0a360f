"""How requests are framed: bodies, pipelines, heads that are too large, framing that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fixture_seed import problem
from tests.support.messages import golden
from tests.support.raw_http import Line, ask, until
from tests.support.server import Running, start

SYNC = "POST /api/e2e/cli-sync HTTP/1.1"
JSON = "Content-Type: application/json"
HEALTH = b"GET /_emulator/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
HEAD_MAX = 64 * 1024


def run_of(name: str) -> bytes:
    """Return a run as a client sends it."""
    return b'{"client_run_id": "%s"}' % name.encode()


def digest(url: str) -> str:
    """Return the digest of the default world."""
    return str(ask(url, "GET /_emulator/state HTTP/1.1").json["digest"])


def test_pipelined_requests_are_answered_in_order(url: str) -> None:
    with Line(url) as line:
        for name in ("first", "second"):
            body = run_of(name)
            line.send(SYNC, JSON, f"Content-Length: {len(body)}", body=body)
        line.send("GET /nothing HTTP/1.1")
        line.send("HEAD /healthz HTTP/1.1")
        line.send_bytes(HEALTH)
        synced = [line.read().json["items"][0]["client_run_id"] for _ in range(2)]
        assert synced == ["first", "second"]
        assert line.read().status == 404
        assert line.read(method="HEAD").status == 200
        assert line.read().status == 200


def test_a_connection_serves_on_after_a_long_poll(url: str) -> None:
    with Line(url) as line:
        line.send("GET /_emulator/mail?to=nobody@lab.test&wait=1 HTTP/1.1")
        line.send_bytes(HEALTH)
        assert line.read().json == {"items": [], "next_cursor": None}
        assert line.read().status == 200
        line.send_bytes(HEALTH)
        assert line.read().status == 200


def test_a_client_that_only_sends_is_not_read_from(url: str, server: Running) -> None:
    # 300,000 requests took 800 MB when all were read before the first was answered.
    before = memory_kb(server)
    with Line(url) as line:
        sent = HEALTH * 2_000
        with pytest.raises(TimeoutError):
            line.send_until_full(sent, most=150)
        assert memory_kb(server) < before + 100_000


def memory_kb(server: Running) -> int:
    """Return how much memory a server holds."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(next(one for one in status.splitlines() if one.startswith("VmRSS")).split()[1])


def test_the_client_is_asked_to_continue_once_its_body_is_wanted(url: str) -> None:
    body = run_of("continued")
    with Line(url) as line:
        line.send(SYNC, JSON, f"Content-Length: {len(body)}", "Expect: 100-continue")
        assert line.interim() == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.send_bytes(body)
        assert line.read().status == 201


def test_a_refused_client_is_not_asked_to_continue(url: str) -> None:
    with Line(url) as line:
        head = (SYNC, "Host: localhost", "Content-Length: 5", "Expect: 100-continue", "", "")
        line.send(*head[:1], *head[1:-2])
        assert line.read().status == 400


def test_chunks_are_a_body(url: str) -> None:
    body = run_of("chunked")
    parts = [b"%x;note=1\r\n%b\r\n" % (len(part), part) for part in (body[:3], body[3:])]
    with Line(url) as line:
        line.send(SYNC, JSON, "Transfer-Encoding: chunked")
        for part in (*parts, b"0\r\nTrailer: 1\r\n\r\n"):
            line.send_bytes(part)
        assert line.read().status == 201
        line.send_bytes(HEALTH)
        assert line.read().status == 200


def test_a_connection_serves_on_after_a_body_that_was_too_large(url: str) -> None:
    size = 10 * 2**20 + 1
    with Line(url) as line:
        line.send("POST /auth/v1/signup HTTP/1.1", JSON, f"Content-Length: {size}")
        line.send_bytes(bytes(size))
        assert line.read().status == 413
        line.send_bytes(HEALTH)
        assert line.read().status == 200


@pytest.mark.parametrize("path", ["/healthz", "/api/me", "/nothing", "/_emulator/health"])
def test_head_is_get_without_its_body(url: str, path: str) -> None:
    with Line(url) as line:
        line.send(f"GET {path} HTTP/1.1")
        whole = line.read()
        line.send(f"HEAD {path} HTTP/1.1")
        bare = line.read(method="HEAD")
    assert (bare.status, bare.body) == (whole.status, b"")
    assert bare.headers["content-length"] == whole.headers["content-length"]


# Heads that are too large


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/me", {"detail": 431}),
        ("/api/cloud/me", {"error": 431}),
        ("/_emulator/health", {"error": 431}),
    ],
)
@pytest.mark.parametrize("is_whole", [True, False])
def test_too_many_headers_are_431_in_the_shape_of_the_surface(
    url: str, path: str, body: dict[str, int], *, is_whole: bool
) -> None:
    message = golden("http", "framing", "head-too-large")
    with Line(url) as line:
        if is_whole:
            line.send(f"GET {path} HTTP/1.1", f"X-Long: {'x' * HEAD_MAX}")
        else:
            line.send_bytes(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Long: ".encode())
            # What was sent before is read by now: what follows is a chunk of its own.
            assert ask(url, "GET /_emulator/health HTTP/1.1").status == 200
            for _ in range(40):
                line.send_bytes(b"x" * HEAD_MAX)
        answer = line.read()
    assert (answer.status, answer.json) == (
        431,
        dict.fromkeys(body, problem("validation_error", message)),
    )


def test_gotrue_has_its_own_shape_for_it(url: str) -> None:
    answer = ask(url, "GET /auth/v1/user HTTP/1.1", f"X-Long: {'x' * HEAD_MAX}")
    message = golden("http", "framing", "head-too-large")
    body = {"code": 431, "error_code": "validation_failed", "msg": message}
    assert (answer.status, answer.json) == (431, body)


def test_many_small_headers_are_as_large_as_one(url: str) -> None:
    headers = [f"X-{number}: {'x' * 70}" for number in range(1_000)]
    assert ask(url, "GET /_emulator/health HTTP/1.1", *headers).status == 431


def test_a_target_that_is_too_long_is_414(url: str) -> None:
    answer = ask(url, f"GET /api/me?{'x' * HEAD_MAX} HTTP/1.1")
    message = golden("http", "framing", "target-too-long")
    assert (answer.status, answer.message) == (414, message)


def test_a_head_without_an_end_is_not_kept(url: str, server: Running) -> None:
    before = memory_kb(server)
    with Line(url) as line:
        line.send_bytes(b"GET /api/me HTTP/1.1\r\nX-Long: ")
        for _ in range(1_600):
            line.send_bytes(b"x" * HEAD_MAX)
        assert line.read().status == 431
        assert memory_kb(server) < before + 50_000


def test_a_large_body_behind_a_head_is_no_part_of_it(url: str) -> None:
    padding = b" " * (300 * 1024)
    body = run_of("padded") + padding
    with Line(url) as line:
        for status in (201, 200):
            line.send(SYNC, JSON, f"Content-Length: {len(body)}", body=body)
            assert line.read().status == status


# Framing that is wrong

BAD = {
    "both framings": (SYNC, "Content-Length: 3", "Transfer-Encoding: chunked"),
    "two lengths": (SYNC, "Content-Length: 3", "Content-Length: 4"),
    "a length that is no number": (SYNC, "Content-Length: x"),
    "a negative length": (SYNC, "Content-Length: -1"),
    "a header without a name": (SYNC, ": x"),
    "a space before the colon": (SYNC, "Content-Length : 3"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_head_that_is_wrong_is_refused_in_shape_and_the_connection_closed(
    url: str, name: str
) -> None:
    before = digest(url)
    with Line(url) as line:
        line.send(*BAD[name])
        answer = line.read()
        assert answer.status == 400
        assert answer.json["error"]["code"] == "validation_error"
        why = answer.message.partition(": ")[2]
        assert answer.message == golden("http", "framing", "unreadable", why=why)
        assert answer.headers["connection"] == "close"
        assert line.is_closed()
    assert digest(url) == before


@pytest.mark.parametrize("garbage", [b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"HELLO\r\n\r\n"])
def test_what_is_no_http_is_refused_in_the_shape_of_the_upstream(url: str, garbage: bytes) -> None:
    with Line(url) as line:
        line.send_bytes(garbage + b"\r\n\r\n")
        answer = line.read()
        assert (answer.status, answer.json["detail"]["code"]) == (400, "validation_error")
        assert line.is_closed()


@pytest.mark.parametrize(
    "chunk", [b"x\r\n", b"5\r\nabcdefgh\r\n", b"-1\r\n", b"fffffffffffffffff\r\n"]
)
def test_a_bad_chunk_ends_the_request_as_if_it_had_not_come(url: str, chunk: bytes) -> None:
    before = digest(url)
    with Line(url) as line:
        body = run_of("never")
        line.send(SYNC, JSON, "Transfer-Encoding: chunked")
        line.send_bytes(b"%x\r\n%b\r\n" % (len(body), body) + chunk)
        answer = line.read()
        assert (answer.status, answer.json["error"]["code"]) == (400, "validation_error")
        assert line.is_closed()
    assert digest(url) == before


def test_what_is_wrong_behind_good_requests_takes_nothing_from_them(url: str) -> None:
    with Line(url) as line:
        line.send_bytes(HEALTH * 3 + b"\x00\x00\r\n\r\n")
        assert [line.read().status for _ in range(3)] == [200] * 3
        assert line.is_closed()


def test_a_refused_client_may_send_on_and_still_read_why(url: str) -> None:
    with Line(url) as line:
        line.send(SYNC, "Content-Length: x")
        for _ in range(100):
            line.send_bytes(bytes(HEAD_MAX))
        assert line.read().status == 400
        assert line.is_closed()


def test_the_log_says_nothing_of_what_clients_get_wrong(seed: str, tmp_path: Path) -> None:
    log = tmp_path / "stderr"
    with log.open("wb") as stderr:
        running = start("--seed", seed, stderr=stderr)
    ask(running.url, *BAD["both framings"])
    with Line(running.url) as line:
        line.send("GET /_emulator/mail?wait=60 HTTP/1.1")
    until(lambda: ask(running.url, "GET /healthz HTTP/1.1").status == 200, what="an answer")
    running.stop()
    assert log.read_text() == ""
