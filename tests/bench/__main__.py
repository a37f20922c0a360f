"""`python -m tests.bench`: the cost of the emulator as tables, and what falls short of wanted."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

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
from tests.bench.figures import Figure
from tests.bench.report import add_options, report

SIZES = (1_000, 100_000, 1_000_000)
PROCESSES = 3


def main() -> None:
    """Measure what the arguments select."""
    options = _parser().parse_args()
    parts = _parts(is_quick=options.quick, soak_requests=options.requests)
    names = options.only or [name for name in parts if name != "soak"]
    report(options, lambda: [figure for name in names for figure in parts[name]()])


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    add_options(parser)
    parser.add_argument(
        "--only",
        action="append",
        choices=list(_parts(is_quick=True, soak_requests=0)),
        help="only this part; repeatable",
    )
    parser.add_argument(
        "--requests",
        type=int,
        default=soak.REQUESTS,
        help="how many requests the soak makes",
    )
    return parser


if __name__ == "__main__":
    main()
