"""A server that the tests of a module share, with what it says on stderr."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fixture_seed import SEED
from tests.support.server import Running, start


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of the scene's seed."""
    path = tmp_path_factory.mktemp("seed") / "scene.yaml"
    path.write_text(SEED)
    return str(path)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file that the shared server's stderr goes to."""
    return tmp_path_factory.mktemp("log") / "stderr"


@pytest.fixture(scope="module")
def server(seed: str, log: Path) -> Iterator[Running]:
    """Return the shared server, which is to say nothing on stderr."""
    with log.open("wb") as stderr:
        running = start("--seed", seed, stderr=stderr)
    yield running
    running.stop()
    assert log.read_text() == ""


@pytest.fixture
def url(server: Running) -> str:
    """Return the origin of the shared server."""
    return server.url
