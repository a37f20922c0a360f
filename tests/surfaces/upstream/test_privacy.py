"""A user's rights: a copy, a restriction, an objection, and to be forgotten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emulator.surfaces.upstream.app import OPERATIONS
from tests.support.checked_client import Emulator, LawfulClient
from tests.support.fixture_seed import A_UUID, CHECKOUT, PORTAL, Matching, pay
from tests.support.gotrue import (
    ADA,
    BO,
    EPOCH,
    advance,
    log_in,
    mails,
    own_metadata,
    project,
    signed_in,
    visitor,
)
from tests.support.messages import golden

DAY = 86_400
HASH = Matching(r"[0-9a-f]{16}")
JSON = {"Content-Type": "application/json"}
LAB = "b0000000-0000-4000-8000-000000000001"
ALPHA = "c0000000-0000-4000-8000-000000000001"
RUN = "f0000000-0000-4000-8000-000000000001"
KEY = "d0000000-0000-4000-8000-000000000001"
SHARE = "e0000000-0000-4000-8000-000000000001"
SECRET = "wbx_privacy_00000000_ada"
SEED = f"""
entropy: privacy
users:
  - {{id: {ADA}, email: ada@lab.test, name: Ada, password: ada-password, analytics_opt_in: true}}
  - {{id: {BO}, email: bo@lab.test, name: Bo, password: bo-password}}
