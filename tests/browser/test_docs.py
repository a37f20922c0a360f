"""The page of the API's document, in a real Chromium that reaches nothing but this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, expect

from emulator.surfaces.upstream.pages import openapi_bytes
from tests.support.server import Running

LOCAL = ("127.0.0.1", "localhost")


def test_the_docs_show_every_operation_without_a_network(
    person: Callable[[], BrowserContext], server: Running
) -> None:
    page = person().new_page()
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{server.url}/docs")
    document = json.loads(openapi_bytes())
    count = sum(len(methods) for methods in document["paths"].values())
    expect(page.locator(".opblock")).to_have_count(count)
    run = page.locator(".opblock-post", has=page.locator('[data-path="/api/sync/runs"]'))
    run.locator(".opblock-summary").click()
    expect(run.get_by_text("idempotent by")).to_be_visible()
    expect(page.get_by_role("button", name="Try it out")).to_be_visible()
    page.wait_for_load_state("networkidle")
    outside = [url for url in asked if urlsplit(url).hostname not in (*LOCAL, None)]
    assert (outside, wrong) == ([], [])
    journal = page.request.get(f"{server.url}/_emulator/requests").json()["items"]
    assert journal == []
