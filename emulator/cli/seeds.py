"""`seeds`: list, show and check seeds, and print their JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path

import click

from emulator.cli.error_handling import plain_errors


@click.group()
def seeds() -> None:
    """List the bundled seeds, and check your own."""


@seeds.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object of descriptions.")
@plain_errors
def list_seeds(*, as_json: bool) -> None:
    """List the seeds that come with the emulator."""
    from emulator.seeding.files import bundled_names, load

    descriptions = {name: load(name).seed.description for name in bundled_names()}
    if as_json:
        click.echo(json.dumps(descriptions, indent=2, ensure_ascii=False))
        return
    width = max(len(name) for name in descriptions)
    for name, description in descriptions.items():
        click.echo(f"{name:<{width}}  {description}")


@seeds.command("show")
@click.argument("seed")
@plain_errors
def show_seed(*, seed: str) -> None:
    """Print the file of a seed."""
    from emulator.seeding.files import load

    click.echo(load(seed).path.read_text("utf-8"), nl=False)


@seeds.command("check", short_help="Validate a seed and report every error by line.")
@click.argument("seed")
@plain_errors
def check_seed(*, seed: str) -> None:
    """Validate a seed: print the digest of its world, or every error with its line."""
    from emulator.seeding.files import load, plant_file

    planted = plant_file(load(seed))
    click.echo(f"{planted.seed}: valid, digest {planted.world.state.digest}")


@seeds.command("schema")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write.  [default: stdout]",
)
@plain_errors
def show_schema(*, output: Path | None) -> None:
    """Print the JSON Schema of seeds, for editors."""
    from emulator.seeding.schema import schema_text  # pydantic's schema code is not needed to serve

    if output is None:
        click.echo(schema_text(), nl=False)
    else:
        output.write_text(schema_text(), "utf-8")
