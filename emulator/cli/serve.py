"""`serve`: plant a seed, serve it, and print how to sign in."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from emulator.cli.env import shell_lines
from emulator.cli.error_handling import plain_errors
from emulator.cli.server_options import DEFAULT_URL, PORT, PROGRAM
from emulator.client.server_process import ENDS_WITH_STDIN, end_with_stdin
from emulator.settings import SWITCH, WEBHOOK_SECRET, Settings

if TYPE_CHECKING:
    from emulator.registry.registry import WorldRegistry

_FILE = click.Path(dir_okay=False, path_type=Path)
_SIGNING_SECRET = re.compile(r"whsec_[!-~]{8,}")


def _signing_secret(_: click.Context, __: click.Parameter, value: str | None) -> str:
    if value is None:
        return WEBHOOK_SECRET
    if not _SIGNING_SECRET.fullmatch(value):
        raise click.BadParameter("Write whsec_ followed by at least 8 characters, as Stripe does.")
    return value


def _web_urls(_: click.Context, __: click.Parameter, urls: tuple[str, ...]) -> tuple[str, ...]:
    """Return the URLs of an option, held to the rules of a seed's URLs."""
    if urls:
        from pydantic import TypeAdapter, ValidationError

        from emulator.wire.fields import WebUrl
        from emulator.wire.http.validation_messages import message_for

        for url in urls:
            try:
                TypeAdapter(WebUrl).validate_python(url)
            except ValidationError as error:
                raise click.BadParameter(f"{url!r}: {message_for(error.errors()[0])}") from error
    return urls


@click.command()
@click.option("--seed", default="demo", show_default=True, help="Name or file of the seed.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0: a free port."
)
@click.option(
    "--clock",
    type=click.Choice(["virtual", "wall"]),
    default="virtual",
    show_default=True,
    help="virtual stands still until advanced; wall follows the machine.",
)
@click.option("--public-url", help="Origin that clients use.  [default: http://localhost:PORT]")
@click.option("--allowed-host", multiple=True, help="Further Host name to accept; repeatable.")
@click.option(
    "--allowed-origin", multiple=True, help="Further origin to accept from pages; repeatable."
)
@click.option(
    "--e2e-fixtures/--no-e2e-fixtures",
    default=None,
    help=f"Serve POST /api/cloud/runs and /api/e2e/cli-sync.  [default: {SWITCH}, else on]",
)
@click.option(
    "--lazy-worlds/--no-lazy-worlds",
    default=True,
    help="Create unknown worlds on first use.  [default: lazy-worlds]",
)
@click.option(
    "--idle-worlds",
    type=click.IntRange(1),
    metavar="SECONDS",
    default=86_400,
    show_default=True,
    help="Above 1,000 worlds, delete worlds idle for this long.",
)
@click.option("--import", "imported", type=_FILE, help="Start with the worlds of an export.")
@click.option(
    "--export-on-exit", "exported", type=_FILE, help="Export all worlds to FILE on shutdown."
)
@click.option(
    "--webhook",
    multiple=True,
    callback=_web_urls,
    help="URL to deliver Stripe events to; repeatable.",
)
@click.option(
    "--webhook-secret",
    metavar="WHSEC",
    callback=_signing_secret,
    help="Signing secret of endpoints that have no secret of their own.  [default: fixed]",
)
@click.option("--allow-remote-webhooks", is_flag=True, help="Deliver events to other machines too.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one line of JSON instead of text once ready."
)
@click.option(ENDS_WITH_STDIN, is_flag=True, hidden=True)
@plain_errors
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
    lazy_worlds: bool,
    idle_worlds: int,
    imported: Path | None,
    exported: Path | None,
    webhook: tuple[str, ...],
    webhook_secret: str,
    allow_remote_webhooks: bool,
    as_json: bool,
    ends_with_stdin: bool,
) -> None:
    """Plant a seed and serve it until SIGTERM or Ctrl-C."""
    if ends_with_stdin:
        end_with_stdin()
    from emulator.seeding.files import load
    from emulator.server import server  # imports uvicorn and the whole emulator

    load(seed)
    if exported is not None and not exported.parent.is_dir():
        raise click.ClickException(f"Folder {str(exported.parent)!r} to export to does not exist.")
    try:
        sockets = server.bind(host, port)
    except server.PortInUseError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        reason = error.strerror or error
        raise click.ClickException(f"Cannot listen on {host}, port {port}: {reason}.") from error
    address, opened_port = sockets[0].getsockname()[:2]
    url = public_url or f"http://localhost:{opened_port}"
    settings = Settings(
        public_url=url.rstrip("/"),
        e2e_fixtures=_switch(os.environ) if e2e_fixtures is None else e2e_fixtures,
        is_wall_clock=clock == "wall",
        makes_worlds_lazily=lazy_worlds,
        idle_world_seconds=idle_worlds,
        allowed_hosts=tuple(name.lower() for name in allowed_host),
        allowed_origins=allowed_origin,
        webhooks=webhook,
        allows_remote_webhooks=allow_remote_webhooks,
        webhook_secret=webhook_secret,
    )
    with ExitStack() as closing:
        for listener in sockets:
            closing.enter_context(listener)
        server.serve(
            seed=seed,
            settings=settings,
            sockets=sockets,
            imported=imported,
            exported=exported,
            on_ready=partial(_print_ready, address=address, port=opened_port, as_json=as_json),
        )


