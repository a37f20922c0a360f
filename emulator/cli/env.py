"""`env`: print the environment variables that a dashboard and the CLI need."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping

import click

from emulator.cli.error_handling import plain_errors
from emulator.cli.server_options import PROGRAM, require_world, url_option
from emulator.client.control_client import ControlClient
from emulator.client.transports import HttpTransport, NotAnEmulatorError, UnreachableError
from emulator.settings import SWITCH

_SEED = "demo"


def shell_lines(variables: Mapping[str, str]) -> list[str]:
    """Return the lines that set the variables in a shell.

    The switch for the E2E fixtures is a comment, since only a dashboard may have it as 0: `serve`
    reads the same variable, and would turn off the routes that test suites need.
    """
    lines = [
        f"export {name}={shlex.quote(value)}" for name, value in variables.items() if name != SWITCH
    ]
    return [*lines, f"# in the dashboard's own environment: {SWITCH}={variables[SWITCH]}"]


@click.command(short_help="Print the environment for a dashboard or the CLI.")
@url_option
@click.option("--world", help="World to point to.  [default: default]")
@click.option("--seed", help="Print what `serve --seed SEED` would, without a server.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@click.option(
    "--dotenv", "as_dotenv", is_flag=True, help="Print lines for a dashboard's .env file."
)
@plain_errors
def env(*, url: str, world: str | None, seed: str | None, as_json: bool, as_dotenv: bool) -> None:
    """Print the environment that points a dashboard and the CLI at the server at --url.

    Without a server there, print what `serve` would print with its default seed.
    """
    variables = _server_variables(url, world) if seed is None else None
    if variables is None:
        variables = _seed_variables(url, world, seed or _SEED)
    if as_json:
        lines = [json.dumps(variables, indent=2)]
    elif as_dotenv:
        lines = [
            f"# {SWITCH}=0: with 1 a real dashboard serves fixtures of its own, not the emulator's."
        ]
        lines += [f"{name}={value}" for name, value in variables.items()]
    else:
        lines = shell_lines(variables)
    click.echo("\n".join(lines))


def _server_variables(url: str, world: str | None) -> dict[str, str] | None:
    """Return the variables that a server gives, or None with a remark where there is no server."""
    transport = HttpTransport(url)
    try:
        if world is not None:
            require_world(ControlClient(transport), world)
        variables: dict[str, str] = ControlClient(transport, world).get("env")
    except NotAnEmulatorError:
        raise
    except UnreachableError:
        # On stderr, which stays visible where stdout is evaluated or written to a file.
        start = f"{PROGRAM} serve --seed {_SEED}"
        click.echo(
            f"# no emulator at {transport.url}; this is what `{start}` prints there", err=True
        )
        return None
    return variables


def _seed_variables(url: str, world: str | None, seed: str) -> dict[str, str]:
    """Return the variables that a server at a URL would give for a seed."""
    from emulator.registry.environment import variables_of
    from emulator.registry.registry import WorldRegistry
    from emulator.seeding.files import load
    from emulator.settings import Settings
    from emulator.world.core.world import DEFAULT

    worlds = WorldRegistry(Settings(public_url=url.rstrip("/")), load(seed))
    return variables_of(worlds.get_or_create(world or DEFAULT), worlds.settings)
