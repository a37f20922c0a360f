"""`/api/e2e/cli-sync`: how a test suite seeds runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emulator.contract.catalog import BODY_LIMIT
from tests.support.checked_client import Emulator
from tests.support.fixture_seed import (
    A_UUID,
    ALPHA,
    AWAY,
    DONE,
    LAB,
    NOBODY,
    RUN_WAITING,
    browser,
    invalid,
    no_room,
    problem,
    unseen,
)
from tests.support.messages import golden

PATH = "/api/e2e/cli-sync"
RUN: dict[str, Any] = {
    **RUN_WAITING,
    "id": A_UUID,
    "task": "eval",
    "status": "succeeded",
    "name": "a",
    "client_run_id": "a",
}


def counted(created: int = 0, updated: int = 0, unchanged: int = 0) -> dict[str, int]:
    """Return what an answer counts."""
    return {"created": created, "updated": updated, "unchanged": unchanged}


def test_one_run_is_created_and_the_same_again_changes_nothing(scene: Emulator) -> None:
    anyone = scene.client()
    first = anyone.post(PATH, json={"client_run_id": "a"})
    assert (first.status_code, first.json()) == (201, {"items": [RUN], **counted(created=1)})
    again = anyone.post(PATH, json={"client_run_id": "a"})
    expected = {"items": first.json()["items"], **counted(unchanged=1)}
    assert (again.status_code, again.json()) == (200, expected)
    assert again.headers["x-emulator-state"] == first.headers["x-emulator-state"]


def test_a_batch_answers_every_run_in_the_order_it_came(scene: Emulator) -> None:
    anyone = scene.client()
    anyone.post(PATH, json={"runs": [{"client_run_id": "b", "status": "queued"}]})
    batch = [
        {"client_run_id": "c"},
        {"client_run_id": "b", "status": "running"},
        {"client_run_id": "a"},
        {"client_run_id": "waiting", "task": "generate", "status": "queued"},
    ]
    answer = anyone.post(PATH, json={"workspace": "lab", "runs": batch})
    assert answer.status_code == 201
    said = answer.json()
    assert [run["client_run_id"] for run in said.pop("items")] == ["c", "b", "a", "waiting"]
    assert said == counted(created=2, updated=1, unchanged=1)


def test_a_run_is_said_as_a_seed_says_it(scene: Emulator) -> None:
    said = {
        "client_run_id": "a",
        "id": NOBODY,
        "name": "n",
        "project": "alpha",
        "adapter_id": "smolvla",
        "task": "rollout",
        "environment": "e",
        "runtime": "replicate",
        "status": "failed",
        "metrics": {"loss": 1},
        "artifacts": [],
        "cost_estimate_usd": 2,
        "extra": {"x": 1},
        "started_at": "-P1D",
        "finished_at": "-PT12H",
    }
    [run] = scene.client().post(PATH, json=said).json()["items"]
    taken = ("project", "started_at", "finished_at")
    assert run == {
        **RUN,
        **{name: said[name] for name in said if name not in taken},
        "project_id": ALPHA,
        "created_at": "2025-12-31T00:00:00Z",
        "started_at": "2025-12-31T00:00:00Z",
        "finished_at": "2025-12-31T12:00:00Z",
        "duration_seconds": 43200.0,
    }
    assert browser(scene, "ada").get("/api/cloud/runs?status=failed").json()["items"] == [run]


def test_a_project_may_be_named_by_its_id(scene: Emulator) -> None:
    said = {"client_run_id": "a", "project": ALPHA}
    [run] = scene.client().post(PATH, json=said).json()["items"]
    assert run["project_id"] == ALPHA


@pytest.mark.parametrize(
    ("workspace", "expected"), [(None, LAB), ("lab", LAB), (LAB, LAB), ("away", AWAY)]
)
def test_the_workspace_is_named_by_slug_or_id_and_else_the_seeds_first(
    scene: Emulator, workspace: str | None, expected: str
) -> None:
    runs = [] if expected == AWAY else [{"client_run_id": "a"}]
    body = {"runs": runs} if workspace is None else {"workspace": workspace, "runs": runs}
    answer = scene.client().post(PATH, json=body)
    assert answer.status_code == (201 if runs else 200)
    assert {run["workspace_id"] for run in answer.json()["items"]} <= {expected}


def test_a_workspace_that_does_not_exist_is_not_found(scene: Emulator, tmp_path: Path) -> None:
    answer = scene.client().post(PATH, json={"workspace": "none", "runs": []})
    assert (answer.status_code, answer.json()) == (404, {"error": unseen("workspace", "none")})
    answer = Emulator.of("", tmp_path).client().post(PATH, json={"client_run_id": "a"})
    expected = {"error": unseen("workspace", "(the seed's first)")}
    assert (answer.status_code, answer.json()) == (404, expected)


GOOD = {"client_run_id": "good"}
NEEDED = golden("all", "validation_error", "idempotency-id-missing")


@pytest.mark.parametrize(
    ("bad", "path", "message", "is_bare"),
    [
        ({}, "client_run_id", NEEDED, False),
        ({"client_run_id": ""}, "client_run_id", "String should have at least 1 character", False),
        ({**GOOD, "task": "train"}, "task", None, False),
        ({**GOOD, "unknown": 1}, "unknown", "Extra inputs are not permitted", False),
        ({**GOOD, "id": "x"}, "id", golden("seed", "schema", "no-uuid"), False),
        ({**GOOD, "metrics": {"a": "b"}}, "metrics.a", "Input should be a finite number", False),
        (
            {**GOOD, "started_at": "-P101Y"},
            "started_at",
            golden("all", "validation_error", "duration-too-long"),
            False,
        ),
        (
            {**GOOD, "project": "none"},
            "project",
            golden("all", "not_found", "no-project-of-that-name"),
            True,
        ),
        (
            {**GOOD, "status": "queued", "started_at": "P1D"},
            "started_at",
            golden("all", "validation_error", "queued-run-started"),
            True,
        ),
    ],
)
def test_one_bad_run_refuses_the_batch_and_says_where(
    scene: Emulator, bad: dict[str, Any], path: str, message: str | None, is_bare: bool
) -> None:
    anyone = scene.client()
    for body, place in (
        ({"runs": [{"client_run_id": "x"}, bad]}, f"runs.1.{path}"),
        (bad, path),
    ):
        answer = anyone.post(PATH, json=body)
        why = message or answer.json()["error"]["details"]["errors"][0]["message"]
        whole = why if is_bare else None
        expected = {"error": invalid((place, why), message=whole)}
        assert (answer.status_code, answer.json()) == (422, expected)
    assert anyone.post(PATH, json={"client_run_id": "x"}).status_code == 201


def test_the_same_run_or_id_twice_in_a_batch_is_refused(scene: Emulator) -> None:
    anyone = scene.client()
    twice = {"runs": [GOOD, {"client_run_id": "x"}, {**GOOD, "log": ["other"]}]}
    answer = anyone.post(PATH, json=twice)
    message = golden("all", "validation_error", "run-twice-in-upload")
    expected = {"error": invalid(("runs.2.client_run_id", message), message=message)}
    assert (answer.status_code, answer.json()) == (422, expected)
    pinned = {"runs": [{**GOOD, "id": NOBODY}, {"client_run_id": "x", "id": NOBODY}]}
    answer = anyone.post(PATH, json=pinned)
    message = golden("all", "validation_error", "id-twice-in-upload", run=NOBODY)
    expected = {"error": invalid(("runs.1.id", message), message=message)}
    assert (answer.status_code, answer.json()) == (422, expected)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (
            {"client_run_id": "done", "name": "other"},
            golden("all", "conflict", "run-done-has-other-content"),
        ),
        (
            {"client_run_id": "going", "status": "queued"},
            golden("all", "conflict", "run-going-goes-backwards"),
        ),
        (
            {"client_run_id": "new", "id": DONE},
            golden("all", "conflict", "run-id-is-taken", run=DONE),
        ),
    ],
)
def test_a_run_that_contradicts_the_world_refuses_the_batch(
    scene: Emulator, bad: dict[str, str], message: str
) -> None:
    answer = scene.client().post(PATH, json={"runs": [GOOD, bad]})
    assert (answer.status_code, answer.json()) == (409, {"error": problem("conflict", message)})


def test_a_batch_that_passes_the_cap_is_refused_whole(scene: Emulator) -> None:
    batch = {"workspace": "away", "runs": [GOOD, {"client_run_id": "x"}]}
    answer = scene.client().post(PATH, json=batch)
    assert (answer.status_code, answer.json()) == (402, {"error": no_room()})


def test_five_thousand_runs_come_in_one_call_and_ten_thousand_are_the_most(
    scene: Emulator,
) -> None:
    anyone = scene.client()
    batch = [{"client_run_id": f"r{place}"} for place in range(5000)]
    said = anyone.post(PATH, json={"runs": batch}).json()
    assert [run["client_run_id"] for run in said.pop("items")] == [
        run["client_run_id"] for run in batch
    ]
    assert said == counted(created=5000)
    answer = anyone.post(PATH, json={"runs": [GOOD] * 10_001})
    expected = {"error": invalid(("runs", golden("all", "validation_error", "too-many-runs")))}
    assert (answer.status_code, answer.json()) == (422, expected)


def test_a_body_of_more_than_ten_mib_is_taken_here(scene: Emulator) -> None:
    big = {"client_run_id": "big", "log": ["x" * (BODY_LIMIT + 1)]}
    assert scene.client().post(PATH, json=big).status_code == 201


@pytest.mark.parametrize("body", [[], "x", 1, None, [{"client_run_id": "a"}]])
def test_a_body_must_be_an_object(scene: Emulator, body: object) -> None:
    headers = {"Content-Type": "application/json"}
    answer = scene.client().post(PATH, content=json.dumps(body), headers=headers)
    expected = {"error": invalid(("", golden("all", "validation_error", "body-is-no-object")))}
    assert (answer.status_code, answer.json()) == (422, expected)


def test_a_batch_takes_no_unknown_member(scene: Emulator) -> None:
    answer = scene.client().post(PATH, json={"runs": [], "dry_run": True})
    expected = {"error": invalid(("dry_run", "Extra inputs are not permitted"))}
    assert (answer.status_code, answer.json()) == (422, expected)


def test_the_runs_of_a_seed_are_unchanged_when_they_come_again(scene: Emulator) -> None:
    again = {"client_run_id": "going", "project": "alpha", "task": "rollout", "status": "running"}
    answer = scene.client().post(PATH, json={**again, "started_at": "-PT1H", "id": NOBODY})
    said = answer.json()
    assert (said["unchanged"], said["items"][0]["created_at"]) == (1, "2025-12-31T23:00:00Z")
