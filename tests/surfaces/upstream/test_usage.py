"""`/api/usage/*`: reserve, commit and revert, as a client sees them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.checked_client import LawfulClient
from tests.support.full_workspace import ROOMY, full, gauge
from tests.support.messages import golden

HELD = {
    "key": "job-1",
    "workspace_id": ROOMY,
    "meter": "runs",
    "amount": 2,
    "status": "held",
    "committed": None,
    "created_at": "2026-01-01T00:00:00Z",
    "expires_at": "2026-01-01T00:15:00Z",
}
RESERVE = {"meter": "runs", "amount": 2, "key": "job-1"}


def reserved(client: LawfulClient, **changes: Any) -> Any:
    answer = client.post("/api/usage/reserve", json={**RESERVE, **changes})
    assert answer.status_code == 201, answer.text
    return answer.json()


def runs_of(client: LawfulClient) -> Any:
    return client.get(f"/api/workspaces/{ROOMY}").json()["usage"]["runs"]


def test_room_is_held_and_counts_against_the_cap(tmp_path: Path) -> None:
    client = full(tmp_path).keyed(1)
    assert reserved(client) == HELD
    assert runs_of(client) == gauge(2, 3, reserved=2)
    answer = client.post("/api/usage/reserve", json={**RESERVE, "key": "job-2"})
    assert (answer.status_code, answer.json()["detail"]["details"]["used"]) == (402, 2)


def test_a_retry_of_each_call_gets_the_same_answer(tmp_path: Path) -> None:
    client = full(tmp_path).keyed(1)
    for path, body in (
        ("reserve", RESERVE),
        ("commit", {"key": "job-1", "amount": 1}),
        ("reserve", {**RESERVE, "key": "job-2"}),
        ("revert", {"key": "job-2"}),
    ):
        first, again = (client.post(f"/api/usage/{path}", json=body) for _ in range(2))
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert first.status_code in (200, 201)
        assert again.headers["x-emulator-state"] == first.headers["x-emulator-state"]


def test_what_is_committed_for_less_frees_the_rest(tmp_path: Path) -> None:
    client = full(tmp_path).keyed(1)
    reserved(client)
    answer = client.post("/api/usage/commit", json={"key": "job-1", "amount": 1})
    assert (answer.status_code, answer.json()) == (
        200,
        {**HELD, "status": "committed", "committed": 1},
    )
    assert runs_of(client) == gauge(1, 3)


def test_what_is_committed_without_an_amount_is_all_of_it(tmp_path: Path) -> None:
    client = full(tmp_path).keyed(1)
    reserved(client)
    answer = client.post("/api/usage/commit", json={"key": "job-1"})
    assert answer.json() == {**HELD, "status": "committed", "committed": 2}
    assert runs_of(client) == gauge(2, 3)


def test_what_is_reverted_is_free(tmp_path: Path) -> None:
    client = full(tmp_path).keyed(1)
    reserved(client)
    answer = client.post("/api/usage/revert", json={"key": "job-1"})
    assert (answer.status_code, answer.json()) == (200, {**HELD, "status": "reverted"})
    assert runs_of(client) == gauge(0, 3)


def test_what_is_held_too_long_is_free(tmp_path: Path) -> None:
    emulator = full(tmp_path)
    client = emulator.keyed(1)
    assert reserved(client, ttl_seconds=60)["expires_at"] == "2026-01-01T00:01:00Z"
    moved = emulator.client().post("/_emulator/clock/advance", json={"seconds": 60})
    assert moved.status_code == 200
    assert runs_of(client) == gauge(0, 3)
    answer = client.post("/api/usage/commit", json={"key": "job-1"})
    assert (answer.status_code, answer.json()) == (
        409,
        {
            "detail": {
                "code": "conflict",
                "message": golden("all", "conflict", "reservation-job-1-expired"),
            }
        },
    )


def test_a_key_for_something_else_is_a_conflict(tmp_path: Path) -> None:
    client = full(tmp_path).keyed(1)
    reserved(client)
    answer = client.post("/api/usage/reserve", json={**RESERVE, "amount": 1})
    assert (answer.status_code, answer.json()["detail"]["code"]) == (409, "conflict")


@pytest.mark.parametrize("path", ["commit", "revert"])
def test_a_key_of_another_workspace_is_not_found(path: str, tmp_path: Path) -> None:
    emulator = full(tmp_path)
    reserved(emulator.keyed(1))
    answer = emulator.keyed(0).post(f"/api/usage/{path}", json={"key": "job-1"})
    expected = {"code": "not_found", "message": golden("all", "not_found", "no-reservation")}
    assert (answer.status_code, answer.json()) == (404, {"detail": expected})


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("reserve", {**RESERVE, "meter": "projects"}, "meter"),
        ("reserve", {**RESERVE, "amount": 0}, "amount"),
        ("reserve", {**RESERVE, "ttl_seconds": 0}, "ttl_seconds"),
        ("reserve", {**RESERVE, "ttl_seconds": 86_401}, "ttl_seconds"),
        ("reserve", {**RESERVE, "key": ""}, "key"),
        ("reserve", {**RESERVE, "note": "x"}, "note"),
        ("commit", {"key": "job-1", "amount": -1}, "amount"),
        ("revert", {}, "key"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_by_its_path(
    path: str, body: dict[str, Any], where: str, tmp_path: Path
) -> None:
    answer = full(tmp_path).keyed(1).post(f"/api/usage/{path}", json=body)
    assert (answer.status_code, answer.json()["detail"]["details"]["path"]) == (422, where)


@pytest.mark.parametrize("path", ["reserve", "commit", "revert"])
def test_usage_needs_a_caller(path: str, tmp_path: Path) -> None:
    answer = full(tmp_path).client().post(f"/api/usage/{path}", json=RESERVE)
    assert (answer.status_code, answer.json()["detail"]["code"]) == (401, "invalid_credentials")
