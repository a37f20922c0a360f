"""`serve`: plant a seed, serve it, and print how to sign in."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from socket import socket

import click

from emulator.cli.error_handling import plain_errors
from emulator.cli.ready_message import print_ready
from emulator.cli.server_options import PORT
from emulator.client.server_process import ENDS_WITH_STDIN, end_with_stdin
from emulator.settings import SWITCH, WEBHOOK_SECRET, Settings

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
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Port to listen on; 0: a free port.",
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
    with ExitStack() as closing:
        # `server.serve` enables it again. What is imported and planted lives as long as the server:
        # measured, collections in between take 15 ms of a start and find nothing.
        gc.disable()
        closing.callback(gc.enable)
        from emulator.seeding.files import load
        from emulator.server import server  # imports uvicorn and the whole emulator

        load(seed)
        if exported is not None and not exported.parent.is_dir():
            folder = str(exported.parent)
            raise click.ClickException(f"Folder {folder!r} to export to does not exist.")
        sockets = _listen(host, port)
        for listener in sockets:
            closing.enter_context(listener)
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
        server.serve(
            seed=seed,
            settings=settings,
            sockets=sockets,
            imported=imported,
            exported=exported,
            on_ready=partial(print_ready, address=address, port=opened_port, as_json=as_json),
        )


def _listen(host: str, port: int) -> list[socket]:
    from emulator.server import server

    try:
        return server.bind(host, port)
    except server.PortInUseError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        reason = error.strerror or error
        raise click.ClickException(f"Cannot listen on {host}, port {port}: {reason}.") from error


def _switch(environ: Mapping[str, str]) -> bool:
    return environ.get(SWITCH, "1").strip().lower() not in ("", "0", "false", "no", "off")
