"""`status`: the version, seed, clock and worlds of a server."""

from __future__ import annotations

import click

from emulator.cli.output import Invocation
from emulator.cli.server_options import with_server


@click.command()
@with_server
def status(invocation: Invocation) -> None:
    """Show a server's version, seed, clock and number of worlds."""
    health = invocation.control.get("health")
    worlds = invocation.control.get("worlds")["items"]
    invocation.print(
        {**health, "worlds": len(worlds)},
        f"worldflux-emulator {health['version']} at {invocation.control.transport.url}",
        f"instance  {health['instance']}",
        f"seed      {health['seed']}",
        f"clock     {health['clock']['now']} ({health['clock']['mode']})",
        f"worlds    {len(worlds)}",
    )
