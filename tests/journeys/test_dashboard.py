"""A person's journey through the dashboard: from the first sign-up to a link that is gone."""

from __future__ import annotations

from collections.abc import Callable

import httpx2

from tests.support.messages import golden
from tests.support.server import Running

Launch = Callable[..., Running]
Browse = Callable[[Running], httpx2.Client]

NEWCOMER = {"email": "new@example.com", "password": "a-long-password", "name": "Newa"}


def shared(owner: httpx2.Client) -> dict[str, str]:
    """Sign a newcomer up, upload the sample run, and return the share of it."""
    assert owner.post("/api/auth/signup", json=NEWCOMER).status_code == 201
    run = owner.post("/api/cloud/sample-run")
    assert run.status_code == 201
    made = owner.post("/api/cloud/shares", json={"action": "create", "run_id": run.json()["id"]})
    assert made.status_code == 201
    share: dict[str, str] = made.json()
    return share


def test_from_sign_up_to_a_share_that_is_gone(launch: Launch, browse: Browse) -> None:
    server = launch("--seed", "empty")
    owner, stranger = browse(server), browse(server)

    refused = owner.get("/api/cloud/runs")
    assert refused.status_code == 401
    assert refused.json() == {
        "error": {
            "code": "login_required",
            "message": golden("all", "login_required", "no-session"),
        }
    }

    signed_up = owner.post("/api/auth/signup", json=NEWCOMER)
    assert signed_up.status_code == 201
    assert owner.get("/api/auth/session").json() == signed_up.json()
    [workspace] = owner.get("/api/cloud/workspaces").json()["items"]
    assert (workspace["name"], workspace["role"]) == ("My workspace", "owner")
    assert owner.get("/api/cloud/runs").json() == {"items": [], "next_cursor": None}

    uploaded = owner.post("/api/cloud/sample-run")
    assert uploaded.status_code == 201
    run = uploaded.json()
    assert (run["status"], run["workspace_id"]) == ("succeeded", workspace["id"])
    assert owner.get("/api/cloud/runs").json() == {"items": [run], "next_cursor": None}

    created = owner.post("/api/cloud/shares", json={"action": "create", "run_id": run["id"]})
    assert created.status_code == 201
    share = created.json()
    assert share["url"] == f"{server.url}/api/public/r/{share['token']}"

    opened = stranger.get(share["url"])
    assert opened.status_code == 200
    public = opened.json()["run"]
    assert public["metrics"] == run["metrics"]
    assert public.keys().isdisjoint({"id", "workspace_id", "cost_estimate_usd", "extra"})
    assert stranger.get("/api/cloud/runs").status_code == 401

    revoke = {"action": "revoke", "share_id": share["id"]}
    revoked = owner.post("/api/cloud/shares", json=revoke)
    assert revoked.status_code == 200
    assert revoked.json()["revoked_at"] is not None

    gone = stranger.get(share["url"])
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "not_found")

    assert owner.post("/api/auth/logout").status_code == 200
    assert owner.get("/api/auth/session").json()["error"]["code"] == "login_required"
    back = {name: NEWCOMER[name] for name in ("email", "password")}
    assert owner.post("/api/auth/login", json=back).status_code == 200
    assert owner.get("/api/cloud/runs").json()["items"] == [run]


def test_a_share_is_gone_when_its_time_is_over(launch: Launch, browse: Browse) -> None:
    server = launch("--seed", "empty")
    owner, stranger = browse(server), browse(server)
    share = shared(owner)
    stranger.post("/_emulator/clock/advance", json={"duration": "P29DT23H59M59S"})
    assert stranger.get(share["url"]).status_code == 200
    stranger.post("/_emulator/clock/advance", json={"seconds": 1})
    assert stranger.get("/_emulator/clock").json()["now"] == share["expires_at"]
    gone = stranger.get(share["url"])
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "not_found")
    assert owner.get("/api/auth/session").status_code == 200, "time alone ends no session"


def test_after_a_reset_nothing_of_the_journey_is_left(launch: Launch, browse: Browse) -> None:
    server = launch("--seed", "empty")
    owner = browse(server)
    fresh = owner.get("/_emulator/state").json()
    clock = owner.get("/_emulator/clock").json()
    share = shared(owner)
    owner.post("/_emulator/clock/advance", json={"duration": "P1D"})
    assert owner.get("/_emulator/state").json() != fresh

    reset = owner.post("/_emulator/reset")
    assert reset.json() == {"seed": "empty", "digest": fresh["digest"]}
    assert owner.get("/_emulator/state").json() == fresh
    assert owner.get("/_emulator/clock").json() == clock
    assert owner.get(share["url"]).status_code == 404
    assert owner.get("/api/auth/session").status_code == 401
    assert shared(owner) == share, "the same calls on the same seed mint the same ids"


def test_a_reset_to_another_seed_is_that_seed(launch: Launch, browse: Browse) -> None:
    browser = browse(launch("--seed", "empty"))
    assert browser.post("/_emulator/reset", json={"seed": "onboarding"}).status_code == 200
    login = {"email": "nia@example.com", "password": "demo-password"}
    assert browser.post("/api/auth/login", json=login).status_code == 200
    browser.post("/_emulator/reset")
    assert browser.get("/_emulator/health").json()["seed"] == "onboarding"
