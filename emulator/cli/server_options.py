"""Options of the commands that talk to a server: --url, --world and --json."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlsplit

import click

from emulator.cli.error_handling import plain_errors
from emulator.cli.output import Invocation
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

url_option = click.option(
    "--url",
    envvar=URL,
    default=DEFAULT_URL,
    show_default=True,
    show_envvar=True,
    help="Origin of the emulator.",
)
_world_option = click.option("--world", help="World to act on.  [default: default]")
json_option = click.option("--json", "as_json", is_flag=True, help="Print the response as JSON.")


def with_world(command: Callable[Concatenate[Invocation, P], None]) -> Callable[..., None]:
    """Add --url, --world and --json to a command that acts on one world."""

    @url_option
    @_world_option
    @json_option
    @wraps(command)
    @plain_errors
    def run(*args: Any, url: str, world: str | None, as_json: bool, **kwargs: Any) -> None:
        transport = HttpTransport(url)
        if world is not None:
            require_world(ControlClient(transport), world)
        command(Invocation(ControlClient(transport, world), as_json), *args, **kwargs)

    return run


def with_server(command: Callable[Concatenate[Invocation, P], None]) -> Callable[..., None]:
    """Add --url and --json to a command that acts on a whole server."""

    @url_option
    @json_option
    @wraps(command)
    @plain_errors
    def run(*args: Any, url: str, as_json: bool, **kwargs: Any) -> None:
        command(Invocation(ControlClient(HttpTransport(url)), as_json), *args, **kwargs)

    return run


def resolve_seed_argument(control: ControlClient, seed: str | None) -> str | None:
    """Return the name of a seed, snapshot or world as the server can use it.

    A file's path becomes absolute where the server is on this machine, since the server's working
    directory may be another.
    """
    if seed is None or not is_loopback_host(urlsplit(control.transport.url).hostname or ""):
        return seed
    path = Path(seed)
    is_path = path.suffix in _SEED_SUFFIXES or len(path.parts) > 1
    return str(path.absolute()) if is_path and path.is_file() else seed


def require_world(control: ControlClient, name: str) -> None:
    """Raise ClickException where a world does not exist.

    Without this check, the first request for a misspelled name would create that world.
    """
    try:
        control.get("worlds", name)
    except ControlError as error:
        if error.code != "not_found":
            raise
        from difflib import get_close_matches

        known = [world["name"] for world in control.get("worlds")["items"]]
        near = get_close_matches(name, known, n=1)
        remedy = (
            f"Did you mean {near[0]!r}?" if near else f"Create it: {PROGRAM} worlds make {name}"
        )
        raise click.ClickException(f"World {name!r} does not exist. {remedy}") from error
