"""A real Chromium, a server, and a page of the user's on another port."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, expect, sync_playwright

from tests.support.requirements import absent
from tests.support.server import Running, serving

PAGES = Path(__file__).parent / "pages"
FOREIGN = "foreign.example"
"""A host that leads to the same pages and is no name of this machine."""

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",  # a container's root has no other choice
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    f"--host-resolver-rules=MAP {FOREIGN} 127.0.0.1",
)

WAIT_MS = 15_000
"""How long a page may take to show what is expected of it."""


def executable(kind: BrowserType) -> str:
    """Return the Chromium to use: the system's, else the one that Playwright fetched."""
    for name in NAMES:
        found = shutil.which(name)
        if found is not None:
            return found
    if not Path(kind.executable_path).is_file():
        absent("Chromium", remedy="install chromium, or run `playwright install chromium`")
    return kind.executable_path


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        kind = playwright.chromium
        browser = kind.launch(executable_path=executable(kind), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def person(chromium: Browser) -> Iterator[Callable[[], BrowserContext]]:
    """Return a function that makes a person: a browser with cookies of its own."""
    contexts: list[BrowserContext] = []

    def person() -> BrowserContext:
        context = chromium.new_context()
        context.set_default_timeout(WAIT_MS)
        contexts.append(context)
        return context

    yield person
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with serving("--seed", "onboarding") as running:
        yield running


@pytest.fixture
def server(running: Running) -> Running:
    """A real server, as fresh as its seed."""
    httpx2.post(f"{running.url}/_emulator/reset").raise_for_status()
    return running


class _Quiet(SimpleHTTPRequestHandler):
    """A server of files that says nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def page_port() -> Iterator[int]:
    """The port on which the user's own pages are served."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=PAGES)) as pages:
        thread = Thread(target=pages.serve_forever, args=(0.05,))
        thread.start()
        yield pages.server_port
        pages.shutdown()
        thread.join()


@pytest.fixture
def dashboard(server: Running, page_port: int) -> Callable[[str], str]:
    """Return a function that says where the dashboard is on a host."""
    return lambda host: f"http://{host}:{page_port}/dashboard.html?{urlencode({'api': server.url})}"
