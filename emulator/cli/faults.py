"""The faults of a world."""

from __future__ import annotations

from typing import Any

import click

from emulator.cli.server_options import SURFACES, Asked, with_world

_MATCH = ("surface", "operation", "method", "path", "actor", "times", "nth")


@click.group()
def faults() -> None:
    """Put failures where you want them."""


def _said(members: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in members.items()) or "every call"


@faults.command("list", short_help="List the armed faults with their hits.")
@with_world
def list_faults(asked: Asked) -> None:
    """List the armed faults with how many calls matched and how many were hit."""
    said = asked.control.get("faults")
    rows = [
        (one["id"], one["hits"], one["seen"], _said(one["match"]), _said(one["then"]))
        for one in said["items"]
    ]
    asked.list(said, ("ID", "HITS", "SEEN", "CALLS", "MEET"), rows, none="No faults.")


@faults.command("arm")
@click.option("--surface", type=click.Choice(SURFACES))
@click.option("--operation", help="As `routes` names it: list_runs, 'GET /api/cloud/runs'.")
@click.option("--method", help="GET, POST, …")
@click.option("--path", help="May hold *.")
@click.option("--actor", help="The id or e-mail of a user, or the id of a key.")
@click.option("--times", type=click.IntRange(1), help="The first so many calls.")
@click.option("--nth", type=click.IntRange(1), help="Every nth of them.")
@click.option("--status", type=click.IntRange(400, 599), help="Meet that status.")
@click.option("--code", help="Meet that error code.")
@click.option("--message", help="What the error says.")
@click.option("--latency-ms", type=click.IntRange(1), help="Wait before the answer.")
@click.option("--recorded", is_flag=True, default=None, help="Note the latency, do not wait.")
@click.option("--drop", is_flag=True, default=None, help="Meet a dropped connection.")
@click.option("--truncate-bytes", type=click.IntRange(0), help="Meet a body cut off after so many.")
@with_world
def arm_fault(asked: Asked, /, **said: Any) -> None:
    """Arm a fault: which calls, and what they meet. Prints its id."""
    told = {name: value for name, value in said.items() if value is not None}
    match = {name: value for name, value in told.items() if name in _MATCH}
    then = {name: value for name, value in told.items() if name not in _MATCH}
    fault = asked.control.post("faults", match=match, then=then)
    asked.say(fault, fault["id"])


@faults.command("disarm")
@click.argument("fault_id", required=False)
@with_world
def disarm_fault(asked: Asked, *, fault_id: str | None) -> None:
    """Disarm a fault, or all of a world."""
    asked.control.delete("faults", *([fault_id] if fault_id else []))
    asked.say({"disarmed": fault_id}, f"{fault_id or 'all faults'}: disarmed")