def _switch(environ: Mapping[str, str]) -> bool:
    return environ.get(SWITCH, "1").strip().lower() not in ("", "0", "false", "no", "off")


def _points_to(url: str, address: str, port: int) -> bool:
    """Return whether a URL names an address and port of this machine, without a look-up."""
    from emulator.wire.http.origins import is_loopback_host

    parts = urlsplit(url)
    name = parts.hostname or ""
    try:
        is_port = parts.port == port
    except ValueError:  # not a number, or above 65535
        return False
    is_here = is_loopback_host(address) or ip_address(address).is_unspecified
    return is_port and (name == address or (is_here and is_loopback_host(name)))


def _print_ready(worlds: WorldRegistry, *, address: str, port: int, as_json: bool) -> None:
    from emulator.registry.environment import variables_of
    from emulator.webhooks.dispatcher import signing_secret
    from emulator.world.billing import webhook_endpoints
    from emulator.world.core.world import DEFAULT

    settings = worlds.settings
    logins, keys = worlds.planted.logins, worlds.planted.keys
    url = settings.public_url
    listening = f"http://{f'[{address}]' if ':' in address else address}:{port}"
    variables = variables_of(worlds.get(DEFAULT), settings)
    endpoints = [
        (endpoint.url, signing_secret(endpoint, settings))
        for endpoint in webhook_endpoints.endpoints(worlds.default())
    ]
    if as_json:
        ready = {
            "ready": True,
            "url": url,
            "listening": listening,
            "instance": settings.instance,
            "logins": [{"email": email, "password": password} for email, password in logins],
            "api_keys": [{"workspace": slug, "secret": secret} for slug, secret in keys],
            "webhooks": [{"url": url, "secret": secret} for url, secret in endpoints],
            "env": variables,
        }
        click.echo(json.dumps(ready))
    else:
        # Tools wait for this line: do not change it, and do not color it.
        click.echo(f"worldflux-emulator ready on {url}")
        control_url = url
        if not _points_to(url, address, port):
            click.echo(f"listening on {listening}")
            is_any = ip_address(address).is_unspecified
            control_url = f"http://localhost:{port}" if is_any else listening
        lines = ["", *_sign_in_lines(logins, keys)]
        if endpoints:
            lines += ["", "Webhooks (URL, signing secret):"]
            lines += [f"  {url}  {secret}" for url, secret in endpoints]
        click.echo("\n".join([*lines, *_environment_lines(variables, control_url)]))
    sys.stdout.flush()


_SHOWN = 5
"""How many accounts and keys the ready message lists."""


def _sign_in_lines(
    logins: tuple[tuple[str, str], ...], keys: tuple[tuple[str, str], ...]
) -> list[str]:
    lines = ["Sign in (e-mail, password):"]
    lines += [f"  {email}  {password}" for email, password in logins[:_SHOWN]]
    if not logins:
        lines.append("  no users yet; sign up with POST /api/auth/signup")
    if len(logins) > _SHOWN:
        lines.append(f"  … and {len(logins) - _SHOWN} more in the seed")
    if keys:
        lines += ["", "API keys (workspace, key):"]
        lines += [f"  {slug}  {secret}" for slug, secret in keys[:_SHOWN]]
    return lines


def _environment_lines(variables: Mapping[str, str], url: str) -> list[str]:
    command = f"{PROGRAM} env" if url == DEFAULT_URL else f"{PROGRAM} env --url {url}"
    head = f"Environment for a dashboard or the CLI (`{command}` prints it again):"
    return ["", head, *(f"  {line}" for line in shell_lines(variables))]
