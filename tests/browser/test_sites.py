"""What a page of another site has a real browser send: it makes no world and controls nothing."""

from __future__ import annotations

from collections.abc import Callable

import httpx2
from playwright.sync_api import BrowserContext, Response

from tests.browser.conftest import FOREIGN
from tests.support.server import Running

IMAGES = """
urls => Promise.all(urls.map(url => new Promise(done => {
  const image = new Image();
  image.onload = image.onerror = done;
  image.src = url;
})))
"""
FETCHES = "urls => Promise.all(urls.map(url => fetch(url, { mode: 'no-cors' })))"
SEND = """
api => fetch(`${api}/api/e2e/cli-sync`, {
  method: "POST", mode: "no-cors", body: JSON.stringify({ client_run_id: "of-another-site" }),
})
"""


def test_an_image_of_another_site_makes_no_world_and_a_body_of_it_is_not_read(
    person: Callable[[], BrowserContext], server: Running, page_port: int
) -> None:
    digest = httpx2.get(f"{server.url}/_emulator/state").json()["digest"]
    page = person().new_page()
    answers: dict[str, int] = {}

    def note(response: Response) -> None:
        if response.url.startswith(server.url):
            answers[response.url.removeprefix(server.url)] = response.status

    page.on("response", note)
    page.goto(f"http://{FOREIGN}:{page_port}/share.html")
    paths = ("/_w/evil-1/x.png", "/_w/evil-2/healthz", "/_emulator/requests?path=*a*b", "/healthz")
    urls = [f"{server.url}{path}" for path in paths]
    page.evaluate(IMAGES, urls)
    # What an image came to is hidden from the page, and so from here.
    page.evaluate(FETCHES, urls)
    page.evaluate(SEND, server.url)
    assert answers == {
        "/_w/evil-1/x.png": 404,
        "/_w/evil-2/healthz": 404,
        "/_emulator/requests?path=*a*b": 403,
        "/healthz": 200,
        "/api/e2e/cli-sync": 403,
    }
    worlds = httpx2.get(f"{server.url}/_emulator/worlds").json()["items"]
    assert not [one["name"] for one in worlds if one["name"].startswith("evil")]
    assert httpx2.get(f"{server.url}/_emulator/state").json()["digest"] == digest
