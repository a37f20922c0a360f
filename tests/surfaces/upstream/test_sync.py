"""The CLI's upload of a run."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.world.records.runs import Run
from tests.support.checked_client import Emulator
from tests.support.fixture_seed import (
    A_UUID,
    ADA,
    ALPHA,
    AWAY,
    EPOCH,
    RUN_WAITING,
    SECRET,
    invalid,
    problem,
    unseen,
    with_secret,
)
from tests.support.messages import golden

RUN: dict[str, Any] = {"client_run_id": "cli-1", "adapter_id": "openpi", "task": "eval"}
PATH = "/api/sync/runs"


def test_the_first_upload_is_201_and_the_same_again_200_with_the_same_run(
    scene: Emulator,
) -> None:
    key = with_secret(scene, SECRET)
    first = key.post(PATH, json=RUN)
    expected = {
        **RUN_WAITING,
        "id": A_UUID,
        "name": "cli-1",
        "task": "eval",
        "client_run_id": "cli-1",
    }
    assert (first.status_code, first.json()) == (201, expected)
    again = key.post(PATH, json=RUN)
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["x-emulator-state"] == first.headers["x-emulator-state"]
    listed = key.get("/api/runs").json()["items"]
    assert [one for one in listed if one["client_run_id"] == "cli-1"] == [first.json()]


def test_a_run_that_goes_on_is_updated_until_it_ends(scene: Emulator) -> None:
    key = with_secret(scene, SECRET)
    queued = key.post(PATH, json={**RUN, "name": "n"}).json()
    started = {**RUN, "name": "n", "status": "running", "started_at": "2025-12-31T23:59:00Z"}
    running = key.post(PATH, json=started)
    expected = {**queued, "status": "running", "started_at": "2025-12-31T23:59:00Z"}
    assert (running.status_code, running.json()) == (200, expected)
    ended = {**started, "status": "succeeded", "finished_at": EPOCH, "metrics": {"loss": 0.1}}
    done = key.post(PATH, json=ended)
    expected = {
        **expected,
        "status": "succeeded",
        "finished_at": EPOCH,
        "metrics": {"loss": 0.1},
        "duration_seconds": 60.0,
    }
    assert (done.status_code, done.json()) == (200, expected)
    again = key.post(PATH, json=ended)
    assert (again.status_code, again.json()) == (200, expected)
    other = key.post(PATH, json={**ended, "metrics": {"loss": 0.2}})
    message = golden("all", "conflict", "run-cli-1-has-other-content")
    assert (other.status_code, other.json()) == (409, {"detail": problem("conflict", message)})


def test_a_run_never_goes_backwards(scene: Emulator) -> None:
    key = with_secret(scene, SECRET)
    key.post(PATH, json={**RUN, "status": "running"})
    answer = key.post(PATH, json=RUN)
    message = golden("all", "conflict", "run-cli-1-goes-backwards")
    assert (answer.status_code, answer.json()) == (409, {"detail": problem("conflict", message)})


def test_members_that_are_not_known_are_shown_under_extra(scene: Emulator) -> None:
    said = {**RUN, "git": {"commit": "abc", "dirty": False}, "seed": 7}
    run = with_secret(scene, SECRET).post(PATH, json=said).json()
    assert run["extra"] == {"git": {"commit": "abc", "dirty": False}, "seed": 7}


def test_the_spelling_of_a_body_makes_no_other_content(scene: Emulator) -> None:
    key = with_secret(scene, SECRET)
    key.post(PATH, json={**RUN, "metrics": {"a": 1, "b": 2}, "started_at": None})
    turned = {"metrics": {"b": 2, "a": 1}, "name": "cli-1", "runtime": "local", **RUN}
    assert key.post(PATH, json=turned).status_code == 200
    assert key.post(PATH, json={**turned, "status": "queued", "log": []}).status_code == 200


def test_the_issuer_of_a_key_is_who_uploaded(scene: Emulator) -> None:
    run = with_secret(scene, SECRET).post(PATH, json=RUN).json()
    assert scene.world.expect(Run, run["id"]).created_by == ADA


@pytest.mark.parametrize("missing", ["client_run_id", "adapter_id", "task"])
def test_what_the_cli_must_say(scene: Emulator, missing: str) -> None:
    said = {name: value for name, value in RUN.items() if name != missing}
    answer = with_secret(scene, SECRET).post(PATH, json=said)
    expected = {"detail": invalid((missing, "Field required"))}
    assert (answer.status_code, answer.json()) == (422, expected)


def test_a_foreign_workspace_is_not_found(scene: Emulator) -> None:
    answer = with_secret(scene, SECRET).post(PATH, json=RUN, headers={"X-Workspace-Id": AWAY})
    assert (answer.status_code, answer.json()) == (404, {"detail": unseen("workspace", AWAY)})


def test_a_project_is_named_by_its_id(scene: Emulator) -> None:
    key = with_secret(scene, SECRET)
    assert key.post(PATH, json={**RUN, "project_id": ALPHA}).json()["project_id"] == ALPHA
    answer = key.post(PATH, json={**RUN, "client_run_id": "x", "project_id": "alpha"})
    message = golden("all", "not_found", "no-project-by-its-slug")
    expected = {"detail": invalid(("project_id", message), message=message)}
    assert (answer.status_code, answer.json()) == (422, expected)


def test_a_synced_run_that_was_deleted_may_come_again(scene: Emulator) -> None:
    key = with_secret(scene, SECRET)
    first = key.post(PATH, json=RUN).json()
    key.delete(f"/api/runs/{first['id']}")
    again = key.post(PATH, json=RUN)
    assert (again.status_code, again.json()) == (201, first)
