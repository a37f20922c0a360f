"""`routes`: print every operation."""

from __future__ import annotations

import json

import click

MEMBERS = ("surface", "method", "path", "id", "provenance", "availability", "summary")
"""The fields of an operation that `--json` prints."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def routes(*, as_json: bool) -> None:
    """Print every route, where it is known from and what it is for."""
    from emulator.app import operation_catalog

    operations = tuple(operation_catalog())
    if as_json:
        rows = [{name: getattr(each, name) for name in MEMBERS} for each in operations]
        click.echo(json.dumps(rows, indent=2))
        return
    widths = [max(len(getattr(each, part)) for each in operations) for part in ("method", "path")]
    for each in operations:
        route = f"{each.method:<{widths[0]}}  {each.path:<{widths[1]}}"
        note = "" if each.availability != "not built" else "Not built: responds with 501. "
        click.echo(f"{route}  {each.surface:<9} {each.provenance:<13}  {note}{each.summary}")
