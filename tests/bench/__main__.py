"""`python -m tests.bench`: what the emulator costs, printed as tables."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable, Mapping, Sequence

from tests.bench import billing, memory, requests, startup, state, watchers, worlds
from tests.bench.table import show

SIZES = (1_000, 100_000, 1_000_000)
PARTS = ("state", "requests", "watchers", "start", "worlds", "billing", "memory")


def main() -> None:
    """Measure what the arguments ask for."""
    options = _parser().parse_args()
    # Where it is set, every start would compile every module anew; on people's machines none does.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load}", flush=True)
    sizes = SIZES[:2] if options.quick else SIZES
    rounds = 3 if options.quick else 7
    parts: Mapping[str, Callable[[], None]] = {
        "state": lambda: state.measure(sizes),
        "requests": lambda: requests.measure(processes=2 if options.quick else 3, rounds=rounds),
        "watchers": lambda: watchers.measure(rounds=rounds),
        "start": lambda: startup.measure(rounds=rounds),
        "worlds": lambda: _show_worlds(sizes[:1] if options.quick else sizes[:2]),
        "billing": lambda: billing.measure(rounds=rounds),
        "memory": memory.measure,
    }
    for name in options.only or PARTS:
        parts[name]()


def _show_worlds(sizes: Sequence[int]) -> None:
    head = ["", *(f"{size:,} runs" for size in sizes)]
    show("A fresh backend over HTTP, ms", head, list(worlds.rows(sizes)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="no world of 1,000,000 runs, and fewer rounds"
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=PARTS,
        help="only this part; repeatable",
    )
    return parser


if __name__ == "__main__":
    main()
