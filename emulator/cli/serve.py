"""`serve`: plant a seed, serve it, and say how to get in."""

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
        raise click.BadParameter("Write whsec_ and at least 8 characters, as Stripe's secrets are.")
    return value


def _web_urls(_: click.Context, __: click.Parameter, urls: tuple[str, ...]) -> tuple[str, ...]:
    """Return the URLs of an option, which must be what a seed takes for one."""
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
@click.option(
    "--lazy-worlds/--no-lazy-worlds",
    default=True,
    help="Whether a request that names an unknown world makes it.  [default: it does]",
)
@click.option(
    "--idle-worlds",
    type=click.IntRange(1),
    metavar="SECONDS",
    default=86_400,
    show_default=True,
    help="From the thousandth world on, drop those idle for so long.",
)
@click.option("--import", "imported", type=_FILE, help="Begin with the worlds of an export.")
@click.option("--export-on-exit", "exported", type=_FILE, help="Write all worlds there at the end.")
@click.option(
    "--webhook",
    multiple=True,
    callback=_web_urls,
    help="A URL to deliver Stripe's events to; repeatable.",
)
@click.option(
    "--webhook-secret",
    metavar="WHSEC",
    callback=_signing_secret,
    help="Signs those events, and all others that have no secret of their own.  [default: fixed]",
)
@click.option("--allow-remote-webhooks", is_flag=True, help="Deliver events to other machines too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line instead of text once ready.")
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
    from emulator.server import server  # heavy: only `serve` pays for it

    load(seed)
    if exported is not None and not exported.parent.is_dir():
        raise click.ClickException(f"There is no folder {str(exported.parent)!r} to export to.")
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


def _leads(url: str, address: str, port: int) -> bool:
    """Tell whether a URL plainly leads to an address and port of this machine."""
    from emulator.wire.http.origins import is_loopback_host

    parts = urlsplit(url)
    name = parts.hostname or ""
    try:
        is_port = parts.port == port
    except ValueError:  # no number, or beyond 65535
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
    heard = [
        (one.url, signing_secret(one, settings))
        for one in webhook_endpoints.endpoints(worlds.default())
    ]
    if as_json:
        ready = {
            "ready": True,
            "url": url,
            "listening": listening,
            "instance": settings.instance,
            "logins": [{"email": email, "password": password} for email, password in logins],
            "api_keys": [{"workspace": slug, "secret": secret} for slug, secret in keys],
            "webhooks": [{"url": url, "secret": secret} for url, secret in heard],
            "env": variables,
        }
        click.echo(json.dumps(ready))
    else:
        # Tools wait for this line: it stays as it is, without colour.
        click.echo(f"worldflux-emulator ready on {url}")
        asked_at = url
        if not _leads(url, address, port):
            click.echo(f"listening on {listening}")
            is_any = ip_address(address).is_unspecified
            asked_at = f"http://localhost:{port}" if is_any else listening
        lines = ["", *_how_to_get_in(logins, keys)]
        if heard:
            lines += ["", "Webhooks (URL, signing secret):"]
            lines += [f"  {url}  {secret}" for url, secret in heard]
        click.echo("\n".join([*lines, *_what_to_set(variables, asked_at)]))
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


def _what_to_set(variables: Mapping[str, str], asked_at: str) -> list[str]:
    again = f"{PROGRAM} env" if asked_at == DEFAULT_URL else f"{PROGRAM} env --url {asked_at}"
    head = f"Set for a dashboard or the CLI (`{again}` prints this again):"
    return ["", head, *(f"  {line}" for line in shell_lines(variables))]
