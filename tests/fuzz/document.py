"""Schemathesis over the OpenAPI document: a real server, called with a key or with a session.

Over a socket, by schemathesis' own command: in process it calls itself `testserver`, a Host that
the emulator refuses, and the command alone runs all phases.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal
from urllib.request import Request, urlopen

from tests.support.server import Running, start

Caller = Literal["key", "session"]
CALLERS: tuple[Caller, ...] = ("key", "session")

CONFIG = Path(__file__).with_name("schemathesis.toml")
ROOT = Path(__file__).parents[2]
_CASES = re.compile(r"(\d+) generated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a run ended: what schemathesis printed, and how many cases it sent."""

    is_good: bool
    cases: int
    report: str


def judge(caller: Caller, *, examples: int, seed: int | None = None) -> Verdict:
    """Run every phase and check against a fresh server. The examples are the same each time, and
    others for each `seed`.
    """
    server = start("--seed", "demo")
    try:
        drawn = ["--generation-deterministic"] if seed is None else ["--seed", str(seed)]
        with TemporaryDirectory() as folder:
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG)),
                    *("run", f"{server.url}/openapi.json", "--no-color"),
                    *("--header", f"Authorization: Bearer {_credential(server, caller)}"),
                    *("--max-examples", str(examples), "--continue-on-failure", *drawn),
                ],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                cwd=folder,  # it leaves a cache where it runs
                # Without a fixed hash seed the same examples come in another number each time.
                env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"},
                check=False,
            )
    finally:
        server.stop()
    found = _CASES.search(done.stdout)
    return Verdict(
        is_good=done.returncode == 0 and found is not None,
        cases=int(found[1]) if found else 0,
        report=done.stdout,
    )


def _credential(server: Running, caller: Caller) -> str:
    if caller == "key":
        return str(server.ready["api_keys"][0]["secret"])
    body = json.dumps(server.ready["logins"][0]).encode()
    request = Request(f"{server.url}/auth/v1/token?grant_type=password", body)
    with urlopen(request) as answer:
        return str(json.load(answer)["access_token"])
