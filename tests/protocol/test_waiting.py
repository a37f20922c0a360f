"""Requests that wait: for which changes they are run again, and how long without their client.

The server runs in this process, so that how often control ran can be counted.
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Thread

import pytest
import uvicorn
from starlette.types import Scope

from emulator.server.connection import connection_class
from emulator.wire.http.asgi import RawResponse
from emulator.wire.http.router import Router
from tests.support.checked_client import Emulator
from tests.support.messages import golden
from tests.support.raw_http import Line, ask, settle, until

MAIL = "GET /_w/{world}/_emulator/mail?to={to}&wait=60 HTTP/1.1"
REQUESTS = "GET /_w/{world}/_emulator/requests?path=/{to}&wait=60 HTTP/1.1"


@dataclass
class Served:
    """A server in this process; `runs` counts control's runs by path and query."""

    url: str
    server: uvicorn.Server
    runs: Counter[str]

    def is_idle(self) -> bool:
        """Tell whether no request is under way."""
        return not self.server.server_state.tasks


class Counting(Router):
    """A router that counts how often it is called."""

    def __init__(self, router: Router, *, runs: Counter[str]) -> None:
        vars(self).update(vars(router))
        self._runs = runs

    def call(self, scope: Scope, body: bytes) -> RawResponse:
        self._runs[f"{scope['path']}?{scope['query_string'].decode()}"] += 1
        return super().call(scope, body)


