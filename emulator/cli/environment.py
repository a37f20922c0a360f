"""What a dashboard and the CLI need in their environment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from emulator.cli.complaints import plain_errors
from emulator.settings import Settings

if TYPE_CHECKING:
    from emulator.world.world import World

PORT = 8787
SWITCH = "WORLDFLUX_E2E_FIXTURES"


def variables_of(url: str, api_key: str | None, world: World, settings: Settings) -> dict[str, str]:
    """Return what a dashboard and the CLI need in their environment, by variable."""
    from emulator.wire.tokens import anon_key, service_key

    key = {} if api_key is None else {"WORLDFLUX_CLOUD_API_KEY": api_key}
    return {
        "WORLDFLUX_CLOUD_API_URL": url,
        **key,
        "NEXT_PUBLIC_SUPABASE_URL": url,
        "NEXT_PUBLIC_SUPABASE_ANON_KEY": anon_key(world, settings),
        "SUPABASE_SERVICE_ROLE_KEY": service_key(world, settings),
        "STRIPE_WEBHOOK_SECRET": settings.webhook_secret,
        SWITCH: "0",
    }


@click.command()
@click.option(
    "--url", default=f"http://localhost:{PORT}", show_default=True, help="Where it is served."
)
@click.option("--seed", default="demo", show_default=True, help="Whose API key to print.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object.")
@click.option("--dotenv", "as_dotenv", is_flag=True, help="Lines for a .env file.")
@plain_errors
def env(*, url: str, seed: str, as_json: bool, as_dotenv: bool) -> None:
    """Print the environment that points a dashboard and the CLI here."""
    from emulator.seeding.library import grow, load
    from emulator.world.world import DEFAULT

    planted = grow(load(seed))
    settings = Settings(public_url=url.rstrip("/"))
    world = planted.world.fork(DEFAULT)
    api_key = planted.keys[0][1] if planted.keys else None
    variables = variables_of(settings.public_url, api_key, world, settings)
    if as_json:
        click.echo(json.dumps(variables, indent=2))
        return
    click.echo(f"# {SWITCH}=0: with 1 a real dashboard answers from its own memory, not from here.")
    for name, value in variables.items():
        click.echo(f"{'' if as_dotenv else 'export '}{name}={value}")
