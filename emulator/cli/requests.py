"""What a world was asked and what it mailed, and what nobody has asked yet."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from textwrap import wrap
from typing import Any

import click

from emulator.cli.server_options import SURFACES, Asked, table, with_server, with_world
from emulator.client.control_client import PREFIX

_FILTERS: Mapping[str, tuple[Any, str]] = {
    "surface": (click.Choice(SURFACES), "That went to it."),
    "operation": (str, "Of that operation, as `routes` names it."),
    "method": (str, "GET, POST, …"),
    "path": (str, "At that path; may hold *."),
    "status": (click.IntRange(100, 599), "Answered so."),
    "code": (str, "Refused with that error code."),
    "actor": (str, "Of that user or API key, by its id."),
}
"""By which requests are chosen: of what type, and what it says of them."""

_WIDTH = 98
_UNBROKEN = "\N{NO-BREAK SPACE}"


@click.group()
def mail() -> None:
    """Read what was mailed; nothing leaves the machine."""


@mail.command("list")
@click.option("--to", help="To that address.")
@click.option("--kind", help="Of that kind.")
@click.option("--wait", type=click.IntRange(1, 60), help="Wait so many seconds for the first.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@with_world
def list_mail(
    asked: Asked, *, to: str | None, kind: str | None, wait: int | None, limit: int
) -> None:
    """List the mails of a world, newest first."""
    said = asked.control.get("mail", to=to, kind=kind, wait=wait, limit=limit)
    head = ("SENT", "TO", "KIND", "CODE", "ID")
    rows = [
        (one["sent_at"], one["to"], one["kind"], one["code"], one["id"]) for one in said["items"]
    ]
    asked.list(said, head, rows, none="No mail.")


@mail.command("show")
@click.argument("mail_id")
@with_world
def show_mail(asked: Asked, *, mail_id: str) -> None:
    """Print one mail."""
    said = asked.control.get("mail", mail_id)
    head = (f"To: {said['to']}", f"Subject: {said['subject']}", "")
    world = asked.control.world
    place = PREFIX if world is None else f"/_w/{world}{PREFIX}"
    page = f"{asked.control.line.url}{place}/mail/{mail_id}/html"
    asked.say(said, *head, said["text"].rstrip(), "", f"Page: {page}")


@click.group()
def requests() -> None:
    """Look at what a world was asked and what it answered."""


def _filtered(command: Callable[..., None]) -> Callable[..., None]:
    for name, (kind, said) in reversed(list(_FILTERS.items())):
        command = click.option(f"--{name}", type=kind, help=said)(command)
    return command


@requests.command("list")
@_filtered
@click.option("--since", type=click.IntRange(0), help="After the request of that id.")
@click.option("--wait", type=click.IntRange(1, 60), help="Wait so many seconds for the first.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@with_world
def list_requests(asked: Asked, /, **query: Any) -> None:
    """List the requests of a world, newest first."""
    said = asked.control.get("requests", **query)
    head = ("ID", "AT", "SURFACE", "METHOD", "PATH", "STATUS", "CODE", "FAULT")
    members = ("id", "at", "surface", "method", "path", "status", "code", "fault_id")
    rows = [[one[name] for name in members] for one in said["items"]]
    asked.list(said, head, rows, none="No requests.")


@requests.command("show", short_help="Print one request with its answer.")
@click.argument("request_id")
@with_world
def show_request(asked: Asked, *, request_id: str) -> None:
    """Print one request with its answer and what it changed; secrets are left out."""
    said = asked.control.get("requests", request_id)
    asked.say(said, json.dumps(said, indent=2, ensure_ascii=False))


def _never_met(group: str, names: list[Any]) -> list[str]:
    """Return the lines that name what of a group nobody has met, operations by surface."""
    by_surface: dict[str, list[str]] = {}
    for each in names:
        name = each["operation"] if group == "operations" else each
        surface = f" of {each['surface']}" if group == "operations" else ""
        by_surface.setdefault(surface, []).append(name.replace(" ", _UNBROKEN))
    lines = []
    for surface, inside in by_surface.items():
        text = ", ".join(inside)
        wrapped = wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
        lines += ["", f"never met, {group}{surface}:"]
        lines += [f"  {line.replace(_UNBROKEN, ' ')}" for line in wrapped]
    return lines


@click.command(short_help="Say what no client has met since the server began.")
@click.option("--fail-under", type=click.FloatRange(0, 100), help="End with 1 below that percent.")
@with_server
def coverage(asked: Asked, *, fail_under: float | None) -> None:
    """Say which operations, error codes and states no client has met since the server began."""
    said = asked.control.get("coverage")
    groups = [name for name in said if name != "percent"]
    rows = [
        (name, len(said[name]["covered"]), sum(len(names) for names in said[name].values()))
        for name in groups
    ]
    never = [line for name in groups for line in _never_met(name, said[name]["missing"])]
    asked.say(said, *table(("", "MET", "OF"), rows), f"{said['percent']} % met", *never)
    if fail_under is not None and said["percent"] < fail_under:
        raise click.ClickException(f"{said['percent']} % is less than {fail_under:g} %.")