@contextmanager
def serving(emulator: Emulator) -> Iterator[Served]:
    """Serve an emulator on a free port."""
    runs: Counter[str] = Counter()
    control = emulator.app.surfaces[0]
    vars(control)["app"] = Counting(control.app, runs=runs)
    config = uvicorn.Config(
        emulator.app,
        http=connection_class(emulator.app.cache),
        ws="none",
        lifespan="off",
        log_level="warning",
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        until(lambda: server.started, what="a start")
        yield Served(f"http://localhost:{listener.getsockname()[1]}", server, runs)
        server.should_exit = True
        thread.join()


@pytest.fixture
def served(scene: Emulator) -> Iterator[Served]:
    """Return the scene's emulator on a port, with the worlds `here` and `there`."""
    with serving(scene) as served:
        for world in ("here", "there"):
            assert ask(served.url, f"GET /_w/{world}/healthz HTTP/1.1").status == 200
        yield served


def wait(served: Served, kind: str, *, to: str = "nobody", world: str = "here") -> tuple[Line, str]:
    """Return a connection with a request that waits, and its path and query as they are counted."""
    line = Line(served.url)
    target = kind.format(world=world, to=to)
    line.send(target)
    settle(served.url)
    counted = target.split(" ")[1].removeprefix(f"/_w/{world}")
    assert served.runs[counted] == 1
    return line, counted


@pytest.mark.parametrize("kind", [MAIL, REQUESTS])
def test_a_change_of_another_world_runs_nothing_again(served: Served, kind: str) -> None:
    line, counted = wait(served, kind)
    body = b'{"client_run_id": "a"}'
    for prefix in ("/_w/there", ""):
        head = (f"POST {prefix}/api/e2e/cli-sync HTTP/1.1", f"Content-Length: {len(body)}")
        sent = ask(served.url, *head, "Content-Type: application/json", body=body)
        assert sent.status == 201
        assert ask(served.url, f"POST {prefix}/_emulator/reset HTTP/1.1").status == 200
    assert ask(served.url, "DELETE /_emulator/worlds/there HTTP/1.1").status == 204
    settle(served.url)
    assert served.runs[counted] == 1
    assert ask(served.url, "GET /_w/here/nobody HTTP/1.1").status == 404
    settle(served.url)
    assert served.runs[counted] == 2
    line.close()


def test_what_is_looked_at_wakes_nobody(served: Served) -> None:
    line, counted = wait(served, MAIL)
    for path in ("requests", "state", "mail", "worlds"):
        assert ask(served.url, f"GET /_w/here/_emulator/{path} HTTP/1.1").status == 200
    settle(served.url)
    assert served.runs[counted] == 1
    line.close()


def test_a_world_that_is_deleted_ends_what_waits_in_it(served: Served) -> None:
    line, _ = wait(served, MAIL)
    assert ask(served.url, "DELETE /_emulator/worlds/here HTTP/1.1").status == 204
    answer = line.read()
    assert (answer.status, answer.message) == (
        404,
        golden("all", "not_found", "no-world-here-here"),
    )
    line.close()


def test_a_world_that_is_put_back_wakes_what_waits_in_it(served: Served) -> None:
    line, counted = wait(served, MAIL)
    assert ask(served.url, "POST /_emulator/worlds/here/reset HTTP/1.1").status == 200
    until(lambda: served.runs[counted] == 2, what="a second run")
    line.close()


@pytest.mark.parametrize("kind", [MAIL, REQUESTS])
@pytest.mark.parametrize("end", ["FIN", "RST"])
def test_a_client_that_has_gone_is_waited_for_no_longer(
    served: Served, kind: str, end: str
) -> None:
    line, counted = wait(served, kind)
    assert not served.is_idle()
    if end == "RST":
        line.reset()
    else:
        line.close()
    until(served.is_idle, what="an end of the wait")
    assert ask(served.url, "GET /_w/here/nobody HTTP/1.1").status == 404
    settle(served.url)
    assert served.runs[counted] == 1


def test_a_client_that_only_sends_no_more_is_answered_at_once(served: Served) -> None:
    line, _ = wait(served, MAIL)
    line.finish()
    assert line.read().json == {"items": [], "next_cursor": None}
    assert line.is_closed()
    line.close()


def test_a_connection_serves_on_after_what_woke_it(served: Served) -> None:
    line, _ = wait(served, REQUESTS)
    line.send("GET /healthz HTTP/1.1")
    assert ask(served.url, "GET /_w/here/nobody HTTP/1.1").status == 404
    assert [one["path"] for one in line.read().json["items"]] == ["/nobody"]
    assert line.read().status == 200
    line.send("GET /healthz HTTP/1.1")
    assert line.read().status == 200
    line.close()


# Deliveries


class Endpoint:
    """A webhook endpoint of raw bytes: counts what comes and answers with a function."""

    def __init__(self, answer: Callable[[socket.socket], None]) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        self.count = 0
        self._thread = Thread(target=self._serve)

    def __enter__(self) -> Endpoint:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                self.count += 1
                self._answer(connection)


def post(line: Line, path: str, body: bytes) -> None:
    """Send a POST with JSON."""
    head = (f"POST {path} HTTP/1.1", "Content-Type: application/json")
    line.send(*head, f"Content-Length: {len(body)}", body=body)


def listen(served: Served, endpoint: Endpoint) -> None:
    """Have the default world deliver its events to an endpoint."""
    with Line(served.url) as line:
        post(line, "/_emulator/webhooks", b'{"url": "%s"}' % endpoint.url.encode())
        assert line.read().status == 201


def test_deliveries_go_on_without_the_client_that_waits_for_them(
    emulate: type[Emulator],
) -> None:
    released = Event()

    def answer(connection: socket.socket) -> None:
        released.wait()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with Endpoint(answer) as endpoint, serving(emulate("past-due")) as served:
        listen(served, endpoint)
        line = Line(served.url)
        post(line, "/_emulator/clock/advance", b'{"duration": "P1Y"}')
        until(lambda: endpoint.count, what="a delivery")
        assert not served.is_idle()
        line.close()
        until(served.is_idle, what="an end of the wait")
        assert endpoint.count == 1
        released.set()
        until(lambda: endpoint.count > 5, what="the other deliveries")


def test_an_endpoint_that_answers_without_end_is_not_read_to_it(emulate: type[Emulator]) -> None:
    parts, part = 256, bytes(2**20)
    sent = []

    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with suppress(OSError):
            for place in range(parts):
                connection.sendall(part)
                sent.append(place)

    with Endpoint(answer) as endpoint, serving(emulate("past-due")) as served:
        listen(served, endpoint)
        with Line(served.url) as line:
            post(line, "/_emulator/clock/advance", b'{"duration": "P1M"}')
            assert line.read().status == 200
        logged = ask(served.url, "GET /_emulator/deliveries HTTP/1.1").json["items"]
        assert {one["status"] for one in logged} == {"delivered"}
    assert endpoint.count
    assert max(sent, default=0) < parts - 1
