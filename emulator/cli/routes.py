"""`routes`: print the table of routes."""

from __future__ import annotations

import json

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def routes(*, as_json: bool) -> None:
    """Print every route with its surface, its source and its purpose."""
    from emulator.contract.legacy import route_table  # imports every surface

    table = route_table()
    if as_json:
        click.echo(json.dumps([row.as_dict() for row in table], indent=2))
        return
    widths = [max(len(getattr(row, part)) for row in table) for part in ("method", "path")]
    for row in table:
        line = (
            f"{row.method:<{widths[0]}}  {row.path:<{widths[1]}}  {row.surface:<9} {row.source:<13}"
        )
        click.echo(f"{line}  {row.purpose}")
