"""`worldflux-emulator replay FILE`: reproduce a capsule and compare."""

from __future__ import annotations

import json
from pathlib import Path

import click

from emulator.world.refusals import Invalid


@click.command("replay")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="A JSON object.")
def replay_capsule(*, file: Path, as_json: bool) -> None:
    """Reproduce a capsule in process; exit code 1 at the first answer or state that differs."""
    from emulator.replaying import replay  # imports every surface

    try:
        result = replay(file.read_bytes())
    except (Invalid, OSError) as error:
        raise click.ClickException(str(error)) from error
    difference = None if result.difference is None else str(result.difference)
    if as_json:
        said = {"total": result.total, "same": result.same, "difference": difference}
        click.echo(json.dumps(said, indent=2))
        if difference is not None:
            raise click.exceptions.Exit(1)
        return
    if difference is None:
        click.echo(f"{result.total} requests, every answer and state the same.")
        return
    click.echo(f"{result.same} of {result.total} requests are the same.")
    raise click.ClickException(difference)
