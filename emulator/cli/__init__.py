"""Command line: `worldflux-emulator serve | exec | worlds | requests | …`.

Exit codes: 0 success · 1 an error, which stderr explains in one sentence · 2 wrong usage · 3 no
emulator can be reached. `exec` exits with the exit code of its command.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import cast

import click

from emulator import __version__

_NAMES = (
    "serve",
    "exec",
    "env",
    "seeds",
    "routes",
    "init",
    "doctor",
    "wait",
    "status",
    "reset",
    "worlds",
    "clock",
    "mail",
    "requests",
    "faults",
    "coverage",
    "capsule",
    "replay",
)
"""Every command, in the order in which the guide explains them."""


class _Commands(Mapping[str, click.Command]):
    """Every command by its name, in the module of its name, which is imported when it is used.

    Measured: all of them take 15 ms to import, and `serve` starts with the others unused.
    """

    def __getitem__(self, name: str) -> click.Command:
        if name not in _NAMES:
            raise KeyError(name)
        return cast(click.Command, getattr(import_module(f"emulator.cli.{name}"), name))

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)


def main() -> None:
    """Run the command line."""
    cli(prog_name="worldflux-emulator")


@click.group(commands=_Commands())
@click.version_option(__version__, prog_name="worldflux-emulator")
def cli() -> None:
    """Emulate the WorldFlux Cloud control plane: standalone, deterministic, in memory."""
