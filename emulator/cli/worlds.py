"""`worlds`: list, make, fork, reset and delete the worlds of a server."""

from __future__ import annotations

from typing import Any

import click

from emulator.cli.output import Invocation, table
from emulator.cli.server_options import resolve_seed_argument, with_server

_port_option = click.option(
    "--port", type=click.IntRange(0, 65535), help="Open a port for the world; 0: a free port."
)


@click.group()
def worlds() -> None:
    """Make, fork, reset and delete worlds."""


@worlds.command("list")
@with_server
def list_worlds(invocation: Invocation) -> None:
    """List the live worlds."""
    view = invocation.control.get("worlds")
    members = ("name", "requests", "clock", "url")
    rows = [[world[name] for name in members] for world in view["items"]]
    invocation.print(view, *table(("NAME", "REQUESTS", "CLOCK", "URL"), rows))


@worlds.command("make")
@click.argument("name")
@click.option(
    "--from",
    "source",
    help="Seed, snapshot or world to start from.  [default: the server's baseline]",
)
@_port_option
@with_server
def make_world(invocation: Invocation, *, name: str, source: str | None, port: int | None) -> None:
    """Make a world and print its URL."""
    source = resolve_seed_argument(invocation.control, source)
    body: dict[str, Any] = {"name": name, "from": source, "port": port}
    view = invocation.control.post("worlds", **body)
    invocation.print(view, view["url"])


@worlds.command("fork", short_help="Fork the world NAME as FORK.")
@click.argument("name")
@click.argument("fork")
@_port_option
@with_server
def fork_world(invocation: Invocation, *, name: str, fork: str, port: int | None) -> None:
    """Make the world FORK with the state of the world NAME, and print its URL."""
    view = invocation.control.post("worlds", name, "fork", name=fork, port=port)
    invocation.print(view, view["url"])


@worlds.command("reset")
@click.argument("name")
@click.option("--seed", help="Reset to this seed, a name or file, instead of the baseline.")
@with_server
def reset_world(invocation: Invocation, *, name: str, seed: str | None) -> None:
    """Reset a world to its baseline, or to another seed."""
    seed = resolve_seed_argument(invocation.control, seed)
    view = invocation.control.post("worlds", name, "reset", seed=seed)
    invocation.print(view, f"{name}: digest {view['digest']}")


@worlds.command("delete")
@click.argument("name")
@with_server
def delete_world(invocation: Invocation, *, name: str) -> None:
    """Delete a world and close its port."""
    invocation.control.delete("worlds", name)
    invocation.print({"deleted": name}, f"{name}: deleted")
