"""Command line: `worldflux-emulator serve | exec | worlds | requests | …`.

Exit codes: 0 success · 1 an error, which stderr explains in one sentence · 2 wrong usage · 3 no
emulator can be reached. `exec` exits with the exit code of its command.
"""

from __future__ import annotations

import click

from emulator import __version__
from emulator.cli.capsule import capsule
from emulator.cli.clock import clock
from emulator.cli.coverage import coverage
from emulator.cli.doctor import doctor
from emulator.cli.env import env
from emulator.cli.exec import run_with_emulator
from emulator.cli.faults import faults
from emulator.cli.init import init
from emulator.cli.mail import mail
from emulator.cli.replay import replay
from emulator.cli.requests import requests
from emulator.cli.reset import reset
from emulator.cli.routes import routes
from emulator.cli.seeds import seeds
from emulator.cli.serve import serve
from emulator.cli.status import status
from emulator.cli.wait import wait
from emulator.cli.worlds import worlds


def main() -> None:
    """Run the command line."""
    cli(prog_name="worldflux-emulator")


@click.group()
@click.version_option(__version__, prog_name="worldflux-emulator")
def cli() -> None:
    """Emulate the WorldFlux Cloud control plane: standalone, deterministic, in memory."""


COMMANDS: tuple[click.Command, ...] = (
    serve,
    run_with_emulator,
    env,
    seeds,
    routes,
    init,
    doctor,
    wait,
    status,
    reset,
    worlds,
    clock,
    mail,
    requests,
    faults,
    coverage,
    capsule,
    replay,
)
"""Every command, in the order in which the guide explains them."""

for _command in COMMANDS:
    cli.add_command(_command)
