"""`faults`: arm, list and disarm the faults of a world."""

from __future__ import annotations

from typing import Any

import click

from emulator.cli.output import Invocation
from emulator.cli.server_options import SURFACES, with_world

_MATCH = ("surface", "operation", "method", "path", "actor", "times", "nth")
"""The options that choose requests; every other option describes the effect."""


@click.group()
def faults() -> None:
    """Make chosen requests fail."""


def _members(members: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in members.items()) or "every request"


@faults.command("list", short_help="List the armed faults and their counts.")
@with_world
def list_faults(invocation: Invocation) -> None:
    """List the armed faults, with how many requests each matched and was applied to."""
    view = invocation.control.get("faults")
    rows = [
        (
            fault["id"],
            fault["seen"],
            fault["hits"],
            _members(fault["match"]),
            _members(fault["then"]),
        )
        for fault in view["items"]
    ]
    head = ("ID", "MATCHED", "APPLIED", "REQUESTS", "EFFECT")
    invocation.print_list(view, head, rows, if_empty="No faults.")


@faults.command("arm", short_help="Arm a fault and print its id.")
@click.option("--surface", type=click.Choice(SURFACES), help="Match this surface.")
@click.option(
    "--operation", help="Match an operation as `routes` names it: list_runs, 'GET /api/cloud/runs'."
)
@click.option("--method", help="Match an HTTP method.")
@click.option("--path", help="Match a path; may contain *.")
@click.option("--actor", help="Match a user by id or e-mail, or an API key by id.")
@click.option("--times", type=click.IntRange(1), help="Apply to the first N matching requests.")
@click.option("--nth", type=click.IntRange(1), help="Apply to every nth matching request.")
@click.option("--status", type=click.IntRange(400, 599), help="Respond with this status.")
@click.option("--code", help="Respond with this error code.")
@click.option("--message", help="Message of the error.")
@click.option("--latency-ms", type=click.IntRange(1), help="Delay the response.")
@click.option("--recorded", is_flag=True, default=None, help="Record the latency without waiting.")
@click.option("--drop", is_flag=True, default=None, help="Drop the connection.")
@click.option(
    "--truncate-bytes", type=click.IntRange(0), help="Cut the body off after so many bytes."
)
@with_world
def arm_fault(invocation: Invocation, /, **options: Any) -> None:
    """Arm a fault for the requests that match, and print its id."""
    given = {name: value for name, value in options.items() if value is not None}
    match = {name: value for name, value in given.items() if name in _MATCH}
    then = {name: value for name, value in given.items() if name not in _MATCH}
    fault = invocation.control.post("faults", match=match, then=then)
    invocation.print(fault, fault["id"])


@faults.command("disarm", short_help="Disarm a fault, or all faults of a world.")
@click.argument("fault_id", required=False)
@with_world
def disarm_fault(invocation: Invocation, *, fault_id: str | None) -> None:
    """Disarm the fault FAULT_ID, or without it all faults of a world."""
    invocation.control.delete("faults", *([fault_id] if fault_id else []))
    invocation.print({"disarmed": fault_id}, f"{fault_id or 'all faults'}: disarmed")
