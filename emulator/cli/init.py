"""`init`: write a kit into the user's project."""

from __future__ import annotations

from pathlib import Path

import click

from emulator.cli.error_handling import plain_errors
from emulator.testing.playwright.scaffold import plan_files


@click.group()
def init() -> None:
    """Write a kit into your project."""


@init.command("playwright", short_help="Write the Playwright kit.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="Folder of your project.  [default: the current one]",
)
@click.option("--force", is_flag=True, help="Overwrite existing files, except a Playwright config.")
@plain_errors
def init_playwright(*, folder: Path, force: bool) -> None:
    """Write Playwright fixtures, a config that starts the emulator, and an example test.

    An existing Playwright config is never changed: tests go to its testDir, and the lines to add
    to it are printed.
    """
    plan = plan_files(folder, overwrites=force)
    for path, text in plan.to_write.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        click.echo(f"wrote {path}")
    for path in plan.existing:
        click.echo(f"skipped {path}, which exists; --force overwrites it")
    for line in plan.advice:
        click.echo(line)
