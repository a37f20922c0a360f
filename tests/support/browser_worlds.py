"""What the tests of worlds do in a browser, and what a test suite sees of the server meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx2
from playwright.sync_api import BrowserContext, Page, Response, expect

from tests.browser.test_page import NIA, submit

Dashboard = Callable[[str], str]

WORLD = "x-emulator-world"


class Emulated:
    """The server as a test suite sees it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, method: str, path: str, world: str = "default", **options: Any) -> Any:
        """Ask control for something of a world."""
        answer = httpx2.request(
            method, f"{self.url}/_emulator{path}", headers={WORLD: world}, **options
        )
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def world(self, name: str, **members: Any) -> Any:
        """Make a world anew and return control's view of it."""
        httpx2.delete(f"{self.url}/_emulator/worlds/{name}")
        return self.ask("POST", "/worlds", json={"name": name, **members})

    def asked(self, world: str) -> list[str]:
        """Return the paths that were asked for in a world, oldest first."""
        return [one["path"] for one in self.ask("GET", "/requests", world)["items"]][::-1]

    def status(self, world: str) -> str | None:
        """Return the status of the subscription of a world's workspace."""
        found = self.ask("GET", "/billing", world)["subscription"]
        return str(found["status"]) if found else None


def choose(person: BrowserContext, url: str, world: str) -> None:
    """Have a browser name its world by the cookie, as the Playwright kit does."""
    person.add_cookies([{"name": "emulator_world", "value": world, "url": url}])


def watched(page: Page, origin: str) -> list[str | None]:
    """Return a list that fills with the worlds that answer the page from an origin."""
    worlds: list[str | None] = []

    def note(response: Response) -> None:
        if response.url.startswith(origin) and response.request.method != "OPTIONS":
            worlds.append(response.headers.get(WORLD))

    page.on("response", note)
    return worlds


def dashboard_of(dashboard: Dashboard, api: str) -> str:
    """Return where the dashboard is that speaks to another base URL."""
    return f"{dashboard('localhost').partition('?')[0]}?{urlencode({'api': api})}"


def run_uploaded(page: Page) -> None:
    """Sign in and upload a run, in the page."""
    submit(page, "Sign in", *NIA)
    expect(page.get_by_role("status")).to_have_text(f"Signed in as {NIA[0]}")
    page.get_by_role("button", name="Upload sample run").click()
    expect(page.locator("tbody tr")).to_have_count(1)


def shared(page: Page) -> str:
    """Share the run of a page and return the link."""
    page.get_by_role("button", name="Share").click()
    link = page.get_by_role("link", name="Public link")
    expect(link).to_be_visible()
    return str(link.evaluate("link => link.href"))


def checkout(page: Page, api: str, back: str) -> str:
    """Open a checkout by a request that shares the page's cookies and return its link."""
    body = {"plan": "enterprise", "interval": "month", "success_url": back, "cancel_url": back}
    answer = page.request.post(f"{api}/api/cloud/billing/checkout", data=body)
    assert answer.status == 201, answer.text()
    return str(answer.json()["url"])


def pay(page: Page) -> None:
    """Fill in the hosted page and pay."""
    page.get_by_label("E-mail").fill("payer@example.com")
    page.get_by_label("Card number").fill("4242 4242 4242 4242")
    page.get_by_label("Expiry (MM / YY)").fill("12 / 30")
    page.get_by_label("Security code (CVC)").fill("123")
    page.get_by_label("Name on card").fill("Nia Solberg")
    page.get_by_role("button", name="Pay $499.00").click()
