"""What the tests of real clients share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.running import Running, start


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Running]:
    """A real server on the seed that the module's `SEED` describes."""
    seed = tmp_path_factory.mktemp("seed") / "clients.yaml"
    seed.write_text(request.module.SEED, "utf-8")
    running = start("--seed", str(seed))
    yield running
    running.stop()
