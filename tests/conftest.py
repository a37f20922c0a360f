"""What every test may ask for: emulators in process with the laws watched, and real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import settings

from tests.support.checked_client import Emulator
from tests.support.fixture_seed import stage
from tests.support.messages import MESSAGES_OF_THIS_RUN
from tests.support.server import Running, serving, start

ROOT = Path(__file__).parents[1]

# The same examples on every machine, and no clock to lose against on a busy one.
settings.register_profile("emulator", deadline=None, derandomize=True)
settings.load_profile("emulator")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the one flag that rewrites golden files."""
    parser.addoption("--golden", action="store_true", help="rewrite golden files")


def pytest_configure(config: pytest.Config) -> None:
    """Record messages from the start, as modules compare with some when they are collected."""
    if config.getoption("--golden"):
        MESSAGES_OF_THIS_RUN.start_recording()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the messages of the run; a worker of xdist hands them to the controller instead."""
    if not MESSAGES_OF_THIS_RUN.is_recording:
        return
    output = getattr(session.config, "workeroutput", None)
    if output is None:
        MESSAGES_OF_THIS_RUN.write()
    else:
        output["messages"] = list(MESSAGES_OF_THIS_RUN.recorded.items())


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the messages of a worker."""
    MESSAGES_OF_THIS_RUN.merge(getattr(node, "workeroutput", {}).get("messages", []))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name the golden messages that a run of all tests does not compare."""
    is_of_all = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if MESSAGES_OF_THIS_RUN.is_recording and is_of_all:
        for name in MESSAGES_OF_THIS_RUN.unused():
            terminalreporter.line(f"golden message that no test compared: {name}")


@pytest.fixture
def is_golden_run(request: pytest.FixtureRequest) -> bool:
    """Tell whether golden files are to be rewritten."""
    return bool(request.config.getoption("--golden"))


@pytest.fixture
def emulate() -> Callable[..., Emulator]:
    """Return a function that makes an emulator in process: `emulate(seed, **settings)`."""
    return Emulator


@pytest.fixture
def demo() -> Emulator:
    """Return a fresh emulator in process on the demo seed."""
    return Emulator("demo")


@pytest.fixture
def scene(tmp_path: Path) -> Emulator:
    """Return a fresh emulator in process on the small world of `tests/support/fixture_seed.py`."""
    return stage(tmp_path)


@pytest.fixture
def launch() -> Iterator[Callable[..., Running]]:
    """Return a function that starts a real server on a free port: `launch("--seed", "demo")`."""
    started: list[Running] = []

    def run(*arguments: str, **options: Any) -> Running:
        running = start(*arguments, **options)
        started.append(running)
        return running

    yield run
    for running in started:
        running.stop()


@pytest.fixture(scope="module")
def shared_server(request: pytest.FixtureRequest) -> Iterator[Running]:
    """Return a server that the tests of a module share, on its `SERVED_SEED`, by default `demo`."""
    with serving("--seed", getattr(request.module, "SERVED_SEED", "demo")) as running:
        yield running


@pytest.fixture
def origin(shared_server: Running) -> str:
    """Return the origin of the shared server, for tests that have worlds of their own names."""
    return shared_server.url


@pytest.fixture
def http() -> Iterator[httpx2.Client]:
    """Return a client with a cookie jar that uses no proxy and follows no redirect."""
    with httpx2.Client(trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture
def this_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every process that a test starts import this tree, whatever is installed."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("WORLDFLUX_EMULATOR_URL", raising=False)
