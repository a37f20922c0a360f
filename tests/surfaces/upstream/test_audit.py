"""The audit log: who did what, from where, and who may read it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from emulator.world.core.access import Actor
from emulator.world.core.audit import record_audit
from emulator.world.records.identity import User
from emulator.world.records.system import AuditEntry
from tests.support.checked_client import Emulator, LawfulClient
from tests.support.fixture_seed import A_UUID
from tests.support.gotrue import ADA, BO, EPOCH, NOBODY, advance, bearing, log_in, visitor

CY = "a0000000-0000-4000-8000-000000000003"
LAB = "b0000000-0000-4000-8000-000000000001"
OTHER = "b0000000-0000-4000-8000-000000000002"
SECRET = "wbx_audit_0000000000_ada"
SEED = f"""
entropy: audit
users:
  - {{id: {ADA}, email: ada@lab.test, password: ada-password}}
  - {{id: {BO}, email: bo@lab.test, password: bo-password}}
  - {{id: {CY}, email: cy@lab.test, password: cy-password}}
workspaces:
  - id: {LAB}
    slug: lab
    name: The Lab
    members:
      - {{user: ada@lab.test, role: owner}}
      - {{user: bo@lab.test, role: admin}}
      - {{user: cy@lab.test, role: member}}
    api_keys: [{{name: CI, user: ada@lab.test, secret: {SECRET}}}]
  - {{id: {OTHER}, slug: other, name: Other, members: [{{user: ada@lab.test, role: owner}}]}}
"""
ADDRESS = "127.0.0.1"
IP_HASH = sha256(ADDRESS.encode()).hexdigest()[:16]


def lab(tmp_path: Path) -> Emulator:
    """Return an emulator with Ada, who owns the lab, Bo, its admin, and Cy, a member."""
    return Emulator.of(SEED, tmp_path)


def entry(action: str, kind: str, target: object = A_UUID, **members: Any) -> dict[str, Any]:
    """Return an entry about Ada's own account as the log shows it."""
    return {
        "id": A_UUID,
        "workspace_id": None,
        "user_id": ADA,
        "api_key_id": None,
        "action": action,
        "target": {"kind": kind, "id": target},
        "ip_hash": IP_HASH,
        "user_agent": "Firefox/1",
        "created_at": EPOCH,
        **members,
    }


def browsing(client: LawfulClient) -> LawfulClient:
    """Return a client that names its browser."""
    client.headers["User-Agent"] = "Firefox/1"
    return client


