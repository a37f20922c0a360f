"""One real server a module, in which every test has worlds of its own names."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.running import start


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """Return the origin of a server on the demo seed."""
    running = start("--seed", "demo")
    yield running.url
    running.stop()


@pytest.fixture
def http() -> Iterator[httpx2.Client]:
    """Return a client with a cookie jar that goes through no proxy and follows no redirect."""
    with httpx2.Client(trust_env=False, timeout=60) as client:
        yield client
