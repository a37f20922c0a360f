"""`coverage`: the operations, error codes and record states that no request has exercised."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

import click

from emulator.cli.output import Invocation, table
from emulator.cli.server_options import with_server

_WIDTH = 98
_UNBROKEN = "\N{NO-BREAK SPACE}"


@click.command(short_help="List what no request has exercised.")
@click.option(
    "--fail-under", type=click.FloatRange(0, 100), help="Exit with 1 below this percentage."
)
@with_server
def coverage(invocation: Invocation, *, fail_under: float | None) -> None:
    """List the operations, error codes and record states that no request has exercised.

    Counts every world since the server started.
    """
    view = invocation.control.get("coverage")
    groups = {name: group for name, group in view.items() if name != "percent"}
    rows = [
        (name, len(group["covered"]), len(group["covered"]) + len(group["missing"]))
        for name, group in groups.items()
    ]
    missing = [line for name, group in groups.items() for line in _missing(name, group["missing"])]
    head = table(("", "COVERED", "TOTAL"), rows)
    invocation.print(view, *head, f"{view['percent']} % covered", *missing)
    if fail_under is not None and view["percent"] < fail_under:
        raise click.ClickException(f"Coverage is {view['percent']} %, below {fail_under:g} %.")


def _missing(group: str, missing: list[Any]) -> list[str]:
    """Return the lines that list what is missing of a group, operations by surface."""
    by_title: dict[str, list[str]] = {}
    for each in missing:
        is_operation = group == "operations"
        name = each["operation"] if is_operation else each
        title = f"{each['surface']} operations" if is_operation else group
        by_title.setdefault(title, []).append(name.replace(" ", _UNBROKEN))
    lines = []
    for title, members in by_title.items():
        text = ", ".join(members)
        wrapped = wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
        lines += ["", f"missing {title}:"]
        lines += [f"  {line.replace(_UNBROKEN, ' ')}" for line in wrapped]
    return lines
