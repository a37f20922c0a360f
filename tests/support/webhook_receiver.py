"""A webhook consumer on a port of its own, which keeps what it got and answers as told."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

import stripe

POLL_SECONDS = 0.1
"""How long it takes to end, at most."""


@dataclass
class Receiver:
    """Answers 200, or each of `answers` first; the next `hangs` calls it does not answer."""

    answers: list[int] = field(default_factory=list)
    got: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    hangs: int = 0
    unanswered: list[bytes] = field(default_factory=list)
    _ends: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Receiver:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if receiver.hangs:
                    receiver.hangs -= 1
                    receiver.unanswered.append(body)
                    receiver._ends.wait()
                    return
                receiver.got.append((body, {k.lower(): v for k, v in self.headers.items()}))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        serve = self._server.serve_forever
        self._thread = threading.Thread(target=serve, args=(POLL_SECONDS,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ends.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def origin(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """Where to deliver to."""
        return f"{self.origin}/hooks"

    def events(self, secret: str) -> list[Any]:
        """What was got, verified and parsed by the real library."""
        return [
            stripe.Webhook.construct_event(body, headers["stripe-signature"], secret)
            for body, headers in self.got
        ]
