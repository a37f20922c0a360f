"""A test suite's journey: thousands of runs in one call, and every one of them found again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from tests.support.server import Running

SERVED_SEED = "onboarding"

COUNT = 5000
PAGE = 200
BEGAN = datetime(2025, 6, 1, tzinfo=UTC)


def run(place: int) -> dict[str, Any]:
    """Return the run at that place of the batch. Ten begin in each minute, in no order."""
    minute = place * 7919 % COUNT // 10
    return {
        "client_run_id": f"bulk-{place}",
        "status": ("succeeded", "failed", "running")[place % 3],
        "started_at": (BEGAN + timedelta(minutes=minute)).isoformat(),
        "metrics": {"success_rate": place / COUNT},
    }


def paged(browser: httpx2.Client, **query: Any) -> Iterator[list[dict[str, Any]]]:
    """Yield the pages of the dashboard's list to its end."""
    cursor: dict[str, str] = {}
    while True:
        page = browser.get("/api/cloud/runs", params={"limit": PAGE, **query, **cursor})
        assert page.status_code == 200, page.text
        yield page.json()["items"]
        if page.json()["next_cursor"] is None:
            return
        cursor = {"cursor": page.json()["next_cursor"]}


def test_five_thousand_runs_of_one_call_are_paged_to_the_end_each_once_newest_first(
    shared_server: Running,
) -> None:
    # A fresh workspace is on the free plan, which takes fewer.
    runs = [run(place) for place in range(COUNT)]
    batch: dict[str, Any] = {"runs": runs, "ignore_caps": True}
    with httpx2.Client(base_url=shared_server.url, timeout=30) as browser:
        synced = browser.post("/api/e2e/cli-sync", json=batch)
        assert synced.status_code == 201
        answer = synced.json()
        assert {name: answer[name] for name in ("created", "updated", "unchanged")} == {
            "created": COUNT,
            "updated": 0,
            "unchanged": 0,
        }
        sent = [one["client_run_id"] for one in batch["runs"]]
        assert [one["client_run_id"] for one in answer["items"]] == sent

        browser.post("/api/auth/login", json=shared_server.ready["logins"][0]).raise_for_status()
        pages = list(paged(browser))
        assert [len(page) for page in pages] == [PAGE] * (COUNT // PAGE)
        listed = [one for page in pages for one in page]
        newest_first = sorted(
            answer["items"], key=lambda one: (one["created_at"], one["id"]), reverse=True
        )
        assert listed == newest_first

        failed = [one for page in paged(browser, status="failed") for one in page]
        assert failed == [one for one in listed if one["status"] == "failed"]

        before = browser.get("/_emulator/state").json()
        batch["runs"].reverse()
        again = browser.post("/api/e2e/cli-sync", json=batch)
        assert again.status_code == 200
        assert again.json() == {
            "items": answer["items"][::-1],
            "created": 0,
            "updated": 0,
            "unchanged": COUNT,
        }
        assert browser.get("/_emulator/state").json() == before
