"""What the commands that talk to a server share: their options, and printing what it says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec

import click

from emulator.cli.complaints import plain_errors
from emulator.cli.environment import PORT
from emulator.kits.control import Control
from emulator.kits.lines import OverHttp

URL = "WORLDFLUX_EMULATOR_URL"
DEFAULT_URL = f"http://localhost:{PORT}"

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Asked:
    """The server a command talks to, and how it is to print."""

    control: Control
    is_json: bool

    def say(self, view: Any, *lines: str) -> None:
        """Print what the server said: as JSON, or these lines."""
        if self.is_json:
            click.echo(json.dumps(view, indent=2, ensure_ascii=False))
        else:
            for line in lines:
                click.echo(line)


url_option = click.option(
    "--url", envvar=URL, default=DEFAULT_URL, show_default=True, show_envvar=True, help="Where."
)
json_option = click.option("--json", "as_json", is_flag=True, help="What the server said, as JSON.")


def asks(command: Callable[Concatenate[Asked, P], None]) -> Callable[..., None]:
    """Give a command its server: the options --url, --world and --json."""

    @url_option
    @click.option("--world", help="The world it is about.  [default: default]")
    @json_option
    @wraps(command)
    @plain_errors
    def run(*args: Any, url: str, world: str | None, as_json: bool, **kwargs: Any) -> None:
        command(Asked(Control(OverHttp(url), world), as_json), *args, **kwargs)

    return run


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return the lines of a table, a row each, under its head; with no rows no line at all."""
    written = [tuple("-" if cell is None else str(cell) for cell in row) for row in rows]
    if not written:
        return []
    lines = [tuple(head), *written]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
