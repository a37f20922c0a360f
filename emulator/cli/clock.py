"""`clock`: show a world's clock and move it forward."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from emulator.cli.output import Invocation, table
from emulator.cli.server_options import with_world
from emulator.client.control_client import ControlError


@click.group()
def clock() -> None:
    """Show a world's clock and move it forward."""


@contextmanager
def _hint(remedy: str) -> Iterator[None]:
    """Append a hint about the expected format to a validation error."""
    try:
        yield
    except ControlError as error:
        message = str(error)
        if error.code == "validation_error":
            message = f"{message.removesuffix('.')}. {remedy}"
        raise ControlError(message, status=error.status, code=error.code) from error


def _print_clock(invocation: Invocation, view: dict[str, Any]) -> None:
    fell_due = [(job["at"], job["what"], job["target_id"]) for job in view.get("happened", ())]
    lines = [f"{view['now']} ({view['mode']})", *table(("AT", "FELL DUE", "TARGET"), fell_due)]
    if pending := view.get("pending"):
        lines.append(f"Webhook deliveries still in progress: {len(pending)}")
    invocation.print(view, *lines)


@clock.command("show")
@with_world
def show_clock(invocation: Invocation) -> None:
    """Print a world's time."""
    _print_clock(invocation, invocation.control.get("clock"))


@clock.command("advance", short_help="Advance by seconds or a duration such as P30D.")
@click.argument("by")
@with_world
def advance_clock(invocation: Invocation, *, by: str) -> None:
    """Advance by BY, in seconds or as an ISO 8601 duration such as P1M; print what fell due."""
    try:
        body: dict[str, Any] = {"seconds": float(by)}
    except ValueError:
        body = {"duration": by}
    with _hint("Write BY in seconds, or as an ISO 8601 duration such as P30D or PT90M."):
        _print_clock(invocation, invocation.control.post("clock", "advance", **body))


@clock.command("set", short_help="Advance to the moment NOW.")
@click.argument("now")
@with_world
def set_clock(invocation: Invocation, *, now: str) -> None:
    """Advance to the moment NOW, such as 2026-03-01T00:00:00Z; print what fell due."""
    with _hint("Write NOW with its time zone, such as 2026-03-01T00:00:00Z."):
        _print_clock(invocation, invocation.control.post("clock", "set", now=now))
