"""Serving over sockets: both loopback addresses on one port, one ready line, a prompt end."""

from __future__ import annotations

import errno
import signal
import socket
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import uvicorn

from emulator.app import build_app
from emulator.settings import Settings
from emulator.worlds import Worlds

LOOPBACK = ("127.0.0.1", "::1")
_TRIES = 20


class PortInUseError(Exception):
    """Another process listens on the port."""


def bind(host: str, port: int) -> list[socket.socket]:
    """Return listening sockets on one port; port 0 takes a free one.

    On 127.0.0.1 the port is opened on ::1 too, since `localhost` may mean either. Raises
    PortInUseError.
    """
    hosts = LOOPBACK if host in ("127.0.0.1", "localhost") else (host,)
    for _ in range(_TRIES if port == 0 else 1):
        opened: list[socket.socket] = []
        try:
            for one in hosts:
                at = opened[0].getsockname()[1] if opened else port
                opened.extend(_open(one, at, is_needed=one == hosts[0]))
        except OSError as error:
            for listener in opened:
                listener.close()
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return opened
    raise PortInUseError(f"Port {port} is in use; choose another with --port, or --port 0.")


def _open(host: str, port: int, *, is_needed: bool) -> list[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if is_needed or error.errno == errno.EADDRINUSE:
            raise
        return []  # a machine without IPv6
    return [listener]


class _Server(uvicorn.Server):
    """uvicorn, saying when it listens."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, then say so."""
        await super().startup(sockets)
        self._on_ready()


def serve(
    *,
    seed: str,
    settings: Settings,
    sockets: list[socket.socket],
    on_ready: Callable[[Worlds], None],
) -> None:
    """Plant the seed, serve until SIGTERM or SIGINT, and call `on_ready` once requests are
    answered. Raises SeedError.
    """
    worlds = Worlds(replace(settings, instance=uuid4().hex[:12]), seed)
    config = uvicorn.Config(
        build_app(worlds),
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
    )
    # A part of a second, which uvicorn's annotation does not foresee: who holds on with half a
    # request is not waited for, and the whole end stays well within the second.
    config.timeout_graceful_shutdown = 0.25  # type: ignore[assignment]
    for name in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal once more when it has ended; then it has done its work.
        signal.signal(name, lambda *_: None)
    _Server(config, lambda: on_ready(worlds)).run(sockets=sockets)
