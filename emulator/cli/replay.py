"""`replay`: replay a recorded capsule in this process."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import click

from emulator.cli.error_handling import plain_errors


@click.command(short_help="Replay a capsule and report the first difference.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@plain_errors
def replay(*, file: Path, as_json: bool) -> None:
    """Replay a recorded capsule and report the first response that differs."""
    # Both import the whole emulator.
    from emulator.app import build_app
    from emulator.persistence import replay as replaying

    done = replaying.replay(file.read_bytes(), partial(build_app, sends_webhooks=False))
    difference = None if done.difference is None else str(done.difference)
    if as_json:
        view = {"total": done.total, "same": done.same, "difference": difference}
        click.echo(json.dumps(view, indent=2))
    if difference is not None:
        raise click.ClickException(difference)
    if not as_json:
        click.echo(f"All {done.total} responses and states are the same.")
