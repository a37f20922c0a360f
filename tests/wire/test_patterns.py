"""No regular expression of the package backtracks: each is run over long inputs made to have it do
so, in a process whose processor time is limited. Where one did, hours would not be enough.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import emulator

SECONDS = 200
"""Of the processor; a few are used."""

METHODS = ("match", "fullmatch", "search", "findall", "finditer", "sub", "split")
ALONE_BYTES = 2**19
PAIRS_BYTES = 2**14
BODY_BYTES = 2**19
LARGEST_BYTES = 10 * 2**20

FRAGMENTS = (
    *("a", "A", "0", " ", "\n", "-", "_", ".", "/", "%", "&", "=", ":", ";", ",", "@", "\\"),
    *('"', "'", "[", "{", "<", "+", "~", "eyJ", "é"),
)

BODIES = (
    *("eyJ", "eyJa.eyJb.", "eyJ-a.", '"password":"', '"password":[', '"number":[', '"number":\''),
    *(
        '\\"token\\":\\"',
        "\\",
        '\\\\\\"a',
        '"',
        '"password" ',
        "password=",
        "password ",
        "name=",
        "[",
    ),
    *("?" + "a" * 99, "&a=b", "://a", "/api/public/", "/api//", "/", "/exports/", "No share '"),
    *("No share \\'", "cs_test_", "in_" + "a" * 30, "wbx_", "%25", "%", "base64-", "\r\n", "--B\n"),
    *('--B\nname="', "a", "a1B2" * 8 + " ", "pkce_aa", '<input name="number" value="">', "'a\":"),
)
"""What a body may repeat to have redaction take long."""


def used() -> Iterator[tuple[str, str, re.Pattern[str] | re.Pattern[bytes]]]:
    """Yield where a pattern is used, by which method, and the pattern."""
    for found in pkgutil.walk_packages(emulator.__path__, "emulator."):
        if found.name == "emulator.__main__":
            continue
        module = importlib.import_module(found.name)
        tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            method, owner = node.func.attr, node.func.value
            if method not in METHODS or not isinstance(owner, ast.Name):
                continue
            where = f"{found.name}:{node.lineno}"
            if owner.id == "re":
                source = node.args[0]
                if isinstance(source, ast.Constant) and isinstance(source.value, str):
                    yield where, method, re.compile(source.value)
            elif isinstance(pattern := getattr(module, owner.id, None), re.Pattern):
                yield where, method, pattern


def held() -> Iterator[re.Pattern[str] | re.Pattern[bytes]]:
    """Yield the patterns that modules hold, in tables too."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] != "emulator":
            continue
        for value in list(vars(module).values()):
            yield from _within(value)


def _within(value: object) -> Iterator[re.Pattern[str] | re.Pattern[bytes]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from _within(member)
    elif isinstance(value, tuple | list | set | frozenset):
        for member in value:
            yield from _within(member)


def inputs(source: str) -> Iterator[str]:
    """Yield texts that repeat what a pattern speaks of, alone and by twos, and end otherwise."""
    words = re.findall(r"[A-Za-z_/-]{2,}", source)
    fragments = tuple(dict.fromkeys((*FRAGMENTS, *words)))
    for fragment in fragments:
        yield fragment * (ALONE_BYTES // len(fragment)) + "\0"
    for first in fragments:
        for second in fragments:
            if first != second:
                yield first + second * (PAIRS_BYTES // len(second)) + "\0"
    for first in words:
        for second in fragments:
            if first != second:
                yield (first + second) * (PAIRS_BYTES // len(first + second)) + "\0"


def run(pattern: re.Pattern[str] | re.Pattern[bytes], method: str, text: str) -> None:
    """Use a pattern as the package does."""
    subject = text.encode() if isinstance(pattern.pattern, bytes) else text
    arguments = ("",) if method == "sub" else ()
    if isinstance(pattern.pattern, bytes):
        arguments = (b"",) if method == "sub" else ()  # type: ignore[assignment]
    outcome = getattr(pattern, method)(*arguments, subject)
    if method == "finditer":
        for _ in outcome:
            pass


def play() -> None:
    """Run every pattern over its inputs, and redaction and cookies over long texts."""
    from emulator.journal.redaction import redacted_body
    from emulator.wire.gotrue.session_cookie import read_cookies

    uses = {(pattern, method): where for where, method, pattern in used()}
    for pattern in held():
        if all(one != pattern for one, _ in uses):
            uses[pattern, "sub"] = "a table"
    for (pattern, method), where in uses.items():
        print(where, method, pattern.pattern, flush=True)
        for text in inputs(str(pattern.pattern)):
            run(pattern, method, text)
    for fragment in BODIES:
        text = fragment * (BODY_BYTES // len(fragment))
        for body in (text, "{" + text):
            print("a body of", body[:20], flush=True)
            redacted_body(body.encode())
    redacted_body(b"eyJ" * (LARGEST_BYTES // 3))
    for escape in ("\\", '\\"', "\\0"):
        print("a cookie of", escape, flush=True)
        read_cookies('a="' + escape * ALONE_BYTES + '"')
    print("done", flush=True)


def test_no_pattern_backtracks() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.wire.test_patterns"],
        check=False,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS)),
    )
    lines = done.stdout.splitlines()
    assert (done.returncode, lines[-1]) == (0, "done")
    assert len(lines) > 60


if __name__ == "__main__":
    play()
