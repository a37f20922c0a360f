"""The clock of a world."""

from __future__ import annotations

from typing import Any

import click

from emulator.cli.asking import Asked, asks, table


@click.group()
def clock() -> None:
    """Look at a world's clock and move it."""


def _say(asked: Asked, said: dict[str, Any]) -> None:
    fell_due = [(one["at"], one["what"], one["target_id"]) for one in said.get("happened", ())]
    asked.say(
        said, f"{said['now']} ({said['mode']})", *table(("AT", "FELL DUE", "TARGET"), fell_due)
    )


@clock.command("show")
@asks
def show_clock(asked: Asked) -> None:
    """Print what time it is in a world."""
    _say(asked, asked.control.get("clock"))


@clock.command("advance")
@click.argument("by")
@asks
def advance_clock(asked: Asked, *, by: str) -> None:
    """Move on BY seconds or an ISO 8601 duration such as P1M, and print what fell due."""
    try:
        body: dict[str, Any] = {"seconds": float(by)}
    except ValueError:
        body = {"duration": by}
    _say(asked, asked.control.post("clock", "advance", **body))


@clock.command("set")
@click.argument("now")
@asks
def set_clock(asked: Asked, *, now: str) -> None:
    """Move to the moment NOW, such as 2026-03-01T00:00:00Z, and print what fell due."""
    _say(asked, asked.control.post("clock", "set", now=now))
