"""`python -m tests.fuzz`: hostile input at length. Prints its figures; exit code 1 on any failure.

A failure is one line that ends in the command that brings it back.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from tests.bench.growth import growth_mib
from tests.fuzz import document
from tests.fuzz.calls import decoded
from tests.fuzz.episodes import Episode, Failure, fuzz, replayed
from tests.fuzz.scenes import SCENES
from tests.fuzz.soak import soak

PARTS = ("document", "grammar", "soak")


def main() -> None:
    """Run what the arguments ask for."""
    options = _parser().parse_args()
    if options.replay is not None:
        sys.exit(_replay(options.replay))
    if options.only is not None:
        sys.exit(_only(options.seed, options.only))
    parts: dict[str, Callable[[argparse.Namespace], int]] = {
        "document": _document,
        "grammar": _grammar,
        "soak": _soak,
    }
    wrong = 0
    for name in options.part or PARTS:
        began = time.monotonic()
        wrong += parts[name](options)
        print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    print("no failures" if wrong == 0 else f"{wrong} failures")
    sys.exit(1 if wrong else 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="what everything is drawn from")
    parser.add_argument("--requests", type=int, default=100_000, help="how many the grammar draws")
    parser.add_argument(
        "--soak", type=int, default=300_000, help="how many requests the soak makes"
    )
    parser.add_argument("--examples", type=int, default=100, help="how many for each operation")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this; repeatable")
    parser.add_argument("--only", metavar="EPISODE:CALL", help="the grammar up to this call")
    parser.add_argument("--replay", metavar="WORD", help="the calls of a failure")
    return parser


def _document(options: argparse.Namespace) -> int:
    wrong = 0
    for caller in document.CALLERS:
        verdict = document.judge(caller, examples=options.examples, seed=options.seed)
        print(f"document, with a {caller}: {verdict.cases:,} cases", flush=True)
        if not verdict.is_good:
            wrong += 1
            print(verdict.report)
            again = f"--part document --seed {options.seed} --examples {options.examples}"
            print(f"FAIL the document and the answers disagree: python -m tests.fuzz {again}")
    return wrong


def _grammar(options: argparse.Namespace) -> int:
    def show(failure: Failure) -> None:
        print(failure, flush=True)

    findings = fuzz(options.seed, requests=options.requests, on_failure=show)
    statuses = ", ".join(f"{status} {n:,}" for status, n in sorted(findings.statuses.items()))
    print(f"grammar: {findings.calls:,} requests, {len(findings.operations)} routes; {statuses}")
    for kind, n in findings.repeated.most_common():
        print(f"  {n:,} times: {' · '.join(kind)}")
    return len(findings.failures)


def _soak(options: argparse.Namespace) -> int:
    figures = soak(options.soak, options.seed)
    total = sum(figures.statuses.values())
    print(f"soak: {total:,} requests, {figures.worlds:,} worlds made and dropped")
    for sample in figures.samples[:: max(1, len(figures.samples) // 10)]:
        print(f"  {sample.requests:>9,} requests: {sample.mib:6.1f} MiB, {sample.descriptors} open")
    last = figures.samples[-1]
    print(f"  {last.requests:>9,} requests: {last.mib:6.1f} MiB, {last.descriptors} open")
    print(f"  growth after the first tenth: {growth_mib(figures.samples):+.1f} MiB")
    for said in figures.wrong:
        again = f"--part soak --seed {options.seed} --soak {options.soak}"
        print(f"FAIL {said}: python -m tests.fuzz {again}")
    return len(figures.wrong)


def _replay(word: str) -> int:
    scene, calls = decoded(word)
    for call in calls:
        print(f"{call.method[:20]} {call.target.decode('ascii')[:200]} {len(call.body)} bytes")
    breaches = replayed(SCENES[scene], calls)
    for breach in breaches:
        print(f"FAIL {breach.law}: {breach.what}")
    return 1 if breaches else 0


def _only(seed: int, place: str) -> int:
    number, _, last = place.partition(":")
    wrong = 0
    for call, answer, breaches in Episode(seed, int(number)).run(int(last) + 1):
        for breach in breaches:
            wrong = 1
            target = call.target.decode("ascii")[:200]
            print(f"FAIL {breach.law}: {breach.what}: {call.method} {target} -> {answer.status}")
    return wrong


if __name__ == "__main__":
    main()
