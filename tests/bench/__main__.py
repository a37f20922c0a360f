"""`python -m tests.bench`: the cost of the emulator as tables, and what falls short of wanted."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from tests.bench import (
    billing,
    memory,
    planting,
    plugin,
    requests,
    soak,
    startup,
    state,
    sync,
    watchers,
    worlds,
)
from tests.bench.figures import Figure, as_json, show_shortfalls

SIZES = (1_000, 100_000, 1_000_000)
PROCESSES = 3
STDOUT = Path("-")


def main() -> None:
    """Measure what the arguments select."""
    options = _parser().parse_args()
    # Where it is set, every start would compile every module; on people's machines none does.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # Tables then go where they cannot end up in the document.
    with redirect_stdout(sys.stderr if options.json == STDOUT else sys.stdout):
        document = _measure(options)
    if options.json == STDOUT:
        print(document)
    elif options.json is not None:
        options.json.write_text(document + "\n", "utf-8")


def _measure(options: argparse.Namespace) -> str:
    machine = _machine()
    load = " ".join(f"{average:.1f}" for average in machine["load"])
    print(f"Python {machine['python']}, {machine['cores']} cores, load {load}", flush=True)
    parts = _parts(is_quick=options.quick, soak_requests=options.requests)
    figures = [
        figure
        for name in options.only or [name for name in parts if name != "soak"]
        for figure in parts[name]()
    ]
    show_shortfalls(figures)
    return as_json(figures, **machine, is_quick=options.quick)


def _parts(*, is_quick: bool, soak_requests: int) -> Mapping[str, Callable[[], list[Figure]]]:
    """Return the parts by name, in their order; a run without `--only` leaves out the soak."""
    few, many = (2, 3) if is_quick else (5, 7)
    sizes = SIZES[:2] if is_quick else SIZES
    seconds = 0.25 if is_quick else 0.5
    return {
        "start": lambda: startup.measure(rounds=many),
        "requests": lambda: requests.measure(processes=PROCESSES, rounds=few, seconds=seconds),
        "sync": lambda: sync.measure(processes=PROCESSES, rounds=few),
        "planting": lambda: planting.measure(processes=PROCESSES, rounds=few),
        "worlds": lambda: worlds.measure(sizes[:1] if is_quick else sizes[:2]),
        "plugin": lambda: plugin.measure(rounds=many),
        "memory": lambda: memory.measure(processes=1 if is_quick else PROCESSES),
        "state": lambda: state.measure(sizes),
        "watchers": lambda: watchers.measure(rounds=many),
        "billing": lambda: billing.measure(rounds=many),
        "soak": lambda: soak.measure(requests=soak_requests),
    }


def _machine() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": os.getloadavg() if hasattr(os, "getloadavg") else (),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="no world of 1,000,000 runs, and fewer rounds"
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=list(_parts(is_quick=True, soak_requests=0)),
        help="only this part; repeatable",
    )
    parser.add_argument(
        "--requests", type=int, default=1_000_000, help="how many requests the soak makes"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="also write the figures as JSON; - is stdout"
    )
    return parser


if __name__ == "__main__":
    main()
