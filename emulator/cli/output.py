"""Output of the commands that talk to a server: JSON with --json, else lines and tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from emulator.client.control_client import ControlClient


@dataclass(frozen=True, slots=True)
class Invocation:
    """One run of a command: the control API of its server, and the format it prints in."""

    control: ControlClient
    is_json: bool

    def print(self, view: Any, *lines: str) -> None:
        """Print the server's response as JSON, or the given lines."""
        if self.is_json:
            click.echo(json.dumps(view, indent=2, ensure_ascii=False))
        else:
            for line in lines:
                click.echo(line)

    def print_list(
        self, view: Any, head: Sequence[str], rows: Sequence[Sequence[object]], *, if_empty: str
    ) -> None:
        """Print the server's response as JSON, or its rows as a table.

        An empty table is a remark on stderr, so that stdout holds nothing but rows.
        """
        self.print(view, *table(head, rows))
        if not rows and not self.is_json:
            click.echo(if_empty, err=True)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return the lines of a table, its head first; without rows, no lines at all."""
    written = [tuple("-" if cell is None else str(cell) for cell in row) for row in rows]
    if not written:
        return []
    lines = [tuple(head), *written]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