workspaces:
  - id: {LAB}
    slug: lab
    name: The Lab
    members: [{{user: ada@lab.test, role: owner}}, {{user: bo@lab.test, role: admin}}]
    projects: [{{id: {ALPHA}, slug: alpha, name: Alpha, description: The first.}}]
    runs: [{{id: {RUN}, client_run_id: done, log: [one line]}}]
    api_keys:
      - {{id: {KEY}, name: CI, user: ada@lab.test, secret: {SECRET}}}
      - {{name: Bo's, user: bo@lab.test}}
    shares: [{{id: {SHARE}, run: done, user: ada@lab.test}}]
"""
PROFILE: dict[str, Any] = {
    "id": ADA,
    "email": "ada@lab.test",
    "name": "Ada",
    "email_verified": True,
    "analytics_opt_in": True,
    "product_mail_opt_in": False,
    "restricted_at": None,
    "objected_at": None,
    "deletion_due_at": None,
    "created_at": EPOCH,
    "updated_at": EPOCH,
}
FORBIDDEN = {
    "detail": {
        "code": "forbidden",
        "message": golden("all", "forbidden", "restricted-account"),
    }
}


def lab(tmp_path: Path) -> Emulator:
    """Return an emulator with Ada, who has something of everything, and Bo."""
    return Emulator.of(SEED, tmp_path)


def exported(tmp_path: Path) -> tuple[Emulator, LawfulClient, str]:
    """Return a lab, Ada's client, and the link of her export."""
    emulator = lab(tmp_path)
    client = emulator.tokened()
    client.get("/api/me/export")
    advance(emulator, 60)
    return emulator, client, client.get("/api/me/export").json()["url"]


# A copy


def test_an_export_is_asked_for_and_ready_a_minute_later(tmp_path: Path) -> None:
    emulator = lab(tmp_path)
    client = emulator.tokened()
    pending = {
        "id": A_UUID,
        "status": "pending",
        "requested_at": EPOCH,
        "ready_at": None,
        "expires_at": None,
        "url": None,
    }
    first = client.get("/api/me/export")
    assert (first.status_code, first.json()) == (200, pending)
    # Asking again while it is under way begins no other.
    advance(emulator, 59)
    assert client.get("/api/me/export").json() == first.json()
    assert mails(emulator) == []
    advance(emulator, 1)
    ready = client.get("/api/me/export").json()
    assert ready == {
        **first.json(),
        "status": "ready",
        "ready_at": "2026-01-01T00:01:00Z",
        "expires_at": "2026-01-08T00:01:00Z",
        "url": Matching(r"http://localhost:8787/exports/[0-9A-Za-z]{32}"),
    }
    [mail] = mails(emulator)
    assert (mail["to"], mail["kind"], mail["link"]) == (
        "ada@lab.test",
        "export_ready",
        ready["url"],
    )


def test_an_export_is_each_users_own(tmp_path: Path) -> None:
    emulator = lab(tmp_path)
    adas, bos = (emulator.tokened(place).get("/api/me/export").json() for place in (0, 1))
    assert adas["id"] != bos["id"]
    advance(emulator, 60)
    links = [emulator.tokened(place).get("/api/me/export").json()["url"] for place in (0, 1)]
    whose = [emulator.client().get(link).json()["profile"]["id"] for link in links]
    assert whose == [ADA, BO]


def test_the_link_of_an_export_lives_for_seven_days(tmp_path: Path) -> None:
    emulator, client, link = exported(tmp_path)
    anyone = emulator.client()
    advance(emulator, 7 * DAY - 1)
    assert anyone.get(link).status_code == 200
    advance(emulator, 1)
    token = link.rpartition("/")[2]
    message = golden("all", "not_found", "invisible", what="export", key=repr(token))
    expired = anyone.get(link)
    assert (expired.status_code, expired.json()) == (
        404,
        {"detail": {"code": "not_found", "message": message}},
    )
    # The next one is another.
    assert client.get("/api/me/export").json()["status"] == "pending"
    advance(emulator, 60)
    assert client.get("/api/me/export").json()["url"] != link


@pytest.mark.parametrize("token", ["nothing", "x" * 32, "x~elsewhere"])
def test_a_link_that_was_never_made_is_not_found(tmp_path: Path, token: str) -> None:
    answer = lab(tmp_path).client().get(f"/exports/{token}")
    assert (answer.status_code, answer.json()["detail"]["code"]) == (404, "not_found")


def test_an_archive_holds_everything_of_the_user(tmp_path: Path) -> None:
    emulator = lab(tmp_path)
    browser = {"User-Agent": "Firefox"}
    client = emulator.tokened()
    client.headers.update(browser)
    run = {
        "name": "Mine",
        "adapter_id": "openpi",
        "task": "eval",
        "status": "succeeded",
        "environment": "libero",
        "metrics": {"success_rate": 0.5},
        "artifacts": [{"name": "a.txt", "size_bytes": 3}],
        "manifest": {"seed": 1},
        "log": ["first", "second"],
        "cost_estimate_usd": 1.5,
    }
    made = client.post("/api/runs", json=run).json()
    visitor(emulator).post("/auth/v1/recover", json={"email": "ada@lab.test"})
    client.get("/api/me/export")
    advance(emulator, 60)
    link = client.get("/api/me/export").json()["url"]
    answer = emulator.client().get(link)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == ('attachment; filename="worldflux-export.json"')
    archive = answer.json()
    assert archive["audit"] == [
        {
            "id": A_UUID,
            "workspace_id": workspace,
            "user_id": ADA,
            "api_key_id": None,
            "action": action,
            "target_kind": kind,
            "target_id": target,
            "ip_hash": ip,
            "user_agent": agent,
            "created_at": EPOCH,
        }
        for workspace, action, kind, target, ip, agent in [
            (None, "session.created", "Session", A_UUID, HASH, "testclient"),
            (None, "export.requested", "Export", A_UUID, HASH, "Firefox"),
            (LAB, "workspace.created", "Workspace", LAB, None, None),
            (LAB, "project.created", "Project", ALPHA, None, None),
            (LAB, "api_key.issued", "ApiKey", KEY, None, None),
            (LAB, "share.created", "Share", SHARE, None, None),
            (LAB, "run.created", "Run", made["id"], HASH, "Firefox"),
        ]
    ]
    assert archive == {
        "format": "worldflux.account-export.v1",
        "created_at": "2026-01-01T00:01:00Z",
        "profile": {
            "id": ADA,
            "email": "ada@lab.test",
            "name": "Ada",
            "created_at": EPOCH,
            "updated_at": EPOCH,
            "email_confirmed_at": EPOCH,
            "last_sign_in_at": EPOCH,
            "user_metadata": {"name": "Ada", **own_metadata(ADA, "ada@lab.test")},
            "app_metadata": {},
            "identity_data": {"name": "Ada", **own_metadata(ADA, "ada@lab.test")},
            "analytics_opt_in": True,
            "product_mail_opt_in": False,
            "confirmation_sent_at": None,
            "recovery_sent_at": EPOCH,
            "invited_at": None,
            "new_email": None,
            "is_change_half_confirmed": False,
            "email_change_sent_at": None,
            "banned_until": None,
            "restricted_at": None,
            "objected_at": None,
            "deletion_due_at": None,
        },
        "workspaces": [{"id": LAB, "name": "The Lab", "slug": "lab", "role": "owner"}],
        "projects": [
            {
                "id": ALPHA,
                "workspace_id": LAB,
                "name": "Alpha",
                "slug": "alpha",
                "description": "The first.",
                "created_by": ADA,
                "created_at": EPOCH,
            }
        ],
        "runs": [
            {
                "id": made["id"],
                "workspace_id": LAB,
                "project_id": None,
                "name": "Mine",
                "adapter_id": "openpi",
                "task": "eval",
                "environment": "libero",
                "runtime": "local",
                "status": "succeeded",
                "client_run_id": None,
                "metrics": {"success_rate": 0.5},
                "artifacts": made["artifacts"],
                "cost_estimate_usd": 1.5,
                "manifest": {"seed": 1},
                "log": "first\nsecond",
                "extra": {},
                "created_by": ADA,
                "created_at": EPOCH,
                "started_at": None,
                "finished_at": made["finished_at"],
                "duration_seconds": None,
                "revision": 1,
            }
        ],
        "shares": [
            {
                "id": SHARE,
                "workspace_id": LAB,
                "run_id": RUN,
                "snapshot": archive["shares"][0]["snapshot"],
                "created_by": ADA,
                "created_at": EPOCH,
                "expires_at": "2026-01-31T00:00:00Z",
                "revoked_at": None,
            }
        ],
        "api_keys": [
            {
                "id": KEY,
                "workspace_id": LAB,
                "user_id": ADA,
                "name": "CI",
                "last_four": "_ada",
                "created_at": EPOCH,
                "expires_at": None,
                "revoked_at": None,
                "rotated_at": None,
            }
        ],
        "billing": [],
        "sessions": [
            {
                "id": A_UUID,
                "user_id": ADA,
                "method": "password",
                "created_at": EPOCH,
                "expired_at": None,
            }
        ],
        "mail": [
            {
                "id": A_UUID,
                "to": "ada@lab.test",
                "kind": "reset",
                "user_id": ADA,
                "redirect_to": None,
                "moment": None,
                "created_at": EPOCH,
            }
        ],
        "audit": archive["audit"],
    }


def test_an_archive_holds_nothing_of_others_and_no_secret(tmp_path: Path) -> None:
    emulator = lab(tmp_path)
    bo = emulator.tokened(1)
    bo.post("/api/runs", json={"name": "Bo's run", "adapter_id": "openpi", "task": "eval"})
    bo.get("/api/me/export")
    visitor(emulator).post("/auth/v1/recover", json={"email": "ada@lab.test"})
    code = mails(emulator)[0]["code"]
    ada = emulator.tokened()
    ada.get("/api/me/export")
    advance(emulator, 60)
    link = ada.get("/api/me/export").json()["url"]
    archive = emulator.client().get(link).text
    assert ADA in archive
    hidden = [BO, "bo@lab.test", "Bo", "password_hash", "scrypt", SECRET, "secret", code]
    hidden += [link.rpartition("/")[2], ada.headers["Authorization"].removeprefix("Bearer ")]
    assert [one for one in hidden if one in archive] == []


def test_an_archive_is_as_it_was_when_it_became_ready(tmp_path: Path) -> None:
    emulator, client, link = exported(tmp_path)
    before = emulator.client().get(link).json()
    client.patch("/api/me", json={"name": "Later"})
    assert emulator.client().get(link).json() == before


# A restriction


def test_a_restriction_is_noted_and_lifted(tmp_path: Path) -> None:
    emulator = lab(tmp_path)
    client = emulator.tokened()
    advance(emulator, 5)
    moment = "2026-01-01T00:00:05Z"
    on = {**PROFILE, "restricted_at": moment, "updated_at": moment}
    for body in ({}, {"restricted": True}, {"restricted": None}):
        answer = client.post("/api/me/restrict", json=body)
        assert (answer.status_code, answer.json()) == (200, on)
    assert client.post("/api/me/restrict").json() == on
    assert client.get("/api/me").json() == on
    off = client.post("/api/me/restrict", json={"restricted": False})
    assert (off.status_code, off.json()) == (200, {**on, "restricted_at": None})


WRITES: dict[str, tuple[str, dict[str, Any] | None]] = {
    "POST /api/workspaces": ("/api/workspaces", {"name": "New"}),
    "POST /api/projects": ("/api/projects", {"name": "New"}),
    "DELETE /api/projects/{project_id}": (f"/api/projects/{ALPHA}", None),
    "POST /api/runs": ("/api/runs", {"name": "x", "adapter_id": "openpi", "task": "eval"}),
    "POST /api/sync/runs": (
        "/api/sync/runs",
        {"client_run_id": "x", "adapter_id": "openpi", "task": "eval"},
    ),
    "DELETE /api/runs/{run_id}": (f"/api/runs/{RUN}", None),
    "POST /api/api-keys": ("/api/api-keys", {"name": "New"}),
    "DELETE /api/api-keys/{api_key_id}": (f"/api/api-keys/{KEY}", None),
    "POST /api/api-keys/{api_key_id}/rotate": (f"/api/api-keys/{KEY}/rotate", None),
    "POST /api/shares": ("/api/shares", {"run_id": RUN}),
    "POST /api/shares/{share_id}/revoke": (f"/api/shares/{SHARE}/revoke", None),
    "PATCH /api/me": ("/api/me", {"name": "New"}),
    "POST /api/usage/reserve": (
        "/api/usage/reserve",
        {"meter": "runs", "amount": 1, "key": "new"},
    ),
    "POST /api/usage/commit": ("/api/usage/commit", {"key": "held"}),
    "POST /api/usage/revert": ("/api/usage/revert", {"key": "held"}),
    "POST /api/billing/checkout": ("/api/billing/checkout", CHECKOUT),
    "POST /api/billing/portal": ("/api/billing/portal", PORTAL),
}
"""Every operation that writes what is processed, with a call that would succeed."""

RIGHTS = {
    "POST /api/me/delete",
    "POST /api/me/delete/cancel",
    "POST /api/me/restrict",
    "POST /api/me/object",
}
"""What a user may ask at any time."""

OF_STRIPE = {"POST /api/billing/webhook"}
"""What no user asks."""


def lab_to_write_in(tmp_path: Path, operation: str) -> Emulator:
    """Return a lab in which Bo has arranged what the operation needs."""
    emulator = lab(tmp_path)
    bo = emulator.tokened(1)
    bo.post("/api/usage/reserve", json={"meter": "runs", "amount": 1, "key": "held"})
    if operation == "POST /api/billing/portal":
        pay(emulator, bo.post("/api/billing/checkout", json=CHECKOUT).json()["url"])
    return emulator


def test_every_operation_that_writes_is_known() -> None:
    writing = {
        f"{operation.method} {operation.path}"
        for operation in OPERATIONS
        if operation.method != "GET" and operation.availability == "built"
    }
    assert writing == {*WRITES, *RIGHTS, *OF_STRIPE}


@pytest.mark.parametrize("operation", WRITES)
def test_a_restricted_account_does_not_write(tmp_path: Path, operation: str) -> None:
    emulator = lab_to_write_in(tmp_path, operation)
    method = operation.partition(" ")[0]
    path, body = WRITES[operation]
    client = emulator.tokened()
    client.post("/api/me/restrict")
    answer = client.request(method, path, json=body)
    assert (answer.status_code, answer.json()) == (403, FORBIDDEN)
    # Another member is free, and so is the account once it is lifted.
    before = emulator.world.state
    assert emulator.tokened(1).request(method, path, json=body).status_code < 300
    emulator.world.state = before
    client.post("/api/me/restrict", json={"restricted": False})
    assert client.request(method, path, json=body).status_code < 300


@pytest.mark.parametrize(
    "operation", [one for one in WRITES if one not in ("POST /api/workspaces", "PATCH /api/me")]
)
def test_a_key_of_a_restricted_account_does_not_write(tmp_path: Path, operation: str) -> None:
    emulator = lab_to_write_in(tmp_path, operation)
    method = operation.partition(" ")[0]
    path, body = WRITES[operation]
    emulator.tokened().post("/api/me/restrict")
    answer = emulator.keyed().request(method, path, json=body)
    assert (answer.status_code, answer.json()) == (403, FORBIDDEN)


@pytest.mark.parametrize(
    "path",
    [
        *("/api/me", "/api/workspaces", f"/api/workspaces/{LAB}", "/api/projects", "/api/runs"),
        *(f"/api/runs/{RUN}", f"/api/runs/{RUN}/log", "/api/shares", "/api/api-keys"),
        *("/api/audit/logs", "/api/me/export"),
    ],
)
def test_a_restricted_account_reads(tmp_path: Path, path: str) -> None:
    emulator = lab(tmp_path)
    client = emulator.tokened()
    client.post("/api/me/restrict")
    assert client.get(path).status_code == 200


def test_a_restricted_account_keeps_its_rights_and_its_sign_in(tmp_path: Path) -> None:
    emulator = lab(tmp_path)
    client = emulator.tokened()
    client.post("/api/me/restrict")
    for path in ("/api/me/object", "/api/me/delete", "/api/me/delete/cancel"):
        assert client.post(path).status_code == 200
    assert log_in(emulator)["user"]["id"] == ADA
    answer = signed_in(emulator).put("/auth/v1/user", json={"password": "next-password"})
    assert answer.status_code == 200


# An objection


def test_an_objection_ends_the_opt_ins_and_is_taken_back(tmp_path: Path) -> None:
    client = lab(tmp_path).tokened()
    on = {**PROFILE, "analytics_opt_in": False, "objected_at": EPOCH}
    for body in (None, {}, {"objected": True}):
        answer = client.post("/api/me/object", json=body)
        assert (answer.status_code, answer.json()) == (200, on)
    assert client.get("/api/me").json() == on
    off = client.post("/api/me/object", json={"objected": False})
    # The opt-ins do not come back by themselves.
    assert (off.status_code, off.json()) == (200, {**on, "objected_at": None})


# To be forgotten


def test_a_deletion_is_scheduled_in_thirty_days_and_stays_as_it_is(tmp_path: Path) -> None:
    emulator = lab(tmp_path)
    client = emulator.tokened()
    scheduled = {**PROFILE, "deletion_due_at": "2026-01-31T00:00:00Z"}
    answer = client.post("/api/me/delete")
    assert (answer.status_code, answer.json()) == (200, scheduled)
    advance(emulator, DAY)
    assert client.post("/api/me/delete").json() == scheduled
    assert client.get("/api/me").json() == scheduled
    [mail] = mails(emulator)
    assert (mail["to"], mail["kind"]) == ("ada@lab.test", "deletion_scheduled")


def test_until_a_deletion_one_can_sign_in_and_cancel_it(tmp_path: Path) -> None:
    emulator = lab(tmp_path)
    client = emulator.tokened()
    client.post("/api/me/delete")
    advance(emulator, 30 * DAY - 1)
    assert log_in(emulator)["user"]["id"] == ADA
    answer = emulator.tokened().post("/api/me/delete/cancel")
    moment = "2026-01-30T23:59:59Z"
    assert (answer.status_code, answer.json()) == (200, {**PROFILE, "updated_at": moment})
    assert advance(emulator, 365 * DAY) == []
    assert client.get("/api/me").status_code == 200


def test_a_deletion_that_is_scheduled_again_is_due_later(tmp_path: Path) -> None:
    emulator = lab(tmp_path)
    client = emulator.tokened()
    client.post("/api/me/delete")
    client.post("/api/me/delete/cancel")
    advance(emulator, DAY)
    due = client.post("/api/me/delete").json()["deletion_due_at"]
    assert due == "2026-02-01T00:00:00Z"
    assert advance(emulator, 30 * DAY - 1) == []
    [happened] = advance(emulator, 1)
    assert happened == {"at": due, "what": "purge user", "target_id": ADA}


def test_a_cancellation_of_nothing_is_a_conflict(tmp_path: Path) -> None:
    answer = lab(tmp_path).tokened().post("/api/me/delete/cancel")
    message = golden("all", "conflict", "no-deletion-scheduled")
    expected = {"detail": {"code": "conflict", "message": message}}
    assert (answer.status_code, answer.json()) == (409, expected)


def test_after_thirty_days_the_account_is_gone(tmp_path: Path) -> None:
    emulator = lab(tmp_path)
    client, keyed = emulator.tokened(), emulator.keyed()
    client.post("/api/me/delete")
    assert keyed.get("/api/me").json()["id"] == ADA
    advance(emulator, 30 * DAY)
    assert client.get("/api/me").json()["detail"]["code"] == "login_required"
    assert keyed.get("/api/me").json()["detail"]["code"] == "invalid_credentials"
    said = {"email": "ada@lab.test", "password": "ada-password"}
    login = visitor(emulator).post("/auth/v1/token?grant_type=password", json=said)
    assert login.headers["x-sb-error-code"] == "invalid_credentials"
    # The address is free, and whoever takes it is somebody else.
    fresh = visitor(emulator).post("/auth/v1/signup", json=said).json()["user"]
    assert fresh["id"] != ADA
    assert fresh["created_at"] == "2026-01-31T00:00:00Z"


# Whoever may not ask


@pytest.mark.parametrize("operation", [*sorted(RIGHTS), "GET /api/me/export"])
def test_a_key_cannot_ask_for_its_issuer(tmp_path: Path, operation: str) -> None:
    method, _, path = operation.partition(" ")
    emulator = lab(tmp_path)
    answer = emulator.keyed().request(method, path)
    message = golden("all", "forbidden", "key-asks-for-its-issuer")
    expected = {"detail": {"code": "forbidden", "message": message}}
    assert (answer.status_code, answer.json()) == (403, expected)
    assert emulator.client().request(method, path).status_code == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("restrict", {"restricted": "perhaps"}),
        ("restrict", {"other": True}),
        ("object", {"objected": 2}),
        ("object", []),
    ],
)
def test_a_body_that_is_off_changes_nothing(tmp_path: Path, path: str, body: object) -> None:
    client = lab(tmp_path).tokened()
    answer = client.post(f"/api/me/{path}", content=json.dumps(body), headers=JSON)
    assert (answer.status_code, answer.json()["detail"]["code"]) == (422, "validation_error")
    assert client.get("/api/me").json() == PROFILE


def test_an_account_that_made_nothing_exports_too(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    client = emulator.tokened(1)
    client.get("/api/me/export")
    advance(emulator, 60)
    link = client.get("/api/me/export").json()["url"]
    archive = emulator.client().get(link).json()
    assert {name: archive[name] for name in ("projects", "runs", "shares", "api_keys")} == {
        "projects": [],
        "runs": [],
        "shares": [],
        "api_keys": [],
    }
