"""`mail`: read the mail that a world has sent."""

from __future__ import annotations

import click

from emulator.cli.output import Invocation
from emulator.cli.server_options import with_world
from emulator.client.control_client import PREFIX


@click.group()
def mail() -> None:
    """Read a world's mail; none of it leaves the machine."""


@mail.command("list")
@click.option("--to", help="Filter by recipient.")
@click.option("--kind", help="Filter by kind.")
@click.option("--wait", type=click.IntRange(1, 60), help="Seconds to wait for a match.")
@click.option(
    "--limit",
    type=click.IntRange(1, 200),
    default=50,
    show_default=True,
    help="Number of mails to list.",
)
@with_world
def list_mail(
    invocation: Invocation, *, to: str | None, kind: str | None, wait: int | None, limit: int
) -> None:
    """List a world's mail, newest first."""
    view = invocation.control.get("mail", to=to, kind=kind, wait=wait, limit=limit)
    members = ("sent_at", "to", "kind", "code", "id")
    rows = [[message[name] for name in members] for message in view["items"]]
    invocation.print_list(view, ("SENT", "TO", "KIND", "CODE", "ID"), rows, if_empty="No mail.")


@mail.command("show")
@click.argument("mail_id")
@with_world
def show_mail(invocation: Invocation, *, mail_id: str) -> None:
    """Print the text of a mail, and the URL of its HTML."""
    message = invocation.control.get("mail", mail_id)
    head = (f"To: {message['to']}", f"Subject: {message['subject']}", "")
    world = invocation.control.world
    prefix = PREFIX if world is None else f"/_w/{world}{PREFIX}"
    page = f"{invocation.control.transport.url}{prefix}/mail/{mail_id}/html"
    invocation.print(message, *head, message["text"].rstrip(), "", f"Page: {page}")
