"""Caps bind every way in, and each answers alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from emulator.world.core.refusals import QuotaExceeded
from emulator.world.identity import accounts
from emulator.world.records.workspaces import Workspace
from emulator.world.workspaces import workspaces
from tests.support.full_workspace import FULL, ROOMY, full, gauge, refusal
from tests.support.messages import golden

RUN = {"name": "n", "adapter_id": "openpi", "task": "eval"}
SYNC = {"client_run_id": "three", "adapter_id": "openpi", "task": "eval"}
LARGE = [{"name": "b.bin", "size_bytes": 1}]

RUNS = refusal("runs", 2, 2)
STORAGE = refusal("storage_bytes", 100, 100)
PROJECTS = refusal("projects", 1, 1)
KEYS = refusal("api_keys", 1, 1)
SHARES = refusal("shares", 1, 1)

SHARED = "f0000000-0000-4000-8000-000000000001"

UPSTREAM: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("/api/runs", RUN, RUNS),
    ("/api/sync/runs", SYNC, RUNS),
    (
        "/api/sync/runs",
        {
            "client_run_id": "two",
            "adapter_id": "openpi",
            "task": "eval",
            "status": "running",
            "artifacts": [{"name": "a.bin", "size_bytes": 101}],
        },
        STORAGE,
    ),
    ("/api/projects", {"name": "Beta"}, PROJECTS),
    ("/api/api-keys", {"name": "More"}, KEYS),
    ("/api/shares", {"run_id": SHARED}, SHARES),
    ("/api/usage/reserve", {"meter": "runs", "amount": 1, "key": "k"}, RUNS),
    ("/api/usage/reserve", {"meter": "storage_bytes", "amount": 1, "key": "k"}, STORAGE),
]

DASHBOARD: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("/api/cloud/runs", RUN, RUNS),
    ("/api/cloud/sample-run", {}, RUNS),
    ("/api/cloud/projects", {"name": "Beta"}, PROJECTS),
    ("/api/cloud/api-keys", {"name": "More"}, KEYS),
    ("/api/cloud/shares", {"action": "create", "run_id": SHARED}, SHARES),
    ("/api/e2e/cli-sync", SYNC, RUNS),
    ("/api/e2e/cli-sync", {"runs": [SYNC], "ignore_caps": False}, RUNS),
]


def named(case: Any) -> str | None:
    return case if isinstance(case, str) else None


@pytest.mark.parametrize(("path", "body", "expected"), UPSTREAM, ids=named)
def test_the_upstream_refuses_above_a_cap(
    path: str, body: dict[str, Any], expected: dict[str, Any], tmp_path: Path
) -> None:
    answer = full(tmp_path).keyed().post(path, json=body)
    assert (answer.status_code, answer.json()) == (402, {"detail": expected})


@pytest.mark.parametrize(("path", "body", "expected"), DASHBOARD, ids=named)
def test_the_bff_refuses_above_a_cap(
    path: str, body: dict[str, Any], expected: dict[str, Any], tmp_path: Path
) -> None:
    client = full(tmp_path).signed_in()
    answer = client.post(path, json=body, headers={"X-Workspace-Id": FULL})
    assert (answer.status_code, answer.json()) == (402, {"error": expected})


@pytest.mark.parametrize("path", ["/api/runs", "/api/sync/runs"])
def test_artifacts_that_do_not_fit_are_refused(path: str, tmp_path: Path) -> None:
    client = full(tmp_path).keyed(1)
    said = {
        "artifacts": [{"name": "big.bin", "size_bytes": 101}],
        "adapter_id": "a",
        "task": "eval",
    }
    name = {"name": "big"} if path == "/api/runs" else {"client_run_id": "big"}
    answer = client.post(path, json={**said, **name})
    detail = answer.json()["detail"]
    assert detail["message"] == (golden("all", "quota_exceeded", "storage-does-not-fit"))
    assert (answer.status_code, detail["details"]) == (
        402,
        {
            "meter": "storage_bytes",
            "used": 0,
            "limit": 100,
            "limit_source": "plan",
            "plan": "roomy",
            "resets_at": None,
            "upgrade_url": "https://app.test/billing",
        },
    )


def test_a_member_who_does_not_fit_does_not_join(tmp_path: Path) -> None:
    world = full(tmp_path).world
    user = accounts.create_user(world, email="bo@lab.test", password=None, name="Bo", metadata="{}")
    with pytest.raises(QuotaExceeded) as refused:
        workspaces.join(world, world.expect(Workspace, FULL), user_id=user.id, role="member")
    assert (refused.value.meter, refused.value.used, refused.value.limit) == ("members", 1, 1)


def test_cli_sync_may_seed_past_a_cap_and_the_next_is_refused(tmp_path: Path) -> None:
    emulator = full(tmp_path)
    client = emulator.client()
    runs = [{"client_run_id": "three", "artifacts": LARGE}, {"client_run_id": "four"}]
    answer = client.post(
        "/api/e2e/cli-sync", json={"workspace": "full", "runs": runs, "ignore_caps": True}
    )
    assert (answer.status_code, answer.json()["created"]) == (201, 2)
    shown = emulator.keyed().get(f"/api/workspaces/{FULL}").json()["usage"]
    assert (shown["runs"], shown["storage_bytes"]) == (gauge(4, 2), gauge(101, 100))
    answer = client.post("/api/e2e/cli-sync", json={"client_run_id": "five"})
    assert answer.json() == {"error": refusal("runs", 4, 2)}


def test_runs_fit_again_when_the_period_ends(tmp_path: Path) -> None:
    emulator = full(tmp_path)
    client = emulator.keyed()
    emulator.client().post("/_emulator/clock/set", json={"now": "2026-01-31T23:59:59Z"})
    assert client.post("/api/runs", json=RUN).json() == {"detail": RUNS}
    emulator.client().post("/_emulator/clock/set", json={"now": "2026-02-01T00:00:00Z"})
    assert client.post("/api/runs", json=RUN).status_code == 201


def test_a_deleted_run_makes_room_for_bytes_and_not_for_runs(tmp_path: Path) -> None:
    client = full(tmp_path).keyed()
    newest = client.get("/api/runs").json()["items"]
    (large,) = [run["id"] for run in newest if run["artifacts"]]
    assert client.delete(f"/api/runs/{large}").status_code == 204
    usage = client.get(f"/api/workspaces/{FULL}").json()["usage"]
    assert (usage["runs"], usage["storage_bytes"]) == (gauge(2, 2), gauge(0, 100))
    assert client.post("/api/runs", json=RUN).json() == {"detail": RUNS}


def test_a_workspace_shows_plan_status_period_and_every_meter(tmp_path: Path) -> None:
    emulator = full(tmp_path)
    expected = {
        "id": FULL,
        "name": "Full",
        "slug": "full",
        "role": "owner",
        "plan": "small",
        "subscription_status": None,
        "period": {"start": "2026-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z"},
        "usage": {
            "runs": gauge(2, 2),
            "storage_bytes": gauge(100, 100),
            "projects": gauge(1, 1),
            "members": gauge(1, 1),
            "api_keys": gauge(1, 1),
            "shares": gauge(1, 1),
        },
        "created_at": "2026-01-01T00:00:00Z",
    }
    assert emulator.keyed().get(f"/api/workspaces/{FULL}").json() == expected
    listed = emulator.signed_in().get("/api/cloud/workspaces").json()["items"]
    assert [one["id"] for one in listed] == [ROOMY, FULL]
    assert listed[1] == expected
    assert listed[0]["usage"]["members"] == gauge(1, None)
