"""`exec`: a command with an emulator of its own beside it."""

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
from emulator.client.server_process import start

_NOT_FOUND, _NOT_EXECUTABLE, _SIGNALLED = 127, 126, 128
"""Exit codes as a shell has them."""


@click.command(
    "exec",
    short_help="Run COMMAND with an emulator beside it.",
    context_settings={"allow_interspersed_args": False},
)
@click.option("--seed", default="demo", show_default=True, help="A seed's name or file.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="[default: a free one]")
@click.option("--clock", type=click.Choice(["virtual", "wall"]), default="virtual")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@plain_errors
def run_with_emulator(*, seed: str, port: int, clock: str, command: tuple[str, ...]) -> None:
    """Run COMMAND with an emulator beside it, and end with its exit code.

    The emulator listens on a free port; the command finds it in its environment, which is set as
    `env` prints it, with WORLDFLUX_EMULATOR_URL besides. Put `--` before the command.
    """
    _on_ending_signals(_leave)  # first of all: none may find a server that nobody ends
    server = start("--seed", seed, "--clock", clock, port=port)
    try:
        code = _run(command, {**os.environ, **server.ready["env"], URL: server.url})
    finally:
        server.stop()
    sys.exit(code)


def _on_ending_signals(handle: Callable[[int, FrameType | None], None]) -> None:
    """Set a handler for what ends a process, unless it was started to ignore it, as by `nohup`."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handle)


def _leave(number: int, _: FrameType | None) -> None:
    sys.exit(_SIGNALLED + number)


def _run(command: tuple[str, ...], environ: dict[str, str]) -> int:
    """Run a command to its end and return its exit code, as a shell would."""
    children: list[subprocess.Popen[bytes]] = []
    early: list[int] = []

    def pass_on(number: int, _: FrameType | None) -> None:
        early.append(number)
        for one in children:
            one.send_signal(number)

    # Before the command starts: a signal that comes at once is passed on then.
    _on_ending_signals(pass_on)
    try:
        child = subprocess.Popen(command, env=environ)  # noqa: S603 - what the user asked for
    except FileNotFoundError:
        click.echo(f"Error: There is no command {command[0]!r}.", err=True)
        return _NOT_FOUND
    except OSError as error:
        click.echo(f"Error: {command[0]!r} cannot be run: {error.strerror}.", err=True)
        return _NOT_EXECUTABLE

    children.append(child)
    for number in early:
        child.send_signal(number)
    # A terminal sends Ctrl-C to the command itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    code = child.wait()
    return code if code >= 0 else _SIGNALLED - code
