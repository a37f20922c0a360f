"""Fresh backends over HTTP: a fork, a reset, or a new process."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from urllib.parse import urlsplit

from tests.bench.figures import Figure
from tests.bench.table import show
from tests.support.server import start

ROUNDS = 50
PROCESSES = 3
"""New processes that are started; each takes seconds."""

_SEED = """\
users:
  - {{email: ada@bench.test, password: ada-password, name: Ada}}
workspaces:
  - slug: bench
    name: Bench
    members: [{{user: ada@bench.test, role: owner}}]
    projects: [{{slug: alpha, name: Alpha}}]
    recipe: {{runs: {runs}, families: {{libero: 1}}, statuses: {{succeeded: 1}}}}
"""


class Control:
    """A connection to control that is kept open; `content` is the last answer's body."""

    def __init__(self, origin: str) -> None:
        """Connect to a server."""
        self.content = b""
        parts = urlsplit(origin)
        self._connection = HTTPConnection("127.0.0.1", parts.port or 80)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def call(self, method: str, path: str, body: object = None) -> float:
        """Make a call and return the milliseconds until its answer was read."""
        content = None if body is None else json.dumps(body)
        began = perf_counter()
        headers = {"Content-Type": "application/json"} if content else {}
        self._connection.request(method, path, content, headers)
        answer = self._connection.getresponse()
        self.content = answer.read()
        assert answer.status < 400, f"{method} {path}: {answer.status}"
        return (perf_counter() - began) * 1000


def measure(sizes: Sequence[int]) -> list[Figure]:
    """Print and return the milliseconds of each way to a fresh backend, by size."""
    ways = {
        "healthz, for comparison": _healthz,
        "fork": _fork,
        "first request that names a new world": _lazily,
        "fork with a port of its own": _with_port,
        "reset after a change": _reset,
    }
    figures: dict[str, list[Figure]] = {name: [] for name in (*ways, "a new process")}

    def add(name: str, size: int, values: list[float]) -> None:
        column = f"{size:,} runs"
        figure = Figure(part="worlds", row=name, column=column, unit="ms", values=values)
        figures[name].append(figure)

    with TemporaryDirectory() as folder:
        for size in sizes:
            seed = Path(folder, f"runs-{size}.yaml")
            seed.write_text(_SEED.format(runs=size), "utf-8")
            with _control(seed) as control:
                for name, way in ways.items():
                    add(name, size, [way(control, place) for place in range(ROUNDS)])
            add("a new process", size, [_new_process(seed) for _ in range(PROCESSES)])
    rows = [
        [name, *(figure.cell for figure in sized), str(sized[0].wanted or "")]
        for name, sized in figures.items()
    ]
    head = ["", *(f"{size:,} runs (min–max)" for size in sizes), "wanted"]
    show("A fresh backend over HTTP, ms", head, rows)
    return [figure for sized in figures.values() for figure in sized]


@contextmanager
def _control(seed: Path) -> Iterator[Control]:
    running = start("--seed", str(seed))
    with closing(Control(running.url)) as control:
        yield control
    running.stop()


def _healthz(control: Control, _: int) -> float:
    return control.call("GET", "/healthz")


def _fork(control: Control, place: int) -> float:
    return control.call("POST", "/_emulator/worlds/default/fork", {"name": f"fork-{place}"})


def _lazily(control: Control, place: int) -> float:
    return control.call("GET", f"/_w/lazy-{place}/healthz")


def _with_port(control: Control, place: int) -> float:
    body = {"name": f"port-{place}", "port": 0}
    took = control.call("POST", "/_emulator/worlds/default/fork", body)
    control.call("DELETE", f"/_emulator/worlds/port-{place}")
    return took


def _reset(control: Control, place: int) -> float:
    control.call("POST", "/api/e2e/cli-sync", {"client_run_id": f"changed-{place}"})
    return control.call("POST", "/_emulator/reset", {})


def _new_process(seed: Path) -> float:
    began = perf_counter()
    running = start("--seed", str(seed))
    with closing(Control(running.url)) as control:
        control.call("GET", "/healthz")
    took = (perf_counter() - began) * 1000
    running.stop()
    return took
