"""Serving over sockets: both loopback addresses on one port, one ready line, a prompt end."""

from __future__ import annotations

import asyncio
import errno
import gc
import signal
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import uvicorn

from emulator.app import build_app
from emulator.persistence.envelope import is_replaceable
from emulator.persistence.export import export_file, import_file
from emulator.registry.ports import PortMap
from emulator.registry.registry import WorldRegistry
from emulator.server.connection import Connection
from emulator.settings import Settings
from emulator.world.core.refusals import Conflict

LOOPBACK = ("127.0.0.1", "::1")
_TRIES = 20
_ENDING = (signal.SIGTERM, signal.SIGINT)


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


class SocketOpener:
    """Opens further ports of a running server; they are closed with it."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._server: _Server | None = None
        self._opening: set[asyncio.Task[None]] = set()

    def start(self, server: _Server) -> None:
        """Open ports of this server from now on; it listens on its own."""
        self._server = server

    def open_port(self, port: int) -> int:
        """Listen on a further port, 0 for a free one, and return it. Raises Conflict.

        Connections are accepted at once and served from the loop's next turn on.
        """
        if self._server is None:
            raise Conflict("The server does not listen yet; open the port once it does.")
        try:
            opened = bind(self._host, port)
        except PortInUseError as error:
            raise Conflict(
                f"Port {port} is in use; choose another, or 0 for a free one."
            ) from error
        except OSError as error:
            raise Conflict(f"Port {port} cannot be opened: {error.strerror}.") from error
        task = asyncio.get_running_loop().create_task(self._server.attend(opened))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)
        return int(opened[0].getsockname()[1])

    def close_port(self, port: int) -> None:
        """Stop listening on a further port; connections that are open there stay open."""
        if self._server is not None:
            self._server.close_listeners(port)


class _Server(uvicorn.Server):
    """uvicorn, with a call when it listens, and with further ports while it does."""

    def __init__(
        self, config: uvicorn.Config, *, opener: SocketOpener, on_ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._opener = opener
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen and report it, unless a signal has already ended the server."""
        await super().startup(sockets)
        self._opener.start(self)
        if not self.should_exit:
            self._on_ready()

    def end(self, *_: Any) -> None:
        """Handle a signal that came before uvicorn handles them, or again after it did."""
        self.should_exit = True

    async def attend(self, opened: list[socket.socket]) -> None:
        """Serve connections of further listeners, which uvicorn closes when it ends."""
        loop = asyncio.get_running_loop()
        for listener in opened:
            self.servers.append(await loop.create_server(self._protocol, sock=listener))

    def close_listeners(self, port: int) -> None:
        """Stop listening on a port."""
        for server in list(self.servers):
            if any(listener.getsockname()[1] == port for listener in server.sockets):
                self.servers.remove(server)
                server.close()

    def _protocol(self) -> asyncio.Protocol:
        # As uvicorn's own `startup` creates the protocol of each connection.
        kind: Any = self.config.http_protocol_class
        protocol: asyncio.Protocol = kind(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol


def serve(
    *,
    seed: str,
    settings: Settings,
    sockets: list[socket.socket],
    on_ready: Callable[[WorldRegistry], None],
    imported: Path | None = None,
    exported: Path | None = None,
) -> None:
    """Plant the seed, or begin with the worlds of a file, and serve until SIGTERM or SIGINT; then
    write all worlds to a file. `on_ready` is called once requests are answered.

    Raises SeedError, OSError; refuses Invalid for a bad file.
    """
    opener = SocketOpener(sockets[0].getsockname()[0])
    settings = replace(settings, instance=uuid4().hex[:12])
    worlds = WorldRegistry(settings, seed, ports=PortMap(opener))
    if imported is not None:
        import_file(worlds, imported)
    config = uvicorn.Config(
        build_app(worlds),
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        http=Connection,
        # Without a library of WebSockets, an upgrade to them is a request like any other.
        ws="none",
        timeout_keep_alive=75,
    )
    # A part of a second, which uvicorn's annotation does not foresee: who holds on with half a
    # request is not waited for, and the whole end stays well within the second.
    config.timeout_graceful_shutdown = 0.25  # type: ignore[assignment]
    server = _Server(config, opener=opener, on_ready=lambda: on_ready(worlds))
    for name in _ENDING:
        # uvicorn raises the signal once more when it has ended; then it has done its work.
        signal.signal(name, server.end)
    # What is planted lives as long as the server, and no cycle lies in it: measured with 100,000
    # runs, a full collection stops all answers for 35 ms.
    gc.collect()
    gc.freeze()
    server.run(sockets=sockets)
    if exported is not None:
        if not is_replaceable(exported):
            # A pipe that nobody reads holds the export up; a further signal ends that.
            for name in _ENDING:
                signal.signal(name, signal.SIG_DFL)
        export_file(worlds, exported)
