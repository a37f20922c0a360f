"""`init`: writes a kit into the user's project."""

from __future__ import annotations

from pathlib import Path

import click

from emulator.cli.error_handling import plain_errors
from emulator.testing.playwright.scaffold import plan_files


@click.group()
def init() -> None:
    """Write a kit into your project."""


@init.command("playwright")
@click.option(
    "--dir",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="Your project.  [default: here]",
)
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
@plain_errors
def init_playwright(*, folder: Path, force: bool) -> None:
    """Write fixtures for Playwright, a config that starts the emulator, and an example.

    A Playwright config that is there stays, and tests go where it says; what to add to it is
    printed.
    """
    plan = plan_files(folder, overwrites=force)
    for path, text in plan.to_write.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        click.echo(f"wrote {path}")
    for path in plan.kept:
        click.echo(f"kept {path}, which is there; --force overwrites it")
    for line in plan.advice:
        click.echo(line)
