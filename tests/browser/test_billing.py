"""A person pays, is declined, goes through 3-D Secure, goes back, cancels and resumes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import httpx2
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.support.server import Running

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None
)


@pytest.fixture(params=[1280, 390])
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(
            viewport={"width": request.param, "height": 844}, java_script_enabled=False
        )
        yield context.new_page()
        browser.close()


class Dashboard:
    """What the product's own pages do: sign in, and ask for the hosted ones."""

    def __init__(self, running: Running) -> None:
        self.url = running.url
        self.client = httpx2.Client(base_url=running.url)
        self.client.post(
            "/api/auth/login", json={"email": "mara@example.com", "password": "demo-password"}
        )

    def checkout(self, plan: str) -> str:
        urls = {
            "success_url": f"{self.url}/healthz?session={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{self.url}/healthz?back",
        }
        body = {"plan": plan, "interval": "month", **urls}
        return str(self.client.post("/api/cloud/billing/checkout", json=body).json()["url"])

    def portal(self) -> str:
        body = {"return_url": f"{self.url}/healthz?back"}
        return str(self.client.post("/api/cloud/billing/portal", json=body).json()["url"])

    def status(self) -> str | None:
        items = self.client.get("/api/cloud/workspaces").json()["items"]
        one = next(one for one in items if one["slug"] == "tabletop-robotics")
        status: str | None = one["subscription_status"]
        return status


@pytest.fixture
def dashboard(launch: Callable[..., Running]) -> Iterator[Dashboard]:
    found = Dashboard(launch("--seed", "demo"))
    yield found
    found.client.close()


def fill(page: Page, number: str) -> None:
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry (MM / YY)").fill("12 / 30")
    page.get_by_label("Security code (CVC)").fill("123")
    page.get_by_label("Name on card").fill("Mara Lindqvist")


def fits(page: Page) -> None:
    """Nothing sticks out at the side."""
    box = page.locator("main").bounding_box()
    size = page.viewport_size
    assert box is not None
    assert size is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size["width"]


def test_a_person_is_declined_then_pays(page: Page, dashboard: Dashboard) -> None:
    page.goto(dashboard.checkout("enterprise"))
    fits(page)
    fill(page, "4000000000000002")
    page.get_by_role("button", name="Pay $499.00").click()
    expect(page.get_by_role("alert")).to_have_text("Your card was declined.")
    expect(page.get_by_label("E-mail")).to_have_value("mara@example.com")
    fill(page, "4242 4242 4242 4242")
    page.get_by_role("button", name="Pay $499.00").click()
    page.wait_for_url("**/healthz?session=cs_test_*")
    assert dashboard.status() == "active"


def test_a_person_goes_through_3d_secure(page: Page, dashboard: Dashboard) -> None:
    page.goto(dashboard.checkout("team"))
    fill(page, "4000 0025 0000 3155")
    page.get_by_role("button", name="Start trial", exact=True).click()
    fits(page)
    page.get_by_role("button", name="Fail authentication").click()
    expect(page.get_by_role("alert")).to_contain_text("unable to authenticate")
    fill(page, "4000 0025 0000 3155")
    page.get_by_role("button", name="Start trial", exact=True).click()
    page.get_by_role("button", name="Complete authentication").click()
    page.wait_for_url("**/healthz?session=cs_test_*")
    assert dashboard.status() == "trialing"


def test_a_person_goes_back(page: Page, dashboard: Dashboard) -> None:
    page.goto(dashboard.checkout("team"))
    page.get_by_role("link", name="Back to WorldFlux").click()
    page.wait_for_url("**/healthz?back")
    assert dashboard.status() is None


def test_a_person_cancels_and_resumes(page: Page, dashboard: Dashboard) -> None:
    page.goto(dashboard.checkout("team"))
    page.get_by_role("button", name="Start trial without a card").click()
    page.wait_for_url("**/healthz?session=*")
    page.goto(dashboard.portal())
    fits(page)
    page.get_by_role("link", name="Cancel subscription").click()
    page.get_by_role("button", name="Cancel subscription").click()
    expect(page.get_by_role("status")).to_have_text("Your subscription will end with its period.")
    page.get_by_role("button", name="Resume subscription").click()
    expect(page.get_by_role("status")).to_have_text("Your subscription continues.")
    page.get_by_role("link", name="Back to WorldFlux").click()
    page.wait_for_url("**/healthz?back")
