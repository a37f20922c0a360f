"""A page on another port speaks Supabase Auth as supabase-js does: preflights, headers, codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import FOREIGN
from tests.support.server import Running

Person = Callable[[], BrowserContext]
Dashboard = Callable[[str], str]

NIA = ("nia@example.com", "demo-password")

ASK = """
async ([method, url, headers, body]) => {
  try {
    const response = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
    const text = await response.text();
    return {
      status: response.status,
      version: response.headers.get("x-supabase-api-version"),
      total: response.headers.get("x-total-count"),
      body: text && JSON.parse(text),
    };
  } catch (error) {
    return { failed: error.message };
  }
}
"""
"""What supabase-js does: no cookies, an error is judged by the version header if it can be read."""


class Api:
    """`/auth/v1` as a page asks it."""

    def __init__(self, page: Page, server: Running) -> None:
        self._page = page
        self._server = server

    def ask(self, method: str, path: str, body: object = None, *, token: str = "") -> Any:
        """Ask with the headers of supabase-js and return what the page could read."""
        env = self._server.ready["env"]
        key = env["NEXT_PUBLIC_SUPABASE_ANON_KEY"]
        token = env.get(token, token) or key
        headers = {
            "apikey": key,
            "Authorization": f"Bearer {token}",
            "X-Client-Info": "supabase-js/2.109.0",
            "X-Supabase-Api-Version": "2024-01-01",
        }
        if body is not None:
            headers["Content-Type"] = "application/json;charset=UTF-8"
        url = f"{self._server.url}/auth/v1{path}"
        return self._page.evaluate(ASK, [method, url, headers, body])


@pytest.fixture
def at(person: Person, server: Running, dashboard: Dashboard) -> Callable[[str], Api]:
    """Return a function that opens the dashboard on a host and asks from there."""

    def at(host: str) -> Api:
        page = person().new_page()
        page.goto(dashboard(host))
        return Api(page, server)

    return at


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_page_signs_in_changes_its_user_and_signs_out(
    at: Callable[[str], Api], host: str
) -> None:
    api = at(host)
    email, password = NIA
    login = {"email": email, "password": password}
    signed_in = api.ask("POST", "/token?grant_type=password", login)
    assert (signed_in["status"], signed_in["body"]["user"]["email"]) == (200, email)
    token = signed_in["body"]["access_token"]

    changed = api.ask("PUT", "/user", {"data": {"team": "red"}}, token=token)
    assert (changed["status"], changed["body"]["user_metadata"]["team"]) == (200, "red")
    assert api.ask("POST", "/logout?scope=global", token=token)["status"] == 204

    after = api.ask("GET", "/user", token=token)
    assert after == {
        "status": 403,
        "version": "2024-01-01",
        "total": None,
        "body": {
            "code": "session_not_found",
            "message": "Session from session_id claim in JWT does not exist",
        },
    }


def test_a_page_reads_the_version_and_the_code_of_a_refusal(at: Callable[[str], Api]) -> None:
    refused = at("localhost").ask(
        "POST", "/token?grant_type=password", {"email": NIA[0], "password": "not-hers"}
    )
    assert refused == {
        "status": 400,
        "version": "2024-01-01",
        "total": None,
        "body": {"code": "invalid_credentials", "message": "Invalid login credentials"},
    }


def test_a_page_with_the_service_key_reads_how_many_there_are_and_deletes(
    at: Callable[[str], Api],
) -> None:
    api = at("localhost")
    listed = api.ask("GET", "/admin/users", token="SUPABASE_SERVICE_ROLE_KEY")
    users = listed["body"]["users"]
    assert (listed["status"], listed["total"]) == (200, str(len(users)))
    path = f"/admin/users/{users[0]['id']}"
    assert api.ask("DELETE", path, token="SUPABASE_SERVICE_ROLE_KEY")["status"] == 200


def test_a_page_of_a_foreign_site_cannot_ask(at: Callable[[str], Api]) -> None:
    email, password = NIA
    asked = at(FOREIGN).ask(
        "POST", "/token?grant_type=password", {"email": email, "password": password}
    )
    assert asked == {"failed": "Failed to fetch"}
