"""`coverage`: the operations, error codes and record states that no request has exercised."""

from __future__ import annotations

from textwrap import wrap

import click

from emulator.cli.output import Invocation, table
from emulator.cli.server_options import with_server

_COVERED, _MISSING = "met", "never"
"""The members of a group in the response of `GET /_emulator/coverage`."""

_WIDTH = 98
_UNBROKEN = "\N{NO-BREAK SPACE}"
_PREFIXES = (("/auth/v1/", "supabase"), ("/stripe/", "stripe"))
"""The response does not name an operation's surface. Upstream's operations are identified by a
name, all others by their method and path.
"""


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
        (name, len(group[_COVERED]), len(group[_COVERED]) + len(group[_MISSING]))
        for name, group in groups.items()
    ]
    missing = [line for name, group in groups.items() for line in _missing(name, group[_MISSING])]
    head = table(("", "COVERED", "TOTAL"), rows)
    invocation.print(view, *head, f"{view['percent']} % covered", *missing)
    if fail_under is not None and view["percent"] < fail_under:
        raise click.ClickException(f"Coverage is {view['percent']} %, below {fail_under:g} %.")


def _missing(group: str, names: list[str]) -> list[str]:
    """Return the lines that list what is missing of a group, operations by surface."""
    by_title: dict[str, list[str]] = {}
    for name in names:
        title = f"{_surface(name)} operations" if group == "operations" else group
        by_title.setdefault(title, []).append(name.replace(" ", _UNBROKEN))
    lines = []
    for title, members in by_title.items():
        text = ", ".join(members)
        wrapped = wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
        lines += ["", f"missing {title}:"]
        lines += [f"  {line.replace(_UNBROKEN, ' ')}" for line in wrapped]
    return lines


def _surface(operation: str) -> str:
    path = operation.partition(" ")[2]
    if not path:
        return "upstream"
    return next((name for prefix, name in _PREFIXES if path.startswith(prefix)), "bff")
