"""Lists: every item once, newest first, whatever the page; filters; cursors."""

from __future__ import annotations

import base64
from itertools import chain
from typing import Any

import pytest

from tests.support.checked_client import Emulator, LawfulClient
from tests.support.fixture_seed import (
    ALPHA,
    AWAY,
    AWAY_PROJECT,
    BETA,
    LAB,
    RUN_DONE,
    RUN_GOING,
    RUN_WAITING,
    SECRET,
    caller,
    invalid,
    unseen,
    with_secret,
)
from tests.support.messages import golden


def pages(client: LawfulClient, path: str, limit: int, **params: str) -> list[list[Any]]:
    """Return every page of a list."""
    found: list[list[Any]] = []
    cursor: str | None = None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        answer = client.get(path, params={**params, **more, "limit": str(limit)})
        assert (answer.status_code, set(answer.json())) == (200, {"items", "next_cursor"})
        found.append(answer.json()["items"])
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return found


def fill(scene: Emulator) -> LawfulClient:
    """Give every list of the lab ten more items, many of them of one instant."""
    ada, fixtures = caller(scene, "ada"), scene.client()
    for place in range(10):
        moment = f"2026-01-0{1 + place // 4}T00:00:00Z"
        run = {"status": "running", "started_at": moment, "project": "alpha"}
        sent = {"client_run_id": f"run-{place}", **run}
        assert fixtures.post("/api/e2e/cli-sync", json=sent).status_code == 201
        for path, body in (
            ("/api/projects", {"name": f"p{place}"}),
            ("/api/api-keys", {"name": f"k{place}"}),
            ("/api/shares", {"run_id": RUN_DONE["id"]}),
            ("/api/workspaces", {"name": f"w{place}"}),
        ):
            assert ada.post(path, json=body).status_code == 201
    return ada


LISTS = ("/api/runs", "/api/projects", "/api/api-keys", "/api/shares", "/api/workspaces")


@pytest.mark.parametrize("path", LISTS)
def test_pages_of_any_size_show_every_item_once_in_the_same_order(
    scene: Emulator, path: str
) -> None:
    ada = fill(scene)
    [whole] = pages(ada, path, 200)
    assert len({item["id"] for item in whole}) == len(whole) >= 11
    # What was made later in the same instant stands before; the workspace joined last is first.
    assert whole == sorted(whole, key=lambda item: str(item["created_at"]), reverse=True)
    for limit in (1, 3, 5, len(whole)):
        split = pages(ada, path, limit)
        assert [len(page) for page in split[:-1]] == [limit] * (len(split) - 1)
        assert 1 <= len(split[-1]) <= limit
        assert list(chain(*split)) == whole


def test_what_is_made_meanwhile_shifts_no_page(scene: Emulator) -> None:
    ada = fill(scene)
    [whole] = pages(ada, "/api/runs", 200)
    first = ada.get("/api/runs?limit=5").json()
    for name in ("now", "late"):
        started = "2026-01-09T00:00:00Z" if name == "late" else "2026-01-02T12:00:00Z"
        sent = {"client_run_id": name, "status": "running", "started_at": started}
        scene.client().post("/api/e2e/cli-sync", json=sent)
    ada.delete(f"/api/runs/{first['items'][-1]['id']}")
    second = ada.get("/api/runs", params={"limit": "5", "cursor": first["next_cursor"]}).json()
    shown = [item["client_run_id"] for item in second["items"] if item["client_run_id"] != "now"]
    expected = [item["client_run_id"] for item in whole]
    assert shown == expected[5 : 5 + len(shown)]


