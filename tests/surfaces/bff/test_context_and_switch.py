"""The workspace a call is about, the public share, and the e2e switch."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.checked_client import Emulator, LawfulClient
from tests.support.expected_views import PUBLIC
from tests.support.fixture_seed import AWAY, LAB, NOBODY, browser, problem, stage, unseen
from tests.support.messages import golden


def ada_with_two(scene: Emulator) -> tuple[LawfulClient, str, str]:
    """Return Ada's browser with two more workspaces of hers."""
    ada = browser(scene, "ada")
    two, three = (
        ada.post("/api/cloud/workspaces", json={"name": name}).json()["id"] for name in "bc"
    )
    return ada, two, three


def about(client: LawfulClient, *, header: str = "", query: str = "", cookie: str = "") -> str:
    """Create a run in that context and return the workspace it went into."""
    headers = {"X-Workspace-Id": header} if header else {}
    if cookie:
        client.cookies.set("worldflux_workspace", cookie)
    params = {"workspace_id": query} if query else {}
    run = {"name": "n", "adapter_id": "a", "task": "eval"}
    answer = client.post("/api/cloud/runs", json=run, headers=headers, params=params)
    if cookie:
        client.cookies.delete("worldflux_workspace")
    return str(answer.json().get("workspace_id", answer.json()))


def test_the_header_comes_before_the_query_before_the_cookie_before_the_first(
    scene: Emulator,
) -> None:
    ada, two, three = ada_with_two(scene)
    assert about(ada) == LAB
    assert about(ada, cookie=two) == two
    assert about(ada, query=two, cookie=three) == two
    assert about(ada, header=two, query=three, cookie=three) == two
    assert about(ada, header=LAB, query=three, cookie=two) == LAB


@pytest.mark.parametrize("workspace_id", [AWAY, NOBODY])
def test_a_workspace_that_is_not_ones_own_is_not_found(scene: Emulator, workspace_id: str) -> None:
    ada = browser(scene, "ada")
    expected = (404, {"error": unseen("workspace", workspace_id)})
    by_header = ada.get("/api/cloud/runs", headers={"X-Workspace-Id": workspace_id})
    by_query = ada.get("/api/cloud/projects", params={"workspace_id": workspace_id})
    ada.cookies.set("worldflux_workspace", workspace_id)
    by_cookie = ada.post("/api/cloud/sample-run")
    for answer in (by_header, by_query, by_cookie):
        assert (answer.status_code, answer.json()) == expected


def test_what_is_not_about_a_workspace_ignores_the_context(scene: Emulator) -> None:
    ada = browser(scene, "ada")
    ada.cookies.set("worldflux_workspace", AWAY)
    assert ada.get("/api/cloud/me").status_code == 200
    listed = ada.get("/api/cloud/workspaces").json()["items"]
    assert [one["id"] for one in listed] == [LAB]


def test_lists_follow_the_context(scene: Emulator) -> None:
    ada, two, _ = ada_with_two(scene)
    assert len(ada.get("/api/cloud/runs").json()["items"]) == 3
    ada.cookies.set("worldflux_workspace", two)
    for path in ("/api/cloud/runs", "/api/cloud/projects"):
        assert ada.get(path).json() == {"items": [], "next_cursor": None}


def test_anyone_opens_a_share_and_a_closed_one_is_not_found(scene: Emulator) -> None:
    anyone = scene.client()
    shown = anyone.get("/api/public/r/share-live-token")
    assert (shown.status_code, shown.json()) == (200, PUBLIC)
    for token in ("share-gone-token", "unknown"):
        answer = anyone.get(f"/api/public/r/{token}?x=1")
        assert (answer.status_code, answer.json()) == (404, {"error": unseen("share", token)})


def test_a_session_makes_no_difference_to_a_public_share(scene: Emulator) -> None:
    ada = browser(scene, "ada")
    assert ada.get("/api/public/r/share-live-token").json() == PUBLIC
    assert (
        ada.get("/api/public/r/share-live-token", headers={"X-Workspace-Id": AWAY}).json() == PUBLIC
    )


def test_with_the_switch_off_nobody_seeds_runs(tmp_path: Path) -> None:
    scene = stage(tmp_path, e2e_fixtures=False)
    for client in (browser(scene, "ada"), scene.client()):
        answer = client.post("/api/cloud/runs", json={})
        message = golden("all", "method_not_allowed", "cloud-runs-takes-no-post")
        expected = {"error": problem("unsupported_action", message)}
        assert (answer.status_code, answer.json()) == (405, expected)
        assert answer.headers["allow"] == "GET, HEAD"
    message = golden("all", "unsupported_action", "e2e-fixtures-are-off")
    for method in ("GET", "POST", "PUT", "DELETE"):
        answer = scene.client().request(method, "/api/e2e/cli-sync")
        expected = {"error": problem("not_found", message)}
        assert (answer.status_code, answer.json()) == (404, expected)


def test_with_the_switch_off_everything_else_is_there(tmp_path: Path) -> None:
    ada = browser(stage(tmp_path, e2e_fixtures=False), "ada")
    assert ada.get("/api/cloud/runs").status_code == 200
    assert ada.post("/api/cloud/sample-run").status_code == 201
