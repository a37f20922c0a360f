"""`reset`: reset a world to its baseline or to another seed."""

from __future__ import annotations

import click

from emulator.cli.output import Invocation
from emulator.cli.server_options import resolve_seed_argument, with_world


@click.command()
@click.option("--seed", help="Reset to this seed, a name or file, instead of the baseline.")
@with_world
def reset(invocation: Invocation, *, seed: str | None) -> None:
    """Reset a world to its baseline, or to another seed."""
    control = invocation.control
    view = control.post("reset", seed=resolve_seed_argument(control, seed))
    invocation.print(view, f"{control.world or 'default'}: digest {view['digest']}")
