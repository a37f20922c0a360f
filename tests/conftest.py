"""What every test may ask for: emulators in process with the laws watched, and real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.lawful import Emulator
from tests.running import Running, start
from tests.scene import stage

# The same examples on every machine, and no clock to lose against on a busy one.
settings.register_profile("emulator", deadline=None, derandomize=True)
settings.load_profile("emulator")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the one flag that rewrites golden files."""
    parser.addoption("--golden", action="store_true", help="rewrite golden files")


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
    """Return a fresh emulator in process on the small world of `tests/scene.py`."""
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
