"""What the journeys share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx2
import pytest

from tests.support.server import Running


@pytest.fixture
def browse() -> Iterator[Callable[[Running], httpx2.Client]]:
    """Return a function that opens a browser of its own, with an empty cookie jar, at a server."""
    opened: list[httpx2.Client] = []

    def browse(server: Running) -> httpx2.Client:
        browser = httpx2.Client(base_url=server.url)
        opened.append(browser)
        return browser

    yield browse
    for browser in opened:
        browser.close()
