"""Projects of a workspace."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.checked_client import Emulator
from tests.support.fixture_seed import (
    A_UUID,
    ALPHA,
    AWAY_PROJECT,
    BETA,
    DONE,
    EPOCH,
    GOING,
    LAB,
    NOBODY,
    SECRET,
    caller,
    invalid,
    problem,
    unseen,
    with_secret,
)
from tests.support.messages import golden

PROJECT_ALPHA: dict[str, Any] = {
    "id": ALPHA,
    "workspace_id": LAB,
    "name": "Alpha",
    "slug": "alpha",
    "description": "The first.",
    "runs_count": 2,
    "created_at": EPOCH,
}
PROJECT_BETA: dict[str, Any] = {
    **PROJECT_ALPHA,
    "id": BETA,
    "name": "Beta",
    "slug": "beta",
    "description": "",
    "runs_count": 0,
}


def test_projects_are_listed_newest_first_with_how_many_runs_they_hold(scene: Emulator) -> None:
    for client in (with_secret(scene, SECRET), caller(scene, "cy")):
        answer = client.get("/api/projects")
        listed = {"items": [PROJECT_BETA, PROJECT_ALPHA], "next_cursor": None}
        assert (answer.status_code, answer.json()) == (200, listed)


def test_any_member_creates_a_project(scene: Emulator) -> None:
    cy = caller(scene, "cy")
    answer = cy.post("/api/projects", json={"name": "Gamma Rays", "description": "third"})
    gamma = {
        **PROJECT_BETA,
        "id": A_UUID,
        "name": "Gamma Rays",
        "slug": "gamma-rays",
        "description": "third",
    }
    assert (answer.status_code, answer.json()) == (201, gamma)
    assert cy.get(f"/api/projects/{answer.json()['id']}").json() == answer.json()
    assert cy.get("/api/projects").json()["items"][0] == answer.json()


@pytest.mark.parametrize(
    "body", [{"name": "Beta"}, {"name": "x", "slug": "beta"}, {"name": "BETA!"}]
)
def test_a_slug_that_the_workspace_has_is_a_conflict(scene: Emulator, body: dict[str, str]) -> None:
    answer = caller(scene, "ada").post("/api/projects", json=body)
    message = golden("all", "conflict", "project-slug-is-taken")
    assert (answer.status_code, answer.json()) == (409, {"detail": problem("conflict", message)})


def test_another_workspaces_slug_is_free(scene: Emulator) -> None:
    dee = caller(scene, "dee")
    assert dee.post("/api/projects", json={"name": "Beta"}).json()["slug"] == "beta"


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ({}, "name", "Field required"),
        ({"name": "x", "slug": "-x"}, "slug", None),
        (
            {"name": "x", "description": "x" * 2001},
            "description",
            "String should have at most 2000 characters",
        ),
    ],
)
def test_a_project_that_is_not_as_documented_is_refused(
    scene: Emulator, body: dict[str, str], path: str, message: str | None
) -> None:
    answer = caller(scene, "ada").post("/api/projects", json=body)
    why = message or answer.json()["detail"]["details"]["errors"][0]["message"]
    assert (answer.status_code, answer.json()) == (422, {"detail": invalid((path, why))})


@pytest.mark.parametrize("project_id", [AWAY_PROJECT, NOBODY, "beta"])
def test_a_foreign_and_an_unknown_project_are_the_same_404(
    scene: Emulator, project_id: str
) -> None:
    ada = caller(scene, "ada")
    path = f"/api/projects/{project_id}"
    listed = f"/api/runs?project_id={project_id}"
    for answer in (ada.get(path), ada.delete(path), ada.get(listed)):
        expected = {"detail": unseen("project", project_id)}
        assert (answer.status_code, answer.json()) == (404, expected)


@pytest.mark.parametrize("name", ["ada", "bo"])
def test_owners_and_admins_delete_an_empty_project(scene: Emulator, name: str) -> None:
    client = caller(scene, name)
    answer = client.delete(f"/api/projects/{BETA}")
    assert (answer.status_code, answer.content) == (204, b"")
    listed = {"items": [PROJECT_ALPHA], "next_cursor": None}
    assert client.get("/api/projects").json() == listed
    assert client.get(f"/api/projects/{BETA}").status_code == 404


def test_a_member_deletes_no_project(scene: Emulator) -> None:
    answer = caller(scene, "cy").delete(f"/api/projects/{BETA}")
    message = golden("all", "forbidden", "member-deletes-project")
    assert (answer.status_code, answer.json()) == (403, {"detail": problem("forbidden", message)})


def test_a_project_with_runs_is_not_deleted_until_they_are(scene: Emulator) -> None:
    ada = caller(scene, "ada")
    answer = ada.delete(f"/api/projects/{ALPHA}")
    message = golden("all", "conflict", "project-has-runs")
    assert (answer.status_code, answer.json()) == (409, {"detail": problem("conflict", message)})
    for run_id in (DONE, GOING):
        ada.delete(f"/api/runs/{run_id}")
    assert ada.delete(f"/api/projects/{ALPHA}").status_code == 204
