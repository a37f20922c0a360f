"""Commands that need no server: the seeds there are, and the table of routes."""

from __future__ import annotations

import json
from pathlib import Path

import click

from emulator.cli.error_handling import plain_errors


@click.group()
def seeds() -> None:
    """Show the seeds there are, and check one of your own."""


@seeds.command("list")
@click.option("--json", "as_json", is_flag=True, help="A JSON object: what each holds, by name.")
@plain_errors
def list_seeds(*, as_json: bool) -> None:
    """List the seeds that come with the emulator."""
    from emulator.seeding.files import bundled_names, load

    held = {name: load(name).seed.description for name in bundled_names()}
    if as_json:
        click.echo(json.dumps(held, indent=2, ensure_ascii=False))
        return
    width = max(len(name) for name in held)
    for name, description in held.items():
        click.echo(f"{name:<{width}}  {description}")


@seeds.command("show")
@click.argument("seed")
@plain_errors
def show_seed(*, seed: str) -> None:
    """Print the file of a seed."""
    from emulator.seeding.files import load

    click.echo(load(seed).path.read_text("utf-8"), nl=False)


@seeds.command("check", short_help="Plant a seed, and say the line of every mistake.")
@click.argument("seed")
@plain_errors
def check_seed(*, seed: str) -> None:
    """Plant a seed and print the digest of its world; say the line of every mistake."""
    from emulator.seeding.files import load, plant_file

    planted = plant_file(load(seed))
    click.echo(f"{planted.seed}: good, digest {planted.world.state.digest}")


@seeds.command("schema")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Default: stdout.")
@plain_errors
def show_schema(*, output: Path | None) -> None:
    """Print the JSON Schema of seeds, for editors."""
    from emulator.seeding.schema import schema_text  # pydantic's schema code is not needed to serve

    if output is None:
        click.echo(schema_text(), nl=False)
    else:
        output.write_text(schema_text(), "utf-8")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="A JSON array.")
def routes(*, as_json: bool) -> None:
    """Print every route, where it is known from, and what it leads to."""
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
