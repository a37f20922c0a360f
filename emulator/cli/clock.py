"""The clock of a world."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from emulator.cli.server_options import Asked, table, with_world
from emulator.client.control_client import ControlError


@click.group()
def clock() -> None:
    """Look at a world's clock and move it."""


@contextmanager
def _hint(remedy: str) -> Iterator[None]:
    """Say beside what control refuses of an argument how to write it."""
    try:
        yield
    except ControlError as error:
        hint = f"{error} {remedy}" if error.code == "validation_error" else str(error)
        raise ControlError(hint, status=error.status, code=error.code) from error


def _say(asked: Asked, said: dict[str, Any]) -> None:
    fell_due = [(one["at"], one["what"], one["target_id"]) for one in said.get("happened", ())]
    lines = [f"{said['now']} ({said['mode']})", *table(("AT", "FELL DUE", "TARGET"), fell_due)]
    if pending := said.get("pending"):
        lines.append(f"Webhook deliveries that are still on their way: {len(pending)}")
    asked.say(said, *lines)


@clock.command("show")
@with_world
def show_clock(asked: Asked) -> None:
    """Print what time it is in a world."""
    _say(asked, asked.control.get("clock"))


@clock.command("advance", short_help="Move on BY seconds or a duration such as P30D.")
@click.argument("by")
@with_world
def advance_clock(asked: Asked, *, by: str) -> None:
    """Move on BY seconds or an ISO 8601 duration such as P1M, and print what fell due."""
    try:
        body: dict[str, Any] = {"seconds": float(by)}
    except ValueError:
        body = {"duration": by}
    with _hint("Write how far: seconds, or an ISO 8601 duration such as P30D or PT90M."):
        _say(asked, asked.control.post("clock", "advance", **body))


@clock.command("set", short_help="Move to the moment NOW.")
@click.argument("now")
@with_world
def set_clock(asked: Asked, *, now: str) -> None:
    """Move to the moment NOW, such as 2026-03-01T00:00:00Z, and print what fell due."""
    with _hint("Write a moment with its zone, such as 2026-03-01T00:00:00Z."):
        _say(asked, asked.control.post("clock", "set", now=now))
