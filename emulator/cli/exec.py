"""`exec`: run a command with an emulator beside it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from types import FrameType

import click

from emulator.cli.error_handling import plain_errors
from emulator.cli.server_options import URL
from emulator.client.server_process import start_server

_NOT_FOUND, _NOT_EXECUTABLE, _SIGNALLED = 127, 126, 128
"""Exit codes as a shell has them."""


@click.command(
    "exec",
    short_help="Run COMMAND with an emulator beside it.",
    context_settings={"allow_interspersed_args": False},
)
@click.option("--seed", default="demo", show_default=True, help="Name or file of the seed.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port of the emulator.  [default: a free port]",
)
@click.option(
    "--clock",
    type=click.Choice(["virtual", "wall"]),
    default="virtual",
    show_default=True,
    help="virtual stands still until advanced; wall follows the machine.",
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@plain_errors
def exec(  # noqa: A001 - the command's name
    *, seed: str, port: int, clock: str, command: tuple[str, ...]
) -> None:
    """Run COMMAND with an emulator beside it, and exit with the exit code of COMMAND.

    COMMAND finds the emulator through its environment: the variables that `env` prints, and
    WORLDFLUX_EMULATOR_URL. Put `--` before COMMAND.
    """
    _on_termination(_exit)  # before the server starts, so that no signal can leave it behind
    server = start_server("--seed", seed, "--clock", clock, port=port)
    try:
        code = _run(command, {**os.environ, **server.ready["env"], URL: server.url})
    finally:
        server.stop()
    sys.exit(code)


def _on_termination(handle: Callable[[int, FrameType | None], None]) -> None:
    """Handle the signals that end a process, except those it was started to ignore (`nohup`)."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handle)


def _exit(number: int, _: FrameType | None) -> None:
    sys.exit(_SIGNALLED + number)


def _run(command: tuple[str, ...], environ: dict[str, str]) -> int:
    """Run a command until it exits and return its exit code, as a shell would."""
    children: list[subprocess.Popen[bytes]] = []
    early: list[int] = []

    def forward(number: int, _: FrameType | None) -> None:
        early.append(number)
        for running in children:
            running.send_signal(number)

    # Before the command starts, so that a signal that arrives meanwhile is forwarded too.
    _on_termination(forward)
    try:
        child = subprocess.Popen(command, env=environ)  # noqa: S603 - the user's own command
    except FileNotFoundError:
        click.echo(f"Error: Command {command[0]!r} not found.", err=True)
        return _NOT_FOUND
    except OSError as error:
        click.echo(f"Error: Cannot run {command[0]!r}: {error.strerror}.", err=True)
        return _NOT_EXECUTABLE

    children.append(child)
    for number in early:
        child.send_signal(number)
    # A terminal sends Ctrl-C to the command as well.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    code = child.wait()
    return code if code >= 0 else _SIGNALLED - code
