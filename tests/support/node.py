"""Node and the JavaScript clients of `tests/clients/package.json`, for tests that run them."""

from __future__ import annotations

import atexit
import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.requirements import absent

HERE = Path(__file__).parents[1] / "clients"
PROGRAMS = HERE / "programs"
PACKAGES = HERE / "node_modules"

NODE_MAJOR_MIN = 20
WAIT_SECONDS = 60


@cache
def node() -> str:
    """Return the Node to use: the PATH's, else the one that `make` puts beside our Python."""
    places = (None, str(Path(sys.executable).parent))
    known = (shutil.which("node", path=place) for place in places)
    found = next((one for one in known if one and _major(one) >= NODE_MAJOR_MIN), None)
    if found is None:
        absent(f"Node >= {NODE_MAJOR_MIN}", remedy="install it, or let `make node` do so")
    return found


def _major(executable: str) -> int:
    said = subprocess.run([executable, "--version"], capture_output=True, text=True, check=True)
    return int(said.stdout.removeprefix("v").partition(".")[0])


@cache
def packages() -> Path:
    """Return the folder of the JavaScript clients."""
    # npm writes this file last.
    if not (PACKAGES / ".package-lock.json").is_file():
        absent("tests/clients/node_modules", remedy="run `npm ci` in tests/clients, or `make test`")
    return PACKAGES


def run(
    script: Path, *arguments: str, stdin: str = "", folder: Path = HERE
) -> subprocess.CompletedProcess[str]:
    """Run a script in a folder to its end, whatever its exit code."""
    packages()
    return subprocess.run(
        [node(), str(script), *arguments],
        input=stdin,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
    )


def ask(script: Path, *arguments: str, **question: Any) -> dict[str, Any]:
    """Return the JSON object that a script answers to a question, which it reads from stdin."""
    done = run(script, *arguments, stdin=json.dumps(question))
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


class Conversation:
    """A Node process that answers every line of JSON with a line of JSON."""

    def __init__(self, script: Path) -> None:
        """Start the script, which ends with its input."""
        packages()
        self._process = subprocess.Popen(
            [node(), str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        atexit.register(self._process.communicate)

    def ask(self, **question: Any) -> dict[str, Any]:
        """Return the answer to a question."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"Node ended with {self._process.wait()}"
        answer: dict[str, Any] = json.loads(line)
        return answer


@cache
def conversation(script: Path) -> Conversation:
    """Return the one process of a script, which all tests share."""
    return Conversation(script)
