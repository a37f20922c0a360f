"""Ports of worlds: which further port of the server reaches which world."""

from __future__ import annotations

from typing import Protocol

from emulator.world.core.refusals import Conflict


class PortOpener(Protocol):
    """Opens and closes further ports of a running server."""

    def open_port(self, port: int) -> int:
        """Listen on a port, 0 for a free port, and return it. Raises Conflict."""

    def close_port(self, port: int) -> None:
        """Stop listening on a port; connections that are open there stay open."""


class PortMap:
    """The name of the world behind each port.

    A name outlives its world: a connection that is still open to a deleted world's port must be
    refused, not reach another world.
    """

    def __init__(self, opener: PortOpener | None = None) -> None:
        """Without an opener, as in process, no port can be opened."""
        self._opener = opener
        self._names: dict[int, str] = {}

    def name_at(self, port: int) -> str | None:
        """Return the name of the world that a port belongs to or last belonged to."""
        return self._names.get(port)

    def open(self, name: str, port: int) -> int:
        """Open a port for a world, 0 for a free port, and return it. Raises Conflict."""
        if self._opener is None:
            raise Conflict("This emulator runs in process, without a server that can open a port.")
        opened = self._opener.open_port(port)
        self._names[opened] = name
        return opened

    def close(self, port: int) -> None:
        """Close the port of a deleted world."""
        if self._opener is not None:
            self._opener.close_port(port)
