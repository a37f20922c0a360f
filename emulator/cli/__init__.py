"""The command line: `worldflux-emulator serve | exec | worlds | requests | …`.

Exit codes: 0 done · 1 a sentence says what is wrong (port in use, bad seed, …) · 2 wrong usage ·
3 no emulator answers · `exec` and what it runs: that command's own.
"""

from __future__ import annotations

import click

from emulator import __version__
from emulator.cli.clock import clock
from emulator.cli.doctor import doctor
from emulator.cli.env import env
from emulator.cli.exec import run_with_emulator
from emulator.cli.faults import faults
from emulator.cli.init import init
from emulator.cli.replay import capsule, replay
from emulator.cli.requests import coverage, mail, requests
from emulator.cli.seeds import routes, seeds
from emulator.cli.serve import serve
from emulator.cli.worlds import reset, status, wait, worlds


def main() -> None:
    """Run the command line."""
    cli(prog_name="worldflux-emulator")


@click.group()
@click.version_option(__version__, prog_name="worldflux-emulator")
def cli() -> None:
    """Emulate the WorldFlux Cloud control plane: standalone, deterministic, in memory."""


for _command in (
    *(serve, run_with_emulator, env, seeds, routes, init, doctor, replay),
    *(wait, status, reset, worlds, clock, mail, requests, faults, coverage, capsule),
):
    cli.add_command(_command)
