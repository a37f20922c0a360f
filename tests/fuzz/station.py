"""An emulator in process, sent requests as a server sends them, on a loop of its own."""

from __future__ import annotations

import asyncio
import logging
import selectors
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from starlette.types import ASGIApp, Message

from emulator.app import build_app
from emulator.registry.registry import WorldRegistry
from emulator.settings import Settings
from emulator.world.records.types import Instant
from tests.fuzz.calls import Answer, Call
from tests.fuzz.scenes import Scene

CPU_SECONDS_MAX = 20.0
"""A call that computes for longer hangs; nothing that is answered comes near it."""

HUNG = "hung"
"""The error of an answer that never came."""


class Hung(BaseException):
    """A call that computed for too long. No Exception, so that nothing on its way swallows it."""


class _Log(logging.Handler):
    """Keeps what the emulator logs from the terminal, and which bug it was about."""

    def __init__(self) -> None:
        super().__init__()
        self.last = ""
        self._logger = logging.getLogger("emulator")
        self._logger.addHandler(self)
        self._logger.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        """Remember a bug."""
        error = record.exc_info[1] if record.exc_info else None
        self.last = record.getMessage() if error is None else _place_of(error)

    def close(self) -> None:
        """Let the log be as it was."""
        self._logger.removeHandler(self)
        self._logger.propagate = True
        super().close()


def _place_of(error: BaseException) -> str:
    """Return what was raised, and the last line of ours that it came through."""
    ours = [
        f"{Path(frame.filename).name}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if "/emulator/" in frame.filename
    ]
    return f"{type(error).__name__} at {ours[-1] if ours else '-'}: {str(error)[:100]}"


class _JumpingSelector(selectors.DefaultSelector):
    """Waits for nothing: where only timers are left, the time is that of the next one."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready, and let the time pass that a real loop would wait."""
        found = super().select(0)
        if not found and timeout is None:
            raise RuntimeError("nothing can ever answer this call")
        if not found and timeout:
            self.now += timeout
        return found


class _Loop(asyncio.SelectorEventLoop):
    """A loop whose sleeps take no time and whose connections are all refused."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return the seconds that have passed on this loop."""
        return self._jumping.now

    async def create_connection(self, *_: Any, **__: Any) -> Any:
        """Refuse: a webhook must reach nobody, whatever its URL."""
        raise ConnectionRefusedError("nobody listens here")


@dataclass(slots=True)
class Station:
    """A fresh emulator on a scene, and the loop that it runs on. The machine's time goes on by a
    second a call, so that the same calls give the same answers.
    """

    scene: Scene
    wrap: Callable[[WorldRegistry, ASGIApp], ASGIApp] = lambda _, app: app
    worlds: WorldRegistry = field(init=False)
    complaints: list[str] = field(default_factory=list)
    """What went wrong on the loop beside the calls."""
    _app: ASGIApp = field(init=False)
    _loop: _Loop = field(init=False)
    _log: _Log = field(init=False)
    _calls: int = 0

    def __post_init__(self) -> None:
        settings = Settings(**self.scene.settings)
        self.worlds = WorldRegistry(settings, self.scene.seed(), now=self._now)
        self._app = self.wrap(self.worlds, build_app(self.worlds))
        self._log = _Log()
        self._loop = _Loop()
        self._loop.set_exception_handler(
            lambda _, context: self.complaints.append(str(context.get("message")))
        )

    def _now(self) -> Instant:
        return (1_767_225_600 + self._calls) * 1_000_000  # from 2026-01-01 on

    def close(self) -> None:
        """End what still runs."""
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()
        self._log.close()

    def send(self, call: Call) -> Answer:
        """Make a call and return what came back; it never raises."""
        self._calls += 1
        answer, parts = Answer(), list[bytes]()

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], tuple(message["headers"])
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))
                answer.is_whole = not message.get("more_body", False)

        self._log.last = ""
        work = self._app(_scope(call), _receiving(call), send)
        try:
            _watched(lambda: self._loop.run_until_complete(work))
        except Hung:
            answer.error = HUNG
        except Exception as error:
            answer.error = _place_of(error)
        answer.body, answer.bug = b"".join(parts), self._log.last
        return answer


def _watched(work: Callable[[], None]) -> None:
    """Do something, and raise Hung once it has taken too much of the processor."""

    def ring(_: int, __: FrameType | None) -> None:
        raise Hung

    older = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS_MAX)
    try:
        work()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, older)


def _scope(call: Call) -> dict[str, Any]:
    raw_path, _, query = call.target.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": call.method,
        "scheme": "http",
        "path": call.path,
        "raw_path": raw_path,
        "root_path": "",
        "query_string": query,
        "headers": list(call.headers),
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8787),
    }


def _receiving(call: Call) -> Callable[[], Any]:
    """Return an ASGI `receive`: the body in two pieces, then the client waits, or is gone."""
    half = len(call.body) // 2
    last = {"type": "http.request", "body": call.body[half:], "more_body": False}
    messages: list[Message] = [
        {"type": "http.request", "body": call.body[:half], "more_body": True},
        {"type": "http.disconnect"} if call.is_cut else last,
    ]

    async def receive() -> Message:
        if messages:
            return messages.pop(0)
        if not call.is_cut:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    return receive
