"""A page on another port of this machine, in real Chromium: cookies, CORS, and a whole journey."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import FOREIGN
from tests.support.server import Running

Person = Callable[[], BrowserContext]
Dashboard = Callable[[str], str]

NIA = ("nia@example.com", "demo-password")
COOKIE = "sb-localhost-auth-token"


def at(person: BrowserContext, url: str) -> Page:
    page = person.new_page()
    page.goto(url)
    return page


def submit(page: Page, button: str, email: str, password: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name=button).click()


def test_from_sign_up_to_a_share_that_is_gone(person: Person, dashboard: Dashboard) -> None:
    page = at(person(), dashboard("localhost"))
    status, rows = page.get_by_role("status"), page.locator("tbody tr")
    expect(status).to_have_text("login_required")

    submit(page, "Sign up", "new@example.com", "a-long-password")
    expect(status).to_have_text("Signed in as new@example.com")
    expect(rows).to_have_count(0)

    page.get_by_role("button", name="Upload sample run").click()
    expect(rows).to_have_count(1)
    run, state, _ = rows.locator("td").all_text_contents()
    assert (bool(run), state) == (True, "succeeded")

    page.get_by_role("button", name="Share").click()
    link = page.get_by_role("link", name="Public link")
    expect(link).to_be_visible()
    shared = at(person(), str(link.evaluate("link => link.href")))
    expect(shared.get_by_role("heading")).to_have_text(run)
    expect(shared.locator("dd").first).not_to_be_empty()
    assert shared.context.cookies() == []

    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("cell", name="Revoked")).to_be_visible()
    shared.reload()
    expect(shared.get_by_role("heading")).to_have_text("404 not_found")

    page.get_by_role("button", name="Sign out").click()
    expect(status).to_have_text("login_required")
    assert page.context.cookies() == []


def test_a_wrong_password_is_shown_by_its_code_and_stores_nothing(
    person: Person, dashboard: Dashboard
) -> None:
    page = at(person(), dashboard("localhost"))
    submit(page, "Sign in", NIA[0], "not-hers")
    expect(page.get_by_role("status")).to_have_text("invalid_credentials")
    assert page.context.cookies() == []


def test_scripts_can_read_the_session_cookie_and_a_reload_is_still_signed_in(
    person: Person, dashboard: Dashboard
) -> None:
    page = at(person(), dashboard("localhost"))
    submit(page, "Sign in", *NIA)
    status = page.get_by_role("status")
    expect(status).to_have_text(f"Signed in as {NIA[0]}")

    [cookie] = page.context.cookies()
    kept = {name: cookie.get(name) for name in ("name", "path", "httpOnly", "secure", "sameSite")}
    assert kept == {
        "name": COOKIE,
        "path": "/",
        "httpOnly": False,
        "secure": False,
        "sameSite": "Lax",
    }
    # createBrowserClient of @supabase/ssr reads it there.
    assert page.evaluate("document.cookie") == f"{COOKIE}={cookie.get('value')}"

    page.reload()
    expect(status).to_have_text(f"Signed in as {NIA[0]}")


def test_a_page_on_127_0_0_1_is_another_site_than_localhost_and_is_not_signed_in(
    person: Person, dashboard: Dashboard
) -> None:
    nia = person()
    same_site = at(nia, dashboard("localhost"))
    submit(same_site, "Sign in", *NIA)
    expect(same_site.get_by_role("status")).to_have_text(f"Signed in as {NIA[0]}")

    cross_site = at(nia, dashboard("127.0.0.1"))
    expect(cross_site.get_by_role("status")).to_have_text("login_required")
    before = nia.cookies()
    with cross_site.expect_response("**/api/auth/login") as login:
        submit(cross_site, "Sign in", *NIA)
    assert login.value.status == 200
    expect(cross_site.get_by_role("status")).to_have_text("login_required")
    assert nia.cookies() == before


CALL = """
async ([url, headers]) => {
  const response = await fetch(url, { credentials: "include", headers });
  return Object.fromEntries(response.headers);
}
"""


def test_a_page_may_send_the_headers_of_supabase_and_read_the_emulators(
    person: Person, server: Running, dashboard: Dashboard
) -> None:
    page = at(person(), dashboard("localhost"))
    sent = {"apikey": "k", "X-Client-Info": "test", "X-Supabase-Api-Version": "2024-01-01"}
    read = page.evaluate(CALL, [f"{server.url}/auth/v1/user", sent])
    assert read["x-supabase-api-version"] == "2024-01-01"
    assert len(read["x-emulator-state"]) == 32


def test_a_page_of_a_foreign_site_reads_nothing(person: Person, dashboard: Dashboard) -> None:
    page = at(person(), dashboard(FOREIGN))
    expect(page.get_by_role("status")).to_have_text("Failed to fetch")
