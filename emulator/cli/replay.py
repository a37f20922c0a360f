"""Capsules: what happened in a world as a file, and doing it again."""

from __future__ import annotations

from pathlib import Path

import click

from emulator.cli.error_handling import plain_errors
from emulator.cli.server_options import Asked, with_world

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_FILE)
@with_world
def capsule(asked: Asked, *, file: Path) -> None:
    """Write what happened in a world to FILE, for `replay`. It holds passwords, keys and tokens."""
    content = asked.control.download("capsule")
    file.write_bytes(content)
    asked.say({"file": str(file), "bytes": len(content)}, f"{file}: {len(content)} bytes")


@click.command(short_help="Do a capsule again and name the first difference.")
@click.argument("file", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="A JSON object.")
@plain_errors
def replay(*, file: Path, as_json: bool) -> None:
    """Do again what happened in a capsule, and name the first answer that is another now."""
    import json
    from functools import partial

    from emulator.app import build_app
    from emulator.persistence import replay as replaying

    done = replaying.replay(file.read_bytes(), partial(build_app, tells_others=False))
    difference = None if done.difference is None else str(done.difference)
    if as_json:
        view = {"total": done.total, "same": done.same, "difference": difference}
        click.echo(json.dumps(view, indent=2))
    if difference is not None:
        raise click.ClickException(difference)
    if not as_json:
        click.echo(f"All {done.total} answers and states are the same.")
