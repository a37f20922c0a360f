"""One run: created, shown, deleted; what of it the world refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.checked_client import Emulator
from tests.support.fixture_seed import (
    A_UUID,
    ALPHA,
    AWAY_PROJECT,
    AWAY_RUN,
    AWAY_SECRET,
    DONE,
    EPOCH,
    LAB,
    NOBODY,
    PERIOD,
    RUN_DONE,
    RUN_GOING,
    RUN_WAITING,
    SECRET,
    SHA,
    WAITING,
    caller,
    invalid,
    no_room,
    unseen,
    with_secret,
)
from tests.support.messages import golden

NEW: dict[str, Any] = {"name": "new", "adapter_id": "openpi", "task": "eval"}
PARTS = ("", "/manifest", "/metrics", "/log")


def test_a_new_run_has_the_defaults_of_what_was_left_out(scene: Emulator) -> None:
    key = with_secret(scene, SECRET)
    answer = key.post("/api/runs", json=NEW)
    expected = {
        **RUN_WAITING,
        "id": A_UUID,
        "name": "new",
        "task": "eval",
        "client_run_id": None,
    }
    assert (answer.status_code, answer.json()) == (201, expected)
    assert key.get(f"/api/runs/{answer.json()['id']}").json() == answer.json()


def test_a_new_run_keeps_all_that_is_said_of_it(scene: Emulator) -> None:
    artifact = {"name": "a.csv", "size_bytes": 7, "sha256": SHA}
    said = {
        **NEW,
        "project_id": ALPHA,
        "environment": "libero",
        "runtime": "aws-ec2",
        "status": "failed",
        "metrics": {"b": 1, "a": 0.5},
        "artifacts": [artifact, {"name": "b", "size_bytes": 0, "media_type": "x/y"}],
        "cost_estimate_usd": 1.25,
        "manifest": {"z": 1, "a": None},
        "log": ["one", "", "three"],
        "started_at": "2025-12-31T23:00:00+01:00",
        "finished_at": "2025-12-31T23:30:00Z",
    }
    key = with_secret(scene, SECRET)
    run = key.post("/api/runs", json=said).json()
    shown = [
        {**artifact, "id": A_UUID, "media_type": "text/csv"},
        {"id": A_UUID, "name": "b", "media_type": "x/y", "size_bytes": 0, "sha256": None},
    ]
    assert run == {
        **RUN_DONE,
        **{name: said[name] for name in said if name not in ("manifest", "log", "artifacts")},
        "id": A_UUID,
        "client_run_id": None,
        "artifacts": shown,
        "extra": {},
        "created_at": EPOCH,
        "started_at": "2025-12-31T22:00:00Z",
        "duration_seconds": 5400.0,
    }
    parts = [key.get(f"/api/runs/{run['id']}{part}").json() for part in PARTS[1:]]
    assert parts == [
        {"a": None, "z": 1},
        {"run_id": run["id"], "metrics": {"a": 0.5, "b": 1}},
        {"run_id": run["id"], "lines": ["one", "", "three"]},
    ]


def test_a_run_is_shown_with_all_its_parts(scene: Emulator) -> None:
    cy = caller(scene, "cy")
    assert [cy.get(f"/api/runs/{DONE}{part}").json() for part in PARTS] == [
        RUN_DONE,
        {
            "run_id": "done",
            "adapter_id": "smolvla",
            "task": "eval",
            "environment": "libero/libero_spatial",
            "runtime": "modal",
            "status": "succeeded",
            "started_at": "2025-12-30T00:00:00Z",
            "finished_at": "2025-12-31T00:00:00Z",
            "metrics": {"num_episodes": 100, "success_rate": 0.5},
            "artifacts": ["report.md"],
            "metadata": {"note": "kept"},
        },
        {"run_id": DONE, "metrics": {"num_episodes": 100, "success_rate": 0.5}},
        {"run_id": DONE, "lines": ["first line", "last line"]},
    ]
    assert cy.get(f"/api/runs/{WAITING}/log").json() == {"run_id": WAITING, "lines": []}


@pytest.mark.parametrize("run_id", [AWAY_RUN, NOBODY, "no-uuid", "%00"])
@pytest.mark.parametrize("part", PARTS)
def test_a_foreign_and_an_unknown_run_are_the_same_404(
    scene: Emulator, run_id: str, part: str
) -> None:
    answer = caller(scene, "ada").get(f"/api/runs/{run_id}{part}")
    key = "\0" if run_id == "%00" else run_id
    assert (answer.status_code, answer.json()) == (404, {"detail": unseen("run", key)})


def test_a_deleted_run_is_gone_from_every_list(scene: Emulator) -> None:
    cy = caller(scene, "cy")
    answer = cy.delete(f"/api/runs/{DONE}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-type" not in answer.headers
    assert cy.get(f"/api/runs/{DONE}").json() == {"detail": unseen("run", DONE)}
    assert cy.get("/api/runs").json() == {"items": [RUN_WAITING, RUN_GOING], "next_cursor": None}
    assert cy.get(f"/api/runs?project_id={ALPHA}").json()["items"] == [RUN_GOING]
    assert cy.get("/api/runs?status=succeeded").json()["items"] == []
    assert cy.delete(f"/api/runs/{DONE}").status_code == 404


def test_a_deleted_runs_shares_are_revoked(scene: Emulator) -> None:
    cy = caller(scene, "cy")
    assert cy.get("/api/public/shares/share-live-token").status_code == 200
    cy.delete(f"/api/runs/{DONE}")
    assert cy.get("/api/public/shares/share-live-token").status_code == 404
    assert [one["revoked_at"] for one in cy.get("/api/shares").json()["items"]] == [EPOCH, EPOCH]


def test_a_foreign_run_is_not_deleted(scene: Emulator) -> None:
    answer = caller(scene, "ada").delete(f"/api/runs/{AWAY_RUN}")
    assert (answer.status_code, answer.json()) == (404, {"detail": unseen("run", AWAY_RUN)})


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        (
            {"project_id": AWAY_PROJECT},
            "project_id",
            golden("all", "not_found", "no-project-of-another-workspace", project=AWAY_PROJECT),
        ),
        (
            {"finished_at": EPOCH, "status": "running"},
            "finished_at",
            golden("all", "validation_error", "running-run-finished"),
        ),
        (
            {"started_at": EPOCH},
            "started_at",
            golden("all", "validation_error", "queued-run-started"),
        ),
    ],
)
def test_what_makes_no_sense_is_refused(
    scene: Emulator, changes: dict[str, str], path: str, message: str
) -> None:
    answer = with_secret(scene, SECRET).post("/api/runs", json={**NEW, **changes})
    expected = {"detail": invalid((path, message), message=message)}
    assert (answer.status_code, answer.json()) == (422, expected)


def test_a_full_workspace_takes_no_run_until_the_next_period_even_if_one_is_deleted(
    scene: Emulator,
) -> None:
    key = with_secret(scene, AWAY_SECRET)
    writes = (("/api/runs", NEW), ("/api/sync/runs", {**NEW, "client_run_id": "b"}))
    expected = (402, {"detail": no_room()})
    for path, body in writes:
        answer = key.post(path, json=body)
        assert (answer.status_code, answer.json()) == expected
    key.delete(f"/api/runs/{AWAY_RUN}")
    for path, body in writes:
        answer = key.post(path, json=body)
        assert (answer.status_code, answer.json()) == expected
    scene.client().post("/_emulator/clock/set", json={"now": PERIOD["end"]})
    assert key.post("/api/runs", json=NEW).status_code == 201


def test_a_run_goes_into_the_workspace_that_is_named(scene: Emulator) -> None:
    ada = caller(scene, "ada")
    other = ada.post("/api/workspaces", json={"name": "Other"}).json()["id"]
    first = ada.post("/api/runs", json=NEW)
    by_query = ada.post(f"/api/runs?workspace_id={other}", json=NEW)
    by_header = ada.post("/api/runs", json=NEW, headers={"X-Workspace-Id": other})
    both = ada.post(f"/api/runs?workspace_id={other}", json=NEW, headers={"X-Workspace-Id": LAB})
    said = [one.json()["workspace_id"] for one in (first, by_query, by_header, both)]
    assert said == [LAB, other, other, LAB]
