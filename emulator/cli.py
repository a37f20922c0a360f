"""The command line: `worldflux-emulator serve | seeds | routes | env`.

Exit codes: 0 done · 1 a sentence says what is wrong (port in use, bad seed, …) · 2 wrong usage.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import click

from emulator import __version__
from emulator.seeding.library import SeedError, grow, load, names
from emulator.settings import Settings
from emulator.wire.tokens import anon_key, service_key
from emulator.world import webhooks
from emulator.world.world import DEFAULT, World

PORT = 8787
SWITCH = "WORLDFLUX_E2E_FIXTURES"

P = ParamSpec("P")


def main() -> None:
    """Run the command line."""
    cli(prog_name="worldflux-emulator")


def _plain_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Turn what people can mend into one sentence on stderr and exit code 1."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (SeedError, FileNotFoundError, PermissionError) as error:
            raise click.ClickException(str(error)) from error

    return run


@click.group()
@click.version_option(__version__, prog_name="worldflux-emulator")
def cli() -> None:
    """Emulate the WorldFlux Cloud control plane: standalone, deterministic, in memory."""


@cli.command()
@click.option("--seed", default="demo", show_default=True, help="A seed's name or file.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0: a free one."
)
@click.option(
    "--clock",
    type=click.Choice(["virtual", "wall"]),
    default="virtual",
    show_default=True,
    help="virtual stands still until advanced; wall follows the machine.",
)
@click.option("--public-url", help="The origin clients use.  [default: http://localhost:PORT]")
@click.option("--allowed-host", multiple=True, help="A further Host name to answer to; repeatable.")
@click.option(
    "--allowed-origin", multiple=True, help="A further origin that pages may have; repeatable."
)
@click.option(
    "--e2e-fixtures/--no-e2e-fixtures",
    default=None,
    help=f"POST /api/cloud/runs and /api/e2e/cli-sync.  [default: {SWITCH}, else on]",
)
@click.option("--webhook", multiple=True, help="A URL to deliver Stripe's events to; repeatable.")
@click.option("--allow-remote-webhooks", is_flag=True, help="Deliver events to other machines too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line instead of text once ready.")
@_plain_errors
def serve(
    *,
    seed: str,
    host: str,
    port: int,
    clock: str,
    public_url: str | None,
    allowed_host: tuple[str, ...],
    allowed_origin: tuple[str, ...],
    e2e_fixtures: bool | None,
    webhook: tuple[str, ...],
    allow_remote_webhooks: bool,
    as_json: bool,
) -> None:
    """Plant a seed and serve it until SIGTERM or Ctrl-C."""
    from emulator import server  # heavy: only `serve` pays for it

    load(seed)
    try:
        sockets = server.bind(host, port)
    except server.PortInUseError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        reason = error.strerror or error
        raise click.ClickException(f"Cannot listen on {host}, port {port}: {reason}.") from error
    url = public_url or f"http://localhost:{sockets[0].getsockname()[1]}"
    settings = Settings(
        public_url=url.rstrip("/"),
        e2e_fixtures=_switch(os.environ) if e2e_fixtures is None else e2e_fixtures,
        is_wall_clock=clock == "wall",
        allowed_hosts=tuple(name.lower() for name in allowed_host),
        allowed_origins=allowed_origin,
        webhooks=webhook,
        allows_remote_webhooks=allow_remote_webhooks,
    )
    server.serve(
        seed=seed,
        settings=settings,
        sockets=sockets,
        on_ready=lambda worlds: _say_ready(
            worlds.settings,
            worlds.default(),
            worlds.baseline.logins,
            worlds.baseline.keys,
            as_json=as_json,
        ),
    )


def _switch(environ: Mapping[str, str]) -> bool:
    return environ.get(SWITCH, "1").strip().lower() not in ("", "0", "false", "no", "off")


def _say_ready(
    settings: Settings,
    world: World,
    logins: tuple[tuple[str, str], ...],
    keys: tuple[tuple[str, str], ...],
    *,
    as_json: bool,
) -> None:
    url = settings.public_url
    api_key = keys[0][1] if keys else None
    variables = variables_of(url, api_key, world, settings)
    if as_json:
        ready = {
            "ready": True,
            "url": url,
            "instance": settings.instance,
            "logins": [{"email": email, "password": password} for email, password in logins],
            "api_keys": [{"workspace": slug, "secret": secret} for slug, secret in keys],
            "webhooks": [
                {"url": one.url, "secret": one.secret} for one in webhooks.endpoints(world)
            ],
            "env": variables,
        }
        click.echo(json.dumps(ready))
    else:
        # Tools wait for this line: it stays as it is, without colour.
        click.echo(f"worldflux-emulator ready on {url}")
        lines = ["", *_how_to_get_in(logins, keys), *_who_is_told(world)]
        click.echo("\n".join([*lines, *_what_to_set(variables)]))
    sys.stdout.flush()


_SHOWN = 5
"""How many accounts and keys the ready message lists."""


def _how_to_get_in(
    logins: tuple[tuple[str, str], ...], keys: tuple[tuple[str, str], ...]
) -> list[str]:
    lines = ["Sign in (e-mail, password):"]
    lines += [f"  {email}  {password}" for email, password in logins[:_SHOWN]]
    if not logins:
        lines.append("  nobody yet: POST /api/auth/signup")
    if len(logins) > _SHOWN:
        lines.append(f"  … and {len(logins) - _SHOWN} more in the seed")
    if keys:
        lines += ["", "API keys (workspace, key):"]
        lines += [f"  {slug}  {secret}" for slug, secret in keys[:_SHOWN]]
    return lines


def _who_is_told(world: World) -> list[str]:
    told = [f"  {one.url}  {one.secret}" for one in webhooks.endpoints(world)]
    return ["", "Webhooks (URL, signing secret):", *told] if told else []


def _what_to_set(variables: Mapping[str, str]) -> list[str]:
    lines = ["", "Set for a dashboard or the CLI (`worldflux-emulator env` prints this again):"]
    return lines + [f"  export {name}={value}" for name, value in variables.items()]


def variables_of(url: str, api_key: str | None, world: World, settings: Settings) -> dict[str, str]:
    """Return what a dashboard and the CLI need in their environment, by variable."""
    key = {} if api_key is None else {"WORLDFLUX_CLOUD_API_KEY": api_key}
    return {
        "WORLDFLUX_CLOUD_API_URL": url,
        **key,
        "NEXT_PUBLIC_SUPABASE_URL": url,
        "NEXT_PUBLIC_SUPABASE_ANON_KEY": anon_key(world, settings),
        "SUPABASE_SERVICE_ROLE_KEY": service_key(world, settings),
        "STRIPE_WEBHOOK_SECRET": webhooks.own_secret(world),
        SWITCH: "0",
    }


@cli.command()
@click.option(
    "--url", default=f"http://localhost:{PORT}", show_default=True, help="Where it is served."
)
@click.option("--seed", default="demo", show_default=True, help="Whose API key to print.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object.")
@click.option("--dotenv", "as_dotenv", is_flag=True, help="Lines for a .env file.")
@_plain_errors
def env(*, url: str, seed: str, as_json: bool, as_dotenv: bool) -> None:
    """Print the environment that points a dashboard and the CLI here."""
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


@cli.group()
def seeds() -> None:
    """Show the seeds there are, and check one of your own."""


@seeds.command("list")
@_plain_errors
def list_seeds() -> None:
    """List the seeds that come with the emulator."""
    width = max(len(name) for name in names())
    for name in names():
        click.echo(f"{name:<{width}}  {load(name).seed.description}")


@seeds.command("show")
@click.argument("seed")
@_plain_errors
def show_seed(*, seed: str) -> None:
    """Print the file of a seed."""
    click.echo(load(seed).path.read_text("utf-8"), nl=False)


@seeds.command("check")
@click.argument("seed")
@_plain_errors
def check_seed(*, seed: str) -> None:
    """Plant a seed and print the digest of its world; say the line of every mistake."""
    planted = grow(load(seed))
    click.echo(f"{planted.seed}: good, digest {planted.world.state.digest}")


@seeds.command("schema")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Default: stdout.")
@_plain_errors
def show_schema(*, output: Path | None) -> None:
    """Print the JSON Schema of seeds, for editors."""
    from emulator.seeding.schema import schema_text  # pydantic's schema code is not needed to serve

    if output is None:
        click.echo(schema_text(), nl=False)
    else:
        output.write_text(schema_text(), "utf-8")


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="A JSON array.")
def routes(*, as_json: bool) -> None:
    """Print every route, where it is known from, and what it leads to."""
    from emulator.routes import route_table  # imports every surface

    table = route_table()
    if as_json:
        click.echo(json.dumps([row.as_dict() for row in table], indent=2))
        return
    widths = [max(len(getattr(row, part)) for row in table) for part in ("method", "path")]
    for row in table:
        line = (
            f"{row.method:<{widths[0]}}  {row.path:<{widths[1]}}  {row.surface:<9} {row.source:<13}"
        )
        click.echo(f"{line}  {row.purpose}")
