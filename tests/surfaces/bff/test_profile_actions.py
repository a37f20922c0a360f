"""The DSAR actions of the dashboard's profile panel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.fixture_seed import A_UUID
from tests.support.gotrue import ADA, EPOCH, advance, mails, project
from tests.support.messages import golden

PROFILE: dict[str, Any] = {
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
DUE = "2026-01-31T00:00:00Z"


@pytest.mark.parametrize(
    ("said", "changed"),
    [
        ({"action": "delete"}, {"deletion_due_at": DUE}),
        ({"action": "restrict"}, {"restricted_at": EPOCH}),
        ({"action": "restrict", "restricted": True}, {"restricted_at": EPOCH}),
        ({"action": "restrict", "restricted": False}, {}),
        ({"action": "object"}, {"objected_at": EPOCH}),
        ({"action": "object", "objected": False}, {}),
    ],
)
def test_an_action_is_answered_with_the_profile(
    tmp_path: Path, said: dict[str, Any], changed: dict[str, str]
) -> None:
    client = project(tmp_path).signed_in()
    answer = client.post("/api/cloud/me", json=said)
    expected = {**PROFILE, **changed}
    assert (answer.status_code, answer.json()) == (200, expected)
    assert client.get("/api/cloud/me").json() == expected


def test_a_deletion_is_cancelled(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    client = emulator.signed_in()
    client.post("/api/cloud/me", json={"action": "delete"})
    answer = client.post("/api/cloud/me", json={"action": "cancel_delete"})
    assert (answer.status_code, answer.json()) == (200, PROFILE)
    assert advance(emulator, 31 * 86_400) == []
    again = client.post("/api/cloud/me", json={"action": "cancel_delete"})
    message = golden("all", "conflict", "no-deletion-scheduled")
    expected = {"error": {"code": "conflict", "message": message}}
    assert (again.status_code, again.json()) == (409, expected)


def test_a_deletion_that_fell_due_signs_out(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    client = emulator.signed_in()
    client.post("/api/cloud/me", json={"action": "delete"})
    assert client.get("/api/auth/session").status_code == 200
    advance(emulator, 30 * 86_400)
    for path in ("/api/auth/session", "/api/cloud/me"):
        answer = client.get(path)
        expected = {
            "error": {
                "code": "login_required",
                "message": golden("all", "login_required", "no-session"),
            }
        }
        assert (answer.status_code, answer.json()) == (401, expected)


def test_an_export_is_asked_for_and_fetched(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    client = emulator.signed_in()
    answer = client.post("/api/cloud/me", json={"action": "export"})
    pending = {
        "id": A_UUID,
        "status": "pending",
        "requested_at": EPOCH,
        "ready_at": None,
        "expires_at": None,
        "url": None,
    }
    assert (answer.status_code, answer.json()) == (200, pending)
    advance(emulator, 60)
    ready = client.post("/api/cloud/me", json={"action": "export"}).json()
    assert ready == {
        **answer.json(),
        "status": "ready",
        "ready_at": "2026-01-01T00:01:00Z",
        "expires_at": "2026-01-08T00:01:00Z",
        "url": mails(emulator)[0]["link"],
    }
    assert emulator.client().get(ready["url"]).json()["profile"]["email"] == "ada@lab.test"
    advance(emulator, 7 * 86_400)
    assert emulator.client().get(ready["url"]).status_code == 404


def test_a_restricted_account_reads_and_does_not_write(tmp_path: Path) -> None:
    client = project(tmp_path).signed_in()
    client.post("/api/cloud/me", json={"action": "restrict"})
    message = golden("all", "forbidden", "restricted-account")
    writes: list[tuple[str, str, dict[str, Any]]] = [
        ("PATCH", "/api/cloud/me", {"name": "New"}),
        ("POST", "/api/cloud/workspaces", {"name": "New"}),
        ("POST", "/api/cloud/projects", {"name": "New"}),
        ("POST", "/api/cloud/api-keys", {"name": "New"}),
        ("POST", "/api/cloud/runs", {"name": "x", "adapter_id": "openpi", "task": "eval"}),
        ("POST", "/api/cloud/sample-run", {}),
    ]
    for method, path, body in writes:
        answer = client.request(method, path, json=body)
        expected = {"error": {"code": "forbidden", "message": message}}
        assert (path, answer.status_code, answer.json()) == (path, 403, expected)
    for path in ("me", "workspaces", "projects", "runs"):
        assert client.get(f"/api/cloud/{path}").status_code == 200


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({}, "action"),
        ({"action": "forget"}, "action"),
        ({"action": 7}, "action"),
        ({"action": "delete", "days": 1}, "days"),
        ({"action": "export", "format": "zip"}, "format"),
        ({"action": "restrict", "days": 1}, "days"),
        ({"action": "restrict", "restricted": "perhaps"}, "restricted"),
    ],
)
def test_an_action_that_is_off_changes_nothing(
    tmp_path: Path, said: dict[str, Any], path: str
) -> None:
    client = project(tmp_path).signed_in()
    answer = client.post("/api/cloud/me", json=said)
    body = answer.json()["error"]
    assert (answer.status_code, body["code"], body["details"]["path"]) == (
        422,
        "validation_error",
        path,
    )
    assert client.get("/api/cloud/me").json() == PROFILE
