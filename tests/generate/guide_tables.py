"""Tables of the guides to the command line and the kits, from their own options."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import click

from emulator.cli import cli
from emulator.cli.clock import show_clock
from emulator.cli.server_options import PROGRAM
from emulator.testing.pytest_plugin import OPTIONS

ROOT = Path(__file__).parents[2]
HEAD = ["| Option | Effect |", "| --- | --- |"]


def guide_tables() -> dict[Path, dict[str, list[str]]]:
    """Return the tables of every guide, by their name."""
    return {
        ROOT / "emulator/cli/README.md": {
            "commands": command_rows(),
            "server options": [*HEAD, *option_rows(show_clock)],
            "options": [line for command in cli.commands.values() for line in sections(command)],
        },
        ROOT / "emulator/testing/README.md": {"pytest options": plugin_rows()},
    }


def command_rows() -> list[str]:
    """Return the table of commands, a group with its subcommands."""
    rows = ["| Command | Purpose |", "| --- | --- |"]
    for command in cli.commands.values():
        names = [f"`{command.name}`"]
        if isinstance(command, click.Group):
            names = [f"`{command.name} {name}`" for name in command.commands]
        rows.append(f"| {', '.join(names)} | {command.get_short_help_str(100)} |")
    return rows


def plugin_rows() -> list[str]:
    """Return the table of the pytest plugin's options."""
    rows = ["| Option | Key of the ini file | Effect |", "| --- | --- | --- |"]
    for option in OPTIONS:
        flag = " ".join(filter(None, (option.flag, option.metavar)))
        cells = [f"`{name}`" if name else "" for name in (flag, option.ini)]
        default = f" (default: {option.default})" if option.default else ""
        rows.append(f"| {' | '.join(cells)} | {option.help}{default} |")
    return rows


def sections(command: click.Command, parent: str = PROGRAM) -> Iterator[str]:
    """Yield the section of a command, or of every subcommand of a group."""
    name = f"{parent} {command.name}"
    if isinstance(command, click.Group):
        for subcommand in command.commands.values():
            yield from sections(subcommand, name)
        return
    context = click.Context(command, info_name=name)
    yield from ("", f"### `{name.removeprefix(PROGRAM).strip()}`", "")
    yield from ("```sh", f"{name} {' '.join(command.collect_usage_pieces(context))}", "```", "")
    yield cleandoc(command.help or "")
    shared = option_rows(show_clock)
    rows = option_rows(command)
    if own := [row for row in rows if row not in shared]:
        yield from ("", *HEAD, *own)
    if common := [row.split("`")[1].split()[0] for row in rows if row in shared]:
        yield from ("", f"Server options: {', '.join(f'`{flag}`' for flag in common)}.")


def option_rows(command: click.Command) -> list[str]:
    """Return a row for each option of a command, as click's help describes it."""
    context = click.Context(command)
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    records = (option.get_help_record(context) for option in options)
    cells = ([part.replace("|", "\\|") for part in record] for record in records if record)
    return [f"| `{flags}` | {text} |" for flags, text in cells]
