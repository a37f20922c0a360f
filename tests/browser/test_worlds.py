"""Every way by which a real browser finds its world: cookie, port, prefix, session, link, mail."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.test_page import NIA, at, submit
from tests.support.browser_worlds import (
    WORLD,
    Dashboard,
    Emulated,
    checkout,
    choose,
    dashboard_of,
    pay,
    run_uploaded,
    shared,
    watched,
)
from tests.support.messages import golden
from tests.support.server import Running

Person = Callable[[], BrowserContext]


@pytest.fixture
def emulated(server: Running) -> Emulated:
    return Emulated(server.url)


@pytest.fixture
def untouched(emulated: Emulated) -> Callable[[], bool]:
    """Return a function that tells whether the default world is as it was and was asked nothing."""
    before = emulated.ask("GET", "/state")
    return lambda: emulated.ask("GET", "/state") == before and emulated.asked("default") == []


def test_the_cookie_brings_navigations_fetches_and_requests_into_its_world(
    person: Person, emulated: Emulated, dashboard: Dashboard, untouched: Callable[[], bool]
) -> None:
    emulated.world("chosen")
    nia = person()
    choose(nia, emulated.url, "chosen")
    page = nia.new_page()
    worlds = watched(page, emulated.url)
    page.goto(dashboard("localhost"))
    run_uploaded(page)
    opened = page.goto(f"{emulated.url}/api/cloud/me")
    assert opened is not None
    assert (opened.status, opened.json()["email"]) == (200, NIA[0])
    for requests in (page.request, nia.request):
        runs = requests.get(f"{emulated.url}/api/cloud/runs")
        assert (runs.headers[WORLD], len(runs.json()["items"])) == ("chosen", 1)
    assert set(worlds) == {"chosen"}
    assert untouched()


def test_a_checkout_is_paid_in_its_world_and_the_way_back_leads_there(
    person: Person, emulated: Emulated, dashboard: Dashboard, untouched: Callable[[], bool]
) -> None:
    emulated.world("chosen")
    nia = person()
    choose(nia, emulated.url, "chosen")
    page = at(nia, dashboard("localhost"))
    worlds = watched(page, emulated.url)
    submit(page, "Sign in", *NIA)
    expect(page.get_by_role("status")).to_have_text(f"Signed in as {NIA[0]}")
    link = checkout(page, emulated.url, f"{dashboard('localhost')}&paid={{CHECKOUT_SESSION_ID}}")
    page.goto(link)
    pay(page)
    page.wait_for_url("**/dashboard.html?*paid=cs_test_*~chosen")
    expect(page.get_by_role("status")).to_have_text(f"Signed in as {NIA[0]}")
    [workspace] = page.request.get(f"{emulated.url}/api/cloud/workspaces").json()["items"]
    assert (workspace["plan"], workspace["subscription_status"]) == ("enterprise", "active")
    assert set(worlds) == {"chosen"}
    assert untouched()


def test_a_stranger_without_any_cookie_follows_links_into_their_world(
    person: Person, emulated: Emulated, dashboard: Dashboard
) -> None:
    emulated.world("of-links")
    nia = person()
    choose(nia, emulated.url, "of-links")
    page = at(nia, dashboard("localhost"))
    run_uploaded(page)
    link, checkout_link = shared(page), checkout(page, emulated.url, dashboard("localhost"))
    stranger = person()
    seen = stranger.new_page()
    worlds = watched(seen, emulated.url)
    seen.goto(link)
    expect(seen.get_by_role("heading")).to_have_text(page.locator("td").first.inner_text())
    seen.goto(checkout_link)
    pay(seen)
    # A stranger is nobody at the dashboard, in whichever world.
    seen.wait_for_url("**/dashboard.html?*")
    expect(seen.get_by_role("status")).to_have_text("login_required")
    assert stranger.cookies() == []
    assert worlds[-1] == "default"
    assert set(worlds[:-1]) == {"of-links"}
    assert emulated.status("of-links") == "active"
    assert emulated.status("default") is None


@pytest.mark.parametrize("by", ["port", "prefix"])
def test_a_base_url_of_its_own_is_a_world_whatever_cookies_say(
    person: Person,
    emulated: Emulated,
    dashboard: Dashboard,
    untouched: Callable[[], bool],
    by: str,
) -> None:
    emulated.world("elsewhere")
    made = emulated.world("based", port=0)
    api = str(made["url"]) if by == "port" else f"{emulated.url}/_w/based"
    nia = person()
    choose(nia, emulated.url, "elsewhere")
    # Signed in elsewhere first: to a browser all ports of a host have the same cookies.
    login = nia.request.post(
        f"{emulated.url}/api/auth/login", data={"email": NIA[0], "password": NIA[1]}
    )
    assert login.headers[WORLD] == "elsewhere"
    page = nia.new_page()
    worlds = watched(page, api)
    page.goto(dashboard_of(dashboard, api))
    expect(page.get_by_role("status")).to_have_text("login_required")
    run_uploaded(page)
    assert page.request.get(f"{api}/api/cloud/me").headers[WORLD] == "based"
    assert set(worlds) == {"based"}
    stranger = at(person(), shared(page))
    expect(stranger.get_by_role("heading")).to_have_text(page.locator("td").first.inner_text())
    paying = person().new_page()
    paying.goto(checkout(page, api, dashboard_of(dashboard, api)))
    pay(paying)
    paying.wait_for_url("**/dashboard.html?*")
    assert emulated.status("based") == "active"
    assert emulated.status("elsewhere") is None
    assert untouched()


RESET = """
async ([api, redirect]) => {
  const body = JSON.stringify({ email: "nia@example.com" });
  const path = `/auth/v1/recover?redirect_to=${encodeURIComponent(redirect)}`;
  const headers = { "Content-Type": "application/json" };
  const options = { method: "POST", credentials: "include", headers, body };
  return (await fetch(api + path, options)).status;
}
"""
CHANGE = """
async ([api, token]) => {
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${token}` };
  const body = JSON.stringify({ password: "a-new-password" });
  const response = await fetch(`${api}/auth/v1/user`, { method: "PUT", headers, body });
  return [response.status, response.headers.get("x-emulator-world")];
}
"""


def test_the_link_of_a_reset_mail_leads_into_its_world(
    person: Person, emulated: Emulated, dashboard: Dashboard
) -> None:
    emulated.world("of-mail")
    before = emulated.ask("GET", "/state")
    nia = person()
    choose(nia, emulated.url, "of-mail")
    page = at(nia, dashboard("localhost"))
    assert page.evaluate(RESET, [emulated.url, dashboard("localhost")]) == 200
    [mail] = emulated.ask("GET", "/mail?kind=reset", "of-mail")["items"]
    # Mail is often read in another browser.
    reader = at(person(), mail["link"])
    token = dict(parse_qsl(urlsplit(reader.url).fragment))["access_token"]
    assert reader.evaluate(CHANGE, [emulated.url, token]) == [200, "of-mail"]
    submit(page, "Sign in", *NIA)
    expect(page.get_by_role("status")).to_have_text("invalid_credentials")
    submit(page, "Sign in", NIA[0], "a-new-password")
    expect(page.get_by_role("status")).to_have_text(f"Signed in as {NIA[0]}")
    # The page that the link led to asks who is signed in, and carries nothing that names a world.
    assert emulated.asked("default") == ["/api/auth/session"]
    assert emulated.ask("GET", "/state") == before


READ = """
async ([url, headers]) => {
  const response = await fetch(url, { credentials: "include", headers });
  return [response.status, (await response.json()).error?.message];
}
"""


def test_two_worlds_that_disagree_are_refused_by_name_where_a_page_can_read_it(
    person: Person, emulated: Emulated, dashboard: Dashboard, untouched: Callable[[], bool]
) -> None:
    emulated.world("one")
    emulated.world("two")
    nia = person()
    choose(nia, emulated.url, "one")
    page = at(nia, dashboard("localhost"))
    submit(page, "Sign in", *NIA)
    expect(page.get_by_role("status")).to_have_text(f"Signed in as {NIA[0]}")
    link = checkout(page, emulated.url, dashboard("localhost"))

    def said(case: str) -> str:
        return golden("all", "two_worlds", case, name="'two'", other="'one'")

    me = f"{emulated.url}/api/cloud/me"
    choose(nia, emulated.url, "two")
    told = said("cookie-and-session")
    assert page.evaluate(READ, [me, {}]) == [409, told]
    # A header is meant, and cookies of another world are not.
    assert page.evaluate(READ, [me, {"X-Emulator-World": "one"}])[0] == 200
    assert page.evaluate(READ, [me, {"X-Emulator-World": "two"}])[0] == 401
    stranger = person()
    choose(stranger, emulated.url, "two")
    opened = stranger.new_page()
    answer = opened.goto(link)
    assert answer is not None
    assert (answer.status, answer.headers["content-type"][:9]) == (409, "text/html")
    told = said("cookie-and-link")
    expect(opened.get_by_text(told)).to_be_visible()
    assert untouched()