def test_a_page_holds_fifty_unless_told_otherwise(scene: Emulator) -> None:
    batch = [{"client_run_id": f"r{place}"} for place in range(60)]
    scene.client().post("/api/e2e/cli-sync", json={"runs": batch})
    assert [len(page) for page in pages(caller(scene, "ada"), "/api/runs", 50)] == [50, 13]
    assert len(caller(scene, "ada").get("/api/runs").json()["items"]) == 50


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, [RUN_WAITING, RUN_GOING, RUN_DONE]),
        ({"status": "queued"}, [RUN_WAITING]),
        ({"status": "running"}, [RUN_GOING]),
        ({"status": "cancelled"}, []),
        ({"project_id": ALPHA}, [RUN_GOING, RUN_DONE]),
        ({"project_id": BETA}, []),
        ({"project_id": ALPHA, "status": "succeeded"}, [RUN_DONE]),
        ({"project_id": ALPHA, "status": "queued"}, []),
        ({"project_id": ALPHA, "workspace_id": LAB}, [RUN_GOING, RUN_DONE]),
    ],
    ids=str,
)
def test_filters_narrow_the_list(
    scene: Emulator, params: dict[str, str], expected: list[Any]
) -> None:
    for limit in (1, 50):
        found = pages(caller(scene, "ada"), "/api/runs", limit, **params)
        assert list(chain(*found)) == expected


def test_a_project_of_another_workspace_than_the_one_named_is_not_found(scene: Emulator) -> None:
    ada = caller(scene, "ada")
    other = ada.post("/api/workspaces", json={"name": "Other"}).json()["id"]
    for answer in (
        ada.get(f"/api/runs?project_id={ALPHA}&workspace_id={other}"),
        ada.get(f"/api/runs?project_id={ALPHA}", headers={"X-Workspace-Id": other}),
        ada.get(f"/api/runs?project_id={ALPHA}&workspace_id={AWAY}"),
    ):
        assert (answer.status_code, answer.json()) == (404, {"detail": unseen("project", ALPHA)})
    assert ada.get(f"/api/runs?project_id={AWAY_PROJECT}").status_code == 404


def test_a_run_that_ends_moves_between_the_lists_of_its_statuses(scene: Emulator) -> None:
    key = with_secret(scene, SECRET)
    sent = {
        "client_run_id": "going",
        "adapter_id": "openpi",
        "task": "rollout",
        "project_id": ALPHA,
        "status": "failed",
        "started_at": RUN_GOING["started_at"],
    }
    assert key.post("/api/sync/runs", json=sent).status_code == 200
    assert key.get("/api/runs?status=running").json()["items"] == []
    ended = {**RUN_GOING, "status": "failed"}
    for path in ("/api/runs?status=failed", f"/api/runs?status=failed&project_id={ALPHA}"):
        assert key.get(path).json()["items"] == [ended]


def cursor_of(text: str) -> str:
    """Return text encoded as cursors are."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "é",
        "%%%",
        cursor_of("[]"),
        cursor_of('[1,2,"a",4]'),
        cursor_of('["1",2,"a"]'),
        cursor_of('[1.5,2,"a"]'),
        cursor_of('[true,false,"a"]'),
        cursor_of('{"a":1}'),
    ],
)
@pytest.mark.parametrize("path", LISTS)
def test_a_broken_cursor_is_refused(scene: Emulator, path: str, cursor: str) -> None:
    answer = caller(scene, "ada").get(path, params={"cursor": cursor})
    message = golden("all", "validation_error", "broken-cursor")
    expected = {"detail": invalid(("cursor", message), message=message)}
    assert (answer.status_code, answer.json()) == (422, expected)


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("0", "Input should be greater than or equal to 1"),
        ("201", "Input should be less than or equal to 200"),
        ("x", "Input should be a valid integer, unable to parse string as an integer"),
    ],
)
def test_a_limit_out_of_bounds_is_refused(
    scene: Emulator, path: str, limit: str, message: str
) -> None:
    answer = caller(scene, "ada").get(path, params={"limit": limit})
    assert (answer.status_code, answer.json()) == (422, {"detail": invalid(("limit", message))})


def test_an_unknown_status_is_refused(scene: Emulator) -> None:
    answer = caller(scene, "ada").get("/api/runs?status=done")
    message = "Input should be 'queued', 'running', 'succeeded', 'failed' or 'cancelled'"
    assert (answer.status_code, answer.json()) == (422, {"detail": invalid(("status", message))})
