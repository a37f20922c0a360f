"""What a dashboard and the CLI need in their environment."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping

import click

from emulator.cli.error_handling import plain_errors
from emulator.cli.server_options import PROGRAM, require_world, url_option
from emulator.client.control_client import ControlClient
from emulator.client.transports import HttpTransport, StrangerError, UnreachableError
from emulator.settings import SWITCH

_SEED = "demo"


def shell_lines(variables: Mapping[str, str]) -> list[str]:
    """Return the lines that set the variables in a shell.

    The switch is a comment: it is for the dashboard alone. `serve` would read the same variable as
    its own switch, and turn off what test suites need.
    """
    lines = [
        f"export {name}={shlex.quote(value)}" for name, value in variables.items() if name != SWITCH
    ]
    return [*lines, f"# in the dashboard's own environment: {SWITCH}={variables[SWITCH]}"]


@click.command(short_help="Print the environment that leads to a server.")
@url_option
@click.option("--world", help="The world to point to.  [default: default]")
@click.option("--seed", help="Ask no server: print what `serve --seed SEED` would.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object.")
@click.option("--dotenv", "as_dotenv", is_flag=True, help="Lines for a dashboard's .env file.")
@plain_errors
def env(*, url: str, world: str | None, seed: str | None, as_json: bool, as_dotenv: bool) -> None:
    """Print the environment that points a dashboard and the CLI at the server that runs at --url.

    If none does, print what `serve` would make of its default seed there.
    """
    variables = _of_the_server(url, world) if seed is None else None
    if variables is None:
        variables = _of_a_seed(url, world, seed or _SEED)
    if as_json:
        lines = [json.dumps(variables, indent=2)]
    elif as_dotenv:
        lines = [
            f"# {SWITCH}=0: with 1 a real dashboard answers from its own memory, not from here."
        ]
        lines += [f"{name}={value}" for name, value in variables.items()]
    else:
        lines = shell_lines(variables)
    click.echo("\n".join(lines))


def _of_the_server(url: str, world: str | None) -> dict[str, str] | None:
    """Return what a server answers; None, after saying so, if there is none."""
    line = HttpTransport(url)
    try:
        if world is not None:
            require_world(ControlClient(line), world)
        shown: dict[str, str] = ControlClient(line, world).get("env")
    except StrangerError:
        raise
    except UnreachableError:
        # On stderr, where it is seen even if the rest is evaluated or written to a file.
        start = f"{PROGRAM} serve --seed {_SEED}"
        click.echo(f"# nobody answers at {line.url}; this is what `{start}` prints there", err=True)
        return None
    return shown


def _of_a_seed(url: str, world: str | None, seed: str) -> dict[str, str]:
    """Return what a server there would answer once it had planted a seed."""
    from emulator.registry.environment import variables_of
    from emulator.registry.registry import WorldRegistry
    from emulator.seeding.files import load
    from emulator.settings import Settings
    from emulator.world.core.world import DEFAULT

    worlds = WorldRegistry(Settings(public_url=url.rstrip("/")), load(seed))
    return variables_of(worlds.get_or_create(world or DEFAULT), worlds.settings)
