"""Report of a bench: the machine, the tables, the rows that fall short, and JSON on request."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

from tests.bench.figures import Figure, members, show_shortfalls

STDOUT = Path("-")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every bench has."""
    parser.add_argument(
        "--quick", action="store_true", help="fewer rounds, and no world of 1,000,000 runs"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="also write the figures as JSON; - is stdout"
    )


def report(options: argparse.Namespace, measure: Callable[[], list[Figure]]) -> None:
    """Measure, print what falls short, and write the JSON that the options ask for."""
    # Where it is set, every start would compile every module; on people's machines none does.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # Tables then go where they cannot end up in the document.
    with redirect_stdout(sys.stderr if options.json == STDOUT else sys.stdout):
        load = os.getloadavg() if hasattr(os, "getloadavg") else ()
        machine = {"python": platform.python_version(), "cores": os.cpu_count(), "load": load}
        averages = " ".join(f"{average:.1f}" for average in load)
        print(f"Python {machine['python']}, {machine['cores']} cores, load {averages}", flush=True)
        figures = measure()
        show_shortfalls(figures)
    document = {**machine, "is_quick": options.quick, "figures": [*map(members, figures)]}
    if options.json == STDOUT:
        print(json.dumps(document, indent=1))
    elif options.json is not None:
        options.json.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
