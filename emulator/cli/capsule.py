"""`capsule`: record a world's requests to a file."""

from __future__ import annotations

from pathlib import Path

import click

from emulator.cli.output import Invocation
from emulator.cli.server_options import with_world


@click.command(short_help="Record a world's requests to FILE.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_world
def capsule(invocation: Invocation, *, file: Path) -> None:
    """Record a world's requests to FILE, for `replay`. FILE has passwords, keys and tokens."""
    content = invocation.control.download("capsule")
    file.write_bytes(content)
    invocation.print({"file": str(file), "bytes": len(content)}, f"{file}: {len(content)} bytes")
