"""What the commands that talk to a server share: their options, and printing what it says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlsplit

import click

from emulator.cli.error_handling import plain_errors
from emulator.client.control_client import ControlClient, ControlError
from emulator.client.transports import HttpTransport
from emulator.wire.http.origins import is_loopback_host

PORT = 8787
URL = "WORLDFLUX_EMULATOR_URL"
DEFAULT_URL = f"http://localhost:{PORT}"

SURFACES = ("bff", "upstream", "supabase", "stripe")

PROGRAM = "worldflux-emulator"
_SEED_SUFFIXES = (".yaml", ".yml", ".json")

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Asked:
    """The server a command talks to, and how it is to print."""

    control: ControlClient
    is_json: bool

    def say(self, view: Any, *lines: str) -> None:
        """Print what the server said: as JSON, or these lines."""
        if self.is_json:
            click.echo(json.dumps(view, indent=2, ensure_ascii=False))
        else:
            for line in lines:
                click.echo(line)

    def list(
        self, view: Any, head: Sequence[str], rows: Sequence[Sequence[object]], *, none: str
    ) -> None:
        """Print a list: as JSON, or as a table; on stderr, that there is nothing in it."""
        self.say(view, *table(head, rows))
        if not rows and not self.is_json:
            click.echo(none, err=True)


url_option = click.option(
    "--url",
    envvar=URL,
    default=DEFAULT_URL,
    show_default=True,
    show_envvar=True,
    help="Its origin.",
)
_world_option = click.option("--world", help="The world it is about.  [default: default]")
json_option = click.option("--json", "as_json", is_flag=True, help="What the server said, as JSON.")


def with_world(command: Callable[Concatenate[Asked, P], None]) -> Callable[..., None]:
    """Give a command a world of its server: the options --url, --world and --json."""

    @url_option
    @_world_option
    @json_option
    @wraps(command)
    @plain_errors
    def run(*args: Any, url: str, world: str | None, as_json: bool, **kwargs: Any) -> None:
        line = HttpTransport(url)
        if world is not None:
            require_world(ControlClient(line), world)
        command(Asked(ControlClient(line, world), as_json), *args, **kwargs)

    return run


def with_server(command: Callable[Concatenate[Asked, P], None]) -> Callable[..., None]:
    """Give a command that is about no one world its server: the options --url and --json."""

    @url_option
    @json_option
    @wraps(command)
    @plain_errors
    def run(*args: Any, url: str, as_json: bool, **kwargs: Any) -> None:
        command(Asked(ControlClient(HttpTransport(url)), as_json), *args, **kwargs)

    return run


def resolve_seed_argument(control: ControlClient, seed: str | None) -> str | None:
    """Return a seed, snapshot or world as it was named, and a file that is here by its whole path
    where the server is on this machine too: its own folder may be another.
    """
    if seed is None or not is_loopback_host(urlsplit(control.line.url).hostname or ""):
        return seed
    path = Path(seed)
    is_path = path.suffix in _SEED_SUFFIXES or len(path.parts) > 1
    return str(path.absolute()) if is_path and path.is_file() else seed


def require_world(control: ControlClient, name: str) -> None:
    """Refuse a world that is not there: asked about, one that is misspelt would be made."""
    try:
        control.get("worlds", name)
    except ControlError as error:
        if error.code != "not_found":
            raise
        known = [one["name"] for one in control.get("worlds")["items"]]
        near = get_close_matches(name, known, n=1)
        remedy = f"Did you mean {near[0]!r}?" if near else f"Make it: {PROGRAM} worlds make {name}"
        raise click.ClickException(f"There is no world {name!r}. {remedy}") from error


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
