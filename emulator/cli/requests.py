"""`requests`: the request journal of a world."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import click

from emulator.cli.output import Invocation
from emulator.cli.server_options import SURFACES, with_world

_FILTERS: Mapping[str, tuple[Any, str]] = {
    "surface": (click.Choice(SURFACES), "Filter by surface."),
    "operation": (str, "Filter by operation, as `routes` names it."),
    "method": (str, "Filter by HTTP method."),
    "path": (str, "Filter by path; may contain *."),
    "status": (click.IntRange(100, 599), "Filter by response status."),
    "code": (str, "Filter by error code."),
    "actor": (str, "Filter by the id of a user or API key."),
}
"""The type and the help text of every filter."""


@click.group()
def requests() -> None:
    """Inspect a world's request journal."""


def _filtered(command: Callable[..., None]) -> Callable[..., None]:
    for name, (kind, text) in reversed(list(_FILTERS.items())):
        command = click.option(f"--{name}", type=kind, help=text)(command)
    return command


@requests.command("list")
@_filtered
@click.option(
    "--since", type=click.IntRange(0), help="Only requests after the request with this id."
)
@click.option("--wait", type=click.IntRange(1, 60), help="Seconds to wait for a match.")
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=50,
    show_default=True,
    help="Number of requests to list.",
)
@with_world
def list_requests(invocation: Invocation, /, **query: Any) -> None:
    """List the requests of a world, newest first."""
    view = invocation.control.get("requests", **query)
    head = ("ID", "AT", "SURFACE", "METHOD", "PATH", "STATUS", "CODE", "FAULT")
    members = ("id", "at", "surface", "method", "path", "status", "code", "fault_id")
    rows = [[entry[name] for name in members] for entry in view["items"]]
    invocation.print_list(view, head, rows, if_empty="No requests.")


@requests.command("show", short_help="Print a request with its response.")
@click.argument("request_id")
@with_world
def show_request(invocation: Invocation, *, request_id: str) -> None:
    """Print a request with its response and what it changed; secrets are redacted."""
    entry = invocation.control.get("requests", request_id)
    invocation.print(entry, json.dumps(entry, indent=2, ensure_ascii=False))
