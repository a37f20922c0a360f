"""The caller's profile and workspaces."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.checked_client import Emulator
from tests.support.expected_views import FREE, UNCAPPED, usage
from tests.support.fixture_seed import (
    A_UUID,
    ADA,
    AWAY,
    AWAY_SECRET,
    EPOCH,
    LAB,
    NOBODY,
    PERIOD,
    SECRET,
    caller,
    invalid,
    problem,
    unseen,
    with_secret,
)
from tests.support.messages import golden

ME: dict[str, Any] = {
    "id": ADA,
    "email": "ada@lab.test",
    "name": "Ada",
    "email_verified": True,
    "analytics_opt_in": False,
    "product_mail_opt_in": False,
    "restricted_at": None,
    "objected_at": None,
    "deletion_due_at": None,
    "created_at": EPOCH,
    "updated_at": EPOCH,
}
THE_LAB: dict[str, Any] = {
    "id": LAB,
    "name": "The Lab",
    "slug": "lab",
    "role": "owner",
    "plan": "enterprise",
    "subscription_status": None,
    "period": PERIOD,
    "usage": usage(UNCAPPED, runs=3, storage_bytes=12, projects=2, members=3, api_keys=2, shares=1),
    "created_at": EPOCH,
}


def test_the_profile_is_the_callers_and_a_keys_is_its_issuers(scene: Emulator) -> None:
    for client in (caller(scene, "ada"), with_secret(scene, SECRET)):
        answer = client.get("/api/me")
        assert (answer.status_code, answer.json()) == (200, ME)


def test_a_profile_changes_in_what_is_said_alone(scene: Emulator) -> None:
    scene.client().post("/_emulator/clock/advance", json={"seconds": 60})
    ada = caller(scene, "ada")
    answer = ada.patch("/api/me", json={"analytics_opt_in": True, "name": "Ada L."})
    changed = {
        **ME,
        "name": "Ada L.",
        "analytics_opt_in": True,
        "updated_at": "2026-01-01T00:01:00Z",
    }
    assert (answer.status_code, answer.json()) == (200, changed)
    assert ada.patch("/api/me", json={}).json() == changed
    again = ada.patch("/api/me", json={"analytics_opt_in": False, "product_mail_opt_in": True})
    assert again.json() == {**changed, "analytics_opt_in": False, "product_mail_opt_in": True}
    assert ada.get("/api/me").json() == again.json()


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ({"analytics_opt_in": "perhaps"}, "analytics_opt_in", None),
        ({"name": "x" * 201}, "name", "String should have at most 200 characters"),
        ({"email": "new@lab.test"}, "email", "Extra inputs are not permitted"),
    ],
)
def test_a_profile_takes_nothing_else(
    scene: Emulator, body: dict[str, Any], path: str, message: str | None
) -> None:
    answer = caller(scene, "ada").patch("/api/me", json=body)
    why = message or answer.json()["detail"]["details"]["errors"][0]["message"]
    assert (answer.status_code, answer.json()) == (422, {"detail": invalid((path, why))})


def test_a_key_changes_no_profile_and_creates_no_workspace(scene: Emulator) -> None:
    key = with_secret(scene, SECRET)
    for answer, message in (
        (
            key.patch("/api/me", json={"name": "x"}),
            golden("all", "forbidden", "key-changes-profile"),
        ),
        (
            key.post("/api/workspaces", json={"name": "x"}),
            golden("all", "forbidden", "key-creates-workspace"),
        ),
    ):
        expected = {"detail": problem("forbidden", message)}
        assert (answer.status_code, answer.json()) == (403, expected)


def test_workspaces_are_listed_with_the_callers_role_the_last_joined_first(
    scene: Emulator,
) -> None:
    ada = caller(scene, "ada")
    made = ada.post("/api/workspaces", json={"name": " Plan B "})
    plan_b = {
        **THE_LAB,
        "id": A_UUID,
        "name": "Plan B",
        "slug": "plan-b",
        "plan": "free",
        "usage": usage(FREE, members=1),
    }
    assert (made.status_code, made.json()) == (201, plan_b)
    listed = ada.get("/api/workspaces")
    assert listed.json() == {"items": [made.json(), THE_LAB], "next_cursor": None}
    roles = [caller(scene, name).get("/api/workspaces").json()["items"] for name in ("bo", "cy")]
    assert roles == [[{**THE_LAB, "role": "admin"}], [{**THE_LAB, "role": "member"}]]


def test_a_workspace_is_shown_with_its_plan_and_what_it_used_of_that(scene: Emulator) -> None:
    answer = with_secret(scene, AWAY_SECRET).get(f"/api/workspaces/{AWAY}")
    assert answer.json() == {
        "id": AWAY,
        "name": "Away",
        "slug": "away",
        "role": "owner",
        "plan": "enterprise",
        "subscription_status": None,
        "period": PERIOD,
        "usage": usage(
            {**UNCAPPED, "runs": 1}, runs=1, projects=1, members=1, api_keys=1, shares=1
        ),
        "created_at": EPOCH,
    }
    assert caller(scene, "ada").get(f"/api/workspaces/{LAB}").json() == THE_LAB


@pytest.mark.parametrize("workspace_id", [AWAY, NOBODY, "lab"])
def test_a_foreign_and_an_unknown_workspace_are_the_same_404(
    scene: Emulator, workspace_id: str
) -> None:
    ada = caller(scene, "ada")
    expected = (404, {"detail": unseen("workspace", workspace_id)})
    shown = ada.get(f"/api/workspaces/{workspace_id}")
    assert (shown.status_code, shown.json()) == expected
    for path in ("/api/runs", "/api/projects", "/api/shares", "/api/api-keys"):
        for answer in (
            ada.get(path, params={"workspace_id": workspace_id}),
            ada.get(path, headers={"X-Workspace-Id": workspace_id}),
        ):
            assert (answer.status_code, answer.json()) == expected


def test_a_key_sees_no_other_workspace_of_its_issuer(scene: Emulator) -> None:
    other = caller(scene, "ada").post("/api/workspaces", json={"name": "Other"}).json()["id"]
    key = with_secret(scene, SECRET)
    for answer in (
        key.get(f"/api/workspaces/{other}"),
        key.get("/api/runs", params={"workspace_id": other}),
        key.post("/api/projects", json={"name": "x"}, headers={"X-Workspace-Id": other}),
    ):
        assert (answer.status_code, answer.json()) == (404, {"detail": unseen("workspace", other)})


def test_a_workspaces_slug_must_be_free_and_well_formed(scene: Emulator) -> None:
    ada = caller(scene, "ada")
    taken = ada.post("/api/workspaces", json={"name": "x", "slug": "away"})
    message = golden("all", "conflict", "slug-away-is-taken")
    assert (taken.status_code, taken.json()) == (409, {"detail": problem("conflict", message)})
    bad = ada.post("/api/workspaces", json={"name": "x", "slug": "Not a slug"})
    why = "String should match pattern '^[a-z0-9]+(-[a-z0-9]+)*$'"
    assert (bad.status_code, bad.json()) == (422, {"detail": invalid(("slug", why))})
    assert ada.post("/api/workspaces", json={"name": "Away"}).json()["slug"] == "away-2"