def log(client: LawfulClient, query: str = "") -> list[dict[str, Any]]:
    """Return the first page of the log."""
    answer = client.get(f"/api/audit/logs{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


@pytest.mark.parametrize(
    ("path", "action", "kind", "target"),
    [
        ("GET /api/me/export", "export.requested", "Export", A_UUID),
        ("POST /api/me/delete", "deletion.scheduled", "User", ADA),
        ("POST /api/me/restrict", "processing.restricted", "User", ADA),
        ("POST /api/me/object", "processing.objected", "User", ADA),
    ],
)
def test_what_a_user_asks_of_its_data_is_noted_once(
    tmp_path: Path, path: str, action: str, kind: str, target: object
) -> None:
    client = browsing(lab(tmp_path).tokened())
    before = log(client)
    for _ in range(2):
        client.request(*path.split(" "))
    assert log(client) == [entry(action, kind, target), *before]


@pytest.mark.parametrize(
    ("first", "back", "body", "action"),
    [
        ("delete", "delete/cancel", None, "deletion.cancelled"),
        ("restrict", "restrict", {"restricted": False}, "processing.resumed"),
        ("object", "object", {"objected": False}, "objection.withdrawn"),
    ],
)
def test_what_a_user_takes_back_is_noted(
    tmp_path: Path, first: str, back: str, body: object, action: str
) -> None:
    client = browsing(lab(tmp_path).tokened())
    client.post(f"/api/me/{first}")
    client.post(f"/api/me/{back}", json=body)
    assert log(client)[0] == entry(action, "User", ADA)


def test_a_changed_profile_is_noted_and_an_unchanged_one_is_not(tmp_path: Path) -> None:
    client = browsing(lab(tmp_path).tokened())
    for _ in range(2):
        client.patch("/api/me", json={"name": "Other", "analytics_opt_in": True})
    first, second, *_ = log(client)
    assert first == entry("profile.updated", "User", ADA)
    assert second["action"] == "session.created"


def test_sign_ins_and_their_ends_are_noted(tmp_path: Path) -> None:
    emulator = lab(tmp_path)
    anyone = browsing(visitor(emulator))
    said = {"email": "ada@lab.test", "password": "ada-password"}
    token = anyone.post("/auth/v1/token?grant_type=password", json=said).json()["access_token"]
    browsing(bearing(emulator, token)).post("/auth/v1/logout?scope=local")
    ended, created = log(emulator.tokened())[1:3]
    assert ended == entry("session.ended", "Session")
    assert created == entry("session.created", "Session", ended["target"]["id"])


def test_a_session_that_ends_by_itself_comes_from_nowhere(tmp_path: Path) -> None:
    emulator = lab(tmp_path)
    session = log_in(emulator)
    emulator.client().post("/_emulator/sessions/expire")
    assert session["user"]["id"] == ADA
    ended = log(emulator.tokened())[1]
    assert ended == entry("session.ended", "Session", ip_hash=None, user_agent=None)


def test_what_is_refused_is_not_noted(tmp_path: Path) -> None:
    emulator = lab(tmp_path)
    client = emulator.tokened()
    before = log(client)
    assert client.post("/api/me/delete/cancel").status_code == 409
    wrong = {"email": "ada@lab.test", "password": "wrong-password"}
    assert (
        visitor(emulator).post("/auth/v1/token?grant_type=password", json=wrong).status_code == 400
    )
    assert log(client) == before


def test_the_dashboard_passes_on_who_asks_and_from_where(tmp_path: Path) -> None:
    emulator = lab(tmp_path)
    dashboard = browsing(emulator.signed_in())
    dashboard.post("/api/cloud/me", json={"action": "restrict"})
    assert log(emulator.tokened())[1] == entry("processing.restricted", "User", ADA)


def test_an_address_is_never_kept(tmp_path: Path) -> None:
    emulator = lab(tmp_path)
    said = {"email": "ada@lab.test", "password": "ada-password"}
    anyone = browsing(visitor(emulator))
    session = anyone.post("/auth/v1/token?grant_type=password", json=said).json()
    client = browsing(bearing(emulator, session["access_token"]))
    client.post("/api/me/object")
    kept = [repr(one) for one in emulator.world.all(AuditEntry, "user", (ADA, True))]
    assert len(kept) == 2
    assert [one for one in kept if ADDRESS in one or IP_HASH not in one] == []


def test_what_a_key_did_names_the_key_and_its_issuer(tmp_path: Path) -> None:
    emulator = lab(tmp_path)
    keyed = browsing(emulator.keyed())
    run = {"client_run_id": "x", "adapter_id": "openpi", "task": "eval"}
    made = keyed.post("/api/sync/runs", json=run).json()
    entries = log(emulator.tokened(), f"?workspace_id={LAB}")
    [first] = [one for one in entries if one["action"] == "run.synced.created"]
    assert first == entry(
        "run.synced.created", "Run", made["id"], workspace_id=LAB, api_key_id=first["api_key_id"]
    )
    assert first["api_key_id"] == A_UUID
    assert SECRET not in str(log(emulator.tokened()))


def test_each_sees_the_own_account_and_admins_the_workspace(tmp_path: Path) -> None:
    emulator = lab(tmp_path)
    clients = [emulator.tokened(place) for place in range(3)]
    clients[2].post("/api/projects", json={"name": "Cy's"})
    clients[2].post("/api/me/object")
    seen = [
        [(one["user_id"], one["action"]) for one in log(client, f"?workspace_id={LAB}")]
        for client in clients
    ]
    shared = [(CY, "project.created"), (ADA, "api_key.issued"), (ADA, "workspace.created")]
    assert seen == [
        [shared[0], (ADA, "session.created"), *shared[1:]],
        [shared[0], (BO, "session.created"), *shared[1:]],
        [(CY, "processing.objected"), (CY, "session.created")],
    ]


def test_a_workspace_shows_its_own_log_only(tmp_path: Path) -> None:
    emulator = lab(tmp_path)
    client = emulator.tokened()
    client.post("/api/projects", json={"name": "There"}, headers={"X-Workspace-Id": OTHER})
    here = {one["workspace_id"] for one in log(client, f"?workspace_id={LAB}")}
    there = {one["workspace_id"] for one in log(client, f"?workspace_id={OTHER}")}
    assert (here, there) == ({None, LAB}, {None, OTHER})
    unseen = emulator.tokened(1).get(f"/api/audit/logs?workspace_id={OTHER}")
    assert (unseen.status_code, unseen.json()["detail"]["code"]) == (404, "not_found")
    assert client.get(f"/api/audit/logs?workspace_id={NOBODY}").status_code == 404
    assert emulator.client().get("/api/audit/logs").status_code == 401


def test_the_log_is_read_by_pages_newest_first(tmp_path: Path) -> None:
    emulator = lab(tmp_path)
    client = emulator.tokened()
    for place in range(3):
        advance(emulator, 1)
        client.post("/api/projects", json={"name": f"P{place}"})
        client.patch("/api/me", json={"name": f"N{place}"})
    whole = log(client)
    moments = [one["created_at"] for one in whole]
    assert moments == sorted(moments, reverse=True)
    read: list[dict[str, Any]] = []
    query = "?limit=4"
    for _ in range(3):
        page = client.get(f"/api/audit/logs{query}").json()
        read += page["items"]
        query = f"?limit=4&cursor={page['next_cursor']}"
    assert (read, page["next_cursor"]) == (whole, None)
    assert len(whole) == 9


def test_entries_of_one_moment_keep_their_order(tmp_path: Path) -> None:
    emulator = lab(tmp_path)
    world = emulator.world
    ada = world.expect(User, ADA)
    for place in range(5):
        workspace_id = LAB if place % 2 else None
        record_audit(world, Actor(user_id=ADA), f"step.{place}", ada, workspace_id=workspace_id)
    actions = [one["action"] for one in log(emulator.keyed(), f"?workspace_id={LAB}")]
    assert actions[:5] == ["step.4", "step.3", "step.2", "step.1", "step.0"]
