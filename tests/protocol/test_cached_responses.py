"""Responses from the cache over real connections: the same responses in the same order."""

from __future__ import annotations

import pytest

from tests.support.raw_http import Line, Reply, ask

GET = "GET /_w/{world}/healthz HTTP/1.1"
ENTRIES = "GET /_w/{world}/_emulator/requests HTTP/1.1"
SYNC = "POST /_w/{world}/api/e2e/cli-sync HTTP/1.1"


def without_date(reply: Reply) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return a response without what changes by the second; its headers in order."""
    headers = [(name, value) for name, value in reply.headers.items() if name != "date"]
    return reply.status, headers, reply.body


def test_a_repeated_response_is_the_same_and_both_requests_are_in_the_journal(url: str) -> None:
    get, entries = GET.format(world="repeated"), ENTRIES.format(world="repeated")
    first = ask(url, get, "User-Agent: one")
    second = ask(url, get, "User-Agent: two")
    assert without_date(first) == without_date(second)
    assert set(first.headers) == set(second.headers)
    two, one = ask(url, entries).json["items"]
    agents = [dict(entry["request"]["headers"])["user-agent"] for entry in (one, two)]
    assert agents == ["one", "two"]


def test_pipelined_reads_and_writes_are_answered_in_order(url: str) -> None:
    get = GET.format(world="mixed")
    body = b'{"client_run_id": "mixed"}'
    with Line(url) as line:
        line.send(get)
        first = line.read()
        for _ in range(2):
            line.send(get)
        line.send(
            SYNC.format(world="mixed"),
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            body=body,
        )
        line.send(get)
        repeated = [line.read() for _ in range(2)]
        synced, last = line.read(), line.read()
    state = "x-emulator-state"
    assert [reply.headers[state] for reply in repeated] == [first.headers[state]] * 2
    assert last.headers[state] == synced.headers[state] != first.headers[state]


def test_the_first_request_of_a_connection_may_be_answered_from_the_cache(url: str) -> None:
    get = GET.format(world="first")
    assert ask(url, get).status == 200
    with Line(url) as line:
        for _ in range(3):
            line.send(get)
            assert line.read().status == 200
        line.send(get, "Connection: close")
        assert line.read().headers["connection"] == "close"
        assert line.is_closed()


def test_a_client_that_only_sends_is_not_read_from(url: str) -> None:
    request = b"GET /_w/flood/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with Line(url) as line:
        line.send_bytes(request)
        assert line.read().status == 200
        with pytest.raises(TimeoutError):
            line.send_until_full(request * 2_000, most=150)
