"""Raw ASGI app, the yardstick: it answers stored bytes, on the uvicorn that the emulator uses.

Run as a process of its own, `python -m tests.bench.raw FILE`, where the file maps "METHOD path" to
the status and the body to answer with. It prints its URL in one line of JSON.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.support.server import Running


def start(answers: Path) -> Running:
    """Start the app and return once it answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.raw", str(answers)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"the raw app ended with {process.wait()}")
    return Running(process, json.loads(line))


def main() -> None:
    """Serve until a signal."""
    answers = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    config = uvicorn.Config(
        _app({key: (status, body.encode()) for key, (status, body) in answers.items()}),
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
    )
    _Server(config).run(sockets=[listener])


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        assert sockets is not None
        url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        print(json.dumps({"url": url}), flush=True)


def _app(answers: Mapping[str, tuple[int, bytes]]) -> ASGIApp:
    starts = {key: _start(status, body) for key, (status, body) in answers.items()}
    bodies = {key: body for key, (_, body) in answers.items()}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        key = f"{scope['method']} {scope['path']}"
        if scope["method"] == "POST":
            await receive()
        await send(starts[key])
        await send({"type": "http.response.body", "body": bodies[key]})

    return app


def _start(status: int, body: bytes) -> Message:
    length = str(len(body)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", length)]
    return {"type": "http.response.start", "status": status, "headers": headers}


if __name__ == "__main__":
    main()
