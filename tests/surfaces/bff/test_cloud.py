"""`/api/cloud/*`: what the dashboard asks is what the upstream answers, in the BFF's shape."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.checked_client import ORIGIN, Emulator
from tests.support.expected_views import PUBLIC, SHARE_LIVE
from tests.support.fixture_seed import (
    A_SECRET,
    A_TOKEN,
    A_UUID,
    ALPHA,
    AWAY_RUN,
    AWAY_SHARE,
    CHECKOUT,
    DONE,
    LAB,
    LIVE_SHARE,
    PORTAL,
    RUN_WAITING,
    Matching,
    browser,
    caller,
    invalid,
    pay,
    problem,
    unseen,
)
from tests.support.messages import golden

LOGIN_REQUIRED = {"error": problem("login_required", golden("all", "login_required", "no-session"))}
NEW: dict[str, Any] = {"name": "new", "adapter_id": "openpi", "task": "eval"}

ROUTES: list[tuple[str, str]] = [
    ("GET", "/api/cloud/me"),
    ("PATCH", "/api/cloud/me"),
    ("POST", "/api/cloud/me"),
    ("GET", "/api/cloud/workspaces"),
    ("POST", "/api/cloud/workspaces"),
    ("GET", "/api/cloud/projects"),
    ("POST", "/api/cloud/projects"),
    ("GET", "/api/cloud/runs"),
    ("POST", "/api/cloud/runs"),
    ("POST", "/api/cloud/api-keys"),
    ("POST", "/api/cloud/shares"),
    ("POST", "/api/cloud/billing/checkout"),
    ("POST", "/api/cloud/billing/portal"),
    ("POST", "/api/cloud/sample-run"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_needs_a_session_before_it_looks_at_the_body(
    scene: Emulator, method: str, path: str
) -> None:
    anyone = scene.client()
    for body in (b"", b"{"):
        answer = anyone.request(method, path, content=body)
        assert (answer.status_code, answer.json()) == (401, LOGIN_REQUIRED)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_an_api_key_and_a_bearer_token_are_no_session(
    scene: Emulator, method: str, path: str
) -> None:
    for client in (scene.keyed(), caller(scene, "ada")):
        answer = client.request(method, path)
        assert (answer.status_code, answer.json()) == (401, LOGIN_REQUIRED)


@pytest.mark.parametrize(
    ("here", "upstream"),
    [
        ("/api/cloud/me", "/api/me"),
        ("/api/cloud/workspaces", "/api/workspaces"),
        ("/api/cloud/projects", "/api/projects"),
        ("/api/cloud/runs", "/api/runs"),
        ("/api/cloud/runs?limit=1&status=queued", "/api/runs?limit=1&status=queued"),
        (f"/api/cloud/runs?project_id={ALPHA}", f"/api/runs?project_id={ALPHA}"),
    ],
)
def test_what_is_read_is_the_upstreams_answer_byte_for_byte(
    scene: Emulator, here: str, upstream: str
) -> None:
    answer = browser(scene, "cy").get(here)
    original = caller(scene, "cy").get(upstream)
    assert (answer.status_code, answer.content) == (200, original.content)
    assert answer.headers["content-type"] == "application/json"


def test_a_list_is_paged_through(scene: Emulator) -> None:
    ada = browser(scene, "ada")
    seen: list[str] = []
    more: dict[str, str] = {"limit": "1"}
    for _ in range(3):
        page = ada.get("/api/cloud/runs", params=more).json()
        seen += [run["client_run_id"] for run in page["items"]]
        more["cursor"] = page["next_cursor"]
    assert (seen, page["next_cursor"]) == (["waiting", "going", "done"], None)


def test_what_is_written_is_seen_upstream(scene: Emulator) -> None:
    ada, upstream = browser(scene, "ada"), caller(scene, "ada")
    project = ada.post("/api/cloud/projects", json={"name": "Gamma"})
    workspace = ada.post("/api/cloud/workspaces", json={"name": "Other"})
    run = ada.post("/api/cloud/runs", json=NEW)
    key = ada.post("/api/cloud/api-keys", json={"name": "k"})
    assert [one.status_code for one in (project, workspace, run, key)] == [201] * 4
    assert upstream.get(f"/api/projects/{project.json()['id']}").json() == project.json()
    assert upstream.get(f"/api/workspaces/{workspace.json()['id']}").json() == workspace.json()
    assert upstream.get(f"/api/runs/{run.json()['id']}").json() == run.json()
    assert run.json() == {
        **RUN_WAITING,
        **NEW,
        "id": A_UUID,
        "client_run_id": None,
    }
    assert key.json()["secret"] == A_SECRET
    assert upstream.get("/api/api-keys?limit=1").json()["items"][0]["id"] == key.json()["id"]
    changed = ada.patch("/api/cloud/me", json={"product_mail_opt_in": True})
    assert changed.json() == upstream.get("/api/me").json()
    assert changed.json()["product_mail_opt_in"] is True


def test_one_route_shares_a_run_and_revokes_the_share(scene: Emulator) -> None:
    cy = browser(scene, "cy")
    path = "/api/cloud/shares"
    said = {"action": "create", "run_id": DONE, "ttl_seconds": 60}
    made = cy.post(path, json=said)
    token = made.json()["token"]
    share = {
        **SHARE_LIVE,
        "id": A_UUID,
        "token": A_TOKEN,
        "url": made.json()["url"],
        "expires_at": "2026-01-01T00:01:00Z",
    }
    assert (made.status_code, made.json()) == (201, share)
    shown = scene.client().get(f"/api/public/r/{token}")
    assert shown.json() == {**PUBLIC, "expires_at": "2026-01-01T00:01:00Z"}
    closed = cy.post(path, json={"action": "revoke", "share_id": made.json()["id"]})
    revoked = {**share, "revoked_at": "2026-01-01T00:00:00Z"}
    assert (closed.status_code, closed.json()) == (200, revoked)
    assert scene.client().get(f"/api/public/r/{token}").status_code == 404


EXTRA = "Extra inputs are not permitted"
SHARE_ACTIONS = golden("all", "validation_error", "unknown-share-action")
ME_ACTIONS = golden("all", "validation_error", "unknown-profile-action")


@pytest.mark.parametrize(
    ("path", "body", "place"),
    [
        ("shares", {}, ("action", SHARE_ACTIONS)),
        ("shares", {"action": "delete"}, ("action", SHARE_ACTIONS)),
        ("shares", {"action": ["revoke"]}, ("action", SHARE_ACTIONS)),
        ("shares", {"action": "create"}, ("run_id", "Field required")),
        ("shares", {"action": "create", "run_id": DONE, "share_id": "x"}, ("share_id", EXTRA)),
        (
            "shares",
            {"action": "revoke"},
            ("share_id", golden("all", "validation_error", "not-an-id")),
        ),
        (
            "shares",
            {"action": "revoke", "share_id": 1},
            ("share_id", golden("all", "validation_error", "not-an-id")),
        ),
        (
            "shares",
            {"action": "revoke", "share_id": ""},
            ("share_id", golden("all", "validation_error", "not-an-id")),
        ),
        (
            "shares",
            {"action": "revoke", "share_id": "a/b"},
            ("share_id", golden("all", "validation_error", "not-an-id")),
        ),
        ("shares", {"action": "revoke", "share_id": LIVE_SHARE, "x": 1}, ("x", EXTRA)),
        ("me", {}, ("action", ME_ACTIONS)),
        ("me", {"action": None}, ("action", ME_ACTIONS)),
        ("me", {"action": "export", "x": 1}, ("x", EXTRA)),
        ("sample-run", {"name": "mine"}, ("name", EXTRA)),
    ],
    ids=str,
)
def test_an_action_that_is_not_as_said_is_refused(
    scene: Emulator, path: str, body: dict[str, Any], place: tuple[str, str]
) -> None:
    answer = browser(scene, "ada").post(f"/api/cloud/{path}", json=body)
    assert (answer.status_code, answer.json()) == (422, {"error": invalid(place)})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"action": "create", "run_id": AWAY_RUN}, unseen("run", AWAY_RUN)),
        ({"action": "revoke", "share_id": AWAY_SHARE}, unseen("share", AWAY_SHARE)),
        ({"action": "revoke", "share_id": "{token}"}, unseen("share", "{token}")),
        ({"action": "revoke", "share_id": "a?b#c%2F"}, unseen("share", "a?b#c%2F")),
    ],
    ids=str,
)
def test_an_action_on_what_is_invisible_is_not_found(
    scene: Emulator, body: dict[str, str], said: dict[str, Any]
) -> None:
    answer = browser(scene, "ada").post("/api/cloud/shares", json=body)
    assert (answer.status_code, answer.json()) == (404, {"error": said})


def test_a_checkout_leads_to_stripes_page_and_the_portal_is_open_once_it_is_paid(
    scene: Emulator,
) -> None:
    ada = browser(scene, "ada")
    early = ada.post("/api/cloud/billing/portal", json=PORTAL)
    message = golden("all", "conflict", "never-subscribed")
    expected = {"error": problem("conflict", message)}
    assert (early.status_code, early.json()) == (409, expected)
    opened = ada.post("/api/cloud/billing/checkout", json=CHECKOUT)
    hosted = opened.json()
    assert (opened.status_code, hosted) == (
        201,
        {
            "id": Matching("cs_test_[0-9A-Za-z]+"),
            "url": f"{ORIGIN}/stripe/checkout/{hosted['id']}",
        },
    )
    paid = pay(scene, hosted["url"])
    back = f"http://localhost:3000/billing?session={hosted['id']}"
    assert (paid.status_code, paid.headers["location"]) == (303, back)
    portal = ada.post("/api/cloud/billing/portal", json=PORTAL)
    shown = portal.json()
    assert (portal.status_code, shown) == (
        201,
        {
            "id": Matching("bps_[0-9A-Za-z]+"),
            "url": f"{ORIGIN}/stripe/portal/{shown['id']}",
        },
    )
    assert scene.client().get(shown["url"]).status_code == 200


@pytest.mark.parametrize("content", [b"", b"{}"])
def test_a_sample_run_is_one_believable_finished_run(scene: Emulator, content: bytes) -> None:
    ada = browser(scene, "ada")
    answer = ada.post(
        "/api/cloud/sample-run", content=content, headers={"Content-Type": "application/json"}
    )
    run = answer.json()
    assert answer.status_code == 201
    assert (run["workspace_id"], run["status"], run["extra"], run["created_at"]) == (
        LAB,
        "succeeded",
        {"synthetic": True},
        "2026-01-01T00:00:00Z",
    )
    assert run["started_at"] < run["finished_at"] <= "2026-01-01T00:00:00Z"
    assert run["metrics"]
    assert caller(scene, "ada").get(f"/api/runs/{run['id']}").json() == run
    again = ada.post("/api/cloud/sample-run").json()
    assert again["id"] != run["id"]
    assert again["started_at"] != run["started_at"]


def test_a_body_that_is_nested_too_deeply_to_be_passed_on_is_refused(scene: Emulator) -> None:
    deep = '{"action": "restrict", "x": %s}' % ("[" * 400 + "]" * 400)
    headers = {"Content-Type": "application/json"}
    answer = browser(scene, "ada").post("/api/cloud/me", content=deep, headers=headers)
    message = golden("all", "validation_error", "body-nested-too-deeply")
    expected = {"error": invalid(("", message))}
    assert (answer.status_code, answer.json()) == (422, expected)
