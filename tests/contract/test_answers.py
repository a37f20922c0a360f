"""Whatever the upstream really answers is documented: the status, and every member of the body."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from jsonschema import ValidationError

from emulator.contract.catalog import BODY_LIMIT
from emulator.registry.machine_clock import machine_now
from emulator.wire.stripe.signatures import HEADER, sign
from emulator.world.core.times import SECOND
from tests.support.checked_client import Emulator, LawfulClient
from tests.support.document import Document, Operation
from tests.support.fixture_seed import (
    ALPHA,
    AWAY_RUN,
    BETA,
    BRIEF_KEY,
    CHECKOUT,
    DONE,
    GOING,
    LAB,
    LIVE_KEY,
    LIVE_SHARE,
    NOBODY,
    PORTAL,
    REVOKED_KEY,
    SECRET,
    WAITING,
    caller,
    pay,
    stage,
    with_secret,
)
from tests.support.full_workspace import full

DOCUMENT = Document()
NEW: dict[str, Any] = {"name": "n", "adapter_id": "a", "task": "eval"}
SYNC: dict[str, Any] = {**NEW, "client_run_id": "c", "commit": "abc"}
FULL: dict[str, Any] = {
    **NEW,
    "project_id": ALPHA,
    "environment": "e",
    "status": "succeeded",
    "metrics": {"a": 1, "b": 0.5},
    "artifacts": [
        {"name": "a", "size_bytes": 1, "sha256": "0" * 64},
        {"name": "b", "size_bytes": 0},
    ],
    "cost_estimate_usd": 1,
    "manifest": {"any": [{"thing": None}]},
    "log": ["a", "b"],
    "started_at": "2025-12-31T00:00:00.5Z",
    "finished_at": "2026-01-01T00:00:00Z",
}
IN_A_WORKSPACE: dict[str, dict[str, Any]] = {
    "runs": NEW,
    "projects": {"name": "x"},
    "api-keys": {"name": "x"},
    "sync/runs": SYNC,
    "usage/reserve": {"meter": "runs", "amount": 1, "key": "x"},
    "usage/commit": {"key": "x"},
    "usage/revert": {"key": "x"},
    "billing/checkout": CHECKOUT,
    "billing/portal": PORTAL,
}
"""What is written into a workspace that a query may name, with a body that is good."""

Walk = Iterator[httpx2.Response]


def good(ada: LawfulClient, key: LawfulClient, anyone: LawfulClient) -> Walk:
    """Call every operation so that it does what it is for."""
    yield anyone.get("/")
    yield anyone.get("/healthz")
    yield anyone.get("/api/public/shares/share-live-token")
    yield ada.get("/api/me")
    yield ada.patch("/api/me", json={"name": "A"})
    yield ada.post("/api/workspaces", json={"name": "n"})
    yield ada.get("/api/workspaces")
    yield ada.get("/api/workspaces?limit=1")
    yield key.get("/api/workspaces")
    yield key.get(f"/api/workspaces/{LAB}")
    yield ada.post("/api/projects", json={"name": "n"})
    yield key.get("/api/projects")
    yield key.get(f"/api/projects/{ALPHA}")
    yield ada.delete(f"/api/projects/{BETA}")
    yield ada.get("/api/audit/logs?limit=2")
    yield ada.get("/api/me/export")
    yield ada.post("/api/me/object")
    yield ada.post("/api/me/restrict")
    yield ada.post("/api/me/restrict", json={"restricted": False})
    yield ada.post("/api/me/delete")
    yield ada.post("/api/me/delete/cancel")
    for body in (NEW, FULL):
        yield key.post("/api/runs", json=body)
    for _ in range(2):
        yield key.post("/api/sync/runs", json=SYNC)
    yield key.post("/api/sync/runs", json={**SYNC, **FULL})
    yield ada.get("/api/runs")
    yield ada.get("/api/runs?limit=1")
    for run_id in (DONE, GOING, WAITING):
        for part in ("", "/manifest", "/metrics", "/log"):
            yield ada.get(f"/api/runs/{run_id}{part}")
    yield ada.post("/api/shares", json={"run_id": DONE})
    yield key.get("/api/shares")
    yield ada.post(f"/api/shares/{LIVE_SHARE}/revoke")
    yield ada.delete(f"/api/runs/{DONE}")
    yield ada.get("/api/api-keys")
    yield ada.post("/api/api-keys", json={"name": "n", "expires_at": "2027-01-01T00:00:00Z"})
    yield ada.delete(f"/api/api-keys/{BRIEF_KEY}")
    yield ada.post(f"/api/api-keys/{LIVE_KEY}/rotate")
    for key_name in ("used", "unused"):
        body = {"meter": "runs", "amount": 2, "key": key_name, "ttl_seconds": 60}
        yield ada.post("/api/usage/reserve", json=body)
    yield ada.post("/api/usage/commit", json={"key": "used", "amount": 1})
    yield ada.post("/api/usage/revert", json={"key": "unused"})


def billed(scene: Emulator) -> Walk:
    """Call for everything that becomes of a subscription."""
    ada = caller(scene, "ada")
    yield ada.post("/api/billing/portal", json=PORTAL)
    opened = ada.post("/api/billing/checkout", json=CHECKOUT)
    yield opened
    pay(scene, opened.json()["url"])
    yield ada.post("/api/billing/checkout", json=CHECKOUT)
    yield ada.post("/api/billing/portal", json=PORTAL)
    event = b'{"id":"evt_1","type":"customer.created","data":{"object":{"object":"customer"}}}'
    signed = sign(event, scene.settings.webhook_secret, at_seconds=machine_now() // SECOND)
    for headers in ({HEADER: signed}, {HEADER: signed}, {HEADER: "t=1,v1=0"}, {}):
        yield scene.client().post("/api/billing/webhook", content=event, headers=headers)
    yield scene.client().post("/api/billing/webhook", content=b" " * (BODY_LIMIT + 1))


def filled(path: str) -> str:
    """Return a path with ids that nobody has."""
    for name in ("workspace_id", "project_id", "run_id", "api_key_id", "share_id", "token"):
        path = path.replace(f"{{{name}}}", NOBODY)
    return path


def refused_alike(ada: LawfulClient, anyone: LawfulClient) -> Walk:
    """Call every operation in every way in which any may be refused."""
    for one in DOCUMENT.operations:
        path = filled(one.path)
        yield anyone.request(one.method, path)
        yield anyone.request(one.method, path, headers={"Authorization": "Bearer wbx_none"})
        yield ada.request(one.method, path)
        if "requestBody" in one.said:
            yield ada.request(one.method, path, json={"unknown": 1})
            yield ada.request(one.method, path, content=b"{}")
            yield ada.request(one.method, path, content=b" " * (BODY_LIMIT + 1))
        if one.name == "restrict_me":
            yield ada.post(path, json={"restricted": False})
        for parameter in one.said.get("parameters", ()):
            if parameter["in"] == "query":
                yield ada.request(one.method, path, params={parameter["name"]: "-1"})


def refused_each(scene: Emulator) -> Walk:
    """Call for the refusals that need a state or a caller of their own."""
    ada, cy = caller(scene, "ada"), caller(scene, "cy")
    key = with_secret(scene, SECRET)
    yield key.patch("/api/me", json={"name": "x"})
    yield ada.post("/api/me/delete/cancel")
    yield key.get("/api/me/export")
    yield from refused_to_who_is_restricted(scene)
    yield key.post("/api/workspaces", json={"name": "x"})
    yield ada.post("/api/workspaces", json={"name": "x", "slug": "lab"})
    yield ada.post("/api/projects", json={"name": "Alpha"})
    yield cy.delete(f"/api/projects/{ALPHA}")
    yield ada.delete(f"/api/projects/{ALPHA}")
    yield key.post("/api/sync/runs", json={**SYNC, "client_run_id": "done"})
    yield ada.post("/api/shares", json={"run_id": AWAY_RUN})
    yield cy.get("/api/api-keys")
    yield cy.post("/api/api-keys", json={"name": "x"})
    yield cy.post(f"/api/api-keys/{LIVE_KEY}/rotate")
    yield cy.delete(f"/api/api-keys/{LIVE_KEY}")
    yield ada.post(f"/api/api-keys/{REVOKED_KEY}/rotate")
    for path, body in IN_A_WORKSPACE.items():
        yield ada.post(f"/api/{path}?workspace_id={NOBODY}", json={**body, "x": 1})
        yield ada.post(f"/api/{path}?workspace_id={NOBODY}", json=body)
    yield cy.post("/api/billing/checkout", json=CHECKOUT)
    yield cy.post("/api/billing/portal", json=PORTAL)
    yield from refused_by_a_reservation(ada)


def refused_by_a_reservation(ada: LawfulClient) -> Walk:
    """Call for what a reservation that was made or ended otherwise stands against."""
    held = {"meter": "runs", "amount": 1}
    for key in ("a", "b"):
        ada.post("/api/usage/reserve", json={**held, "key": key})
    yield ada.post("/api/usage/reserve", json={**held, "amount": 2, "key": "a"})
    ada.post("/api/usage/commit", json={"key": "a"})
    ada.post("/api/usage/revert", json={"key": "b"})
    yield ada.post("/api/usage/revert", json={"key": "a"})
    yield ada.post("/api/usage/commit", json={"key": "b"})


def refused_for_want_of_room(key: LawfulClient) -> Walk:
    """Call every operation that uses a meter with the key of a workspace that is full."""
    yield key.post("/api/projects", json={"name": "x"})
    yield key.post("/api/runs", json=NEW)
    yield key.post("/api/sync/runs", json=SYNC)
    yield key.post("/api/api-keys", json={"name": "x"})
    yield key.post("/api/shares", json={"run_id": key.get("/api/runs").json()["items"][0]["id"]})
    yield key.post("/api/usage/reserve", json={"meter": "runs", "amount": 1, "key": "x"})


def refused_to_who_is_restricted(scene: Emulator) -> Walk:
    """Call every operation that writes as an account that only reads."""
    bo = caller(scene, "bo")
    yield bo.post("/api/me/restrict")
    yield bo.patch("/api/me", json={"name": "x"})
    yield bo.post("/api/workspaces", json={"name": "x"})
    yield bo.post("/api/projects", json={"name": "x"})
    yield bo.post("/api/runs", json=NEW)
    yield bo.post("/api/sync/runs", json=SYNC)
    yield bo.delete(f"/api/runs/{GOING}")
    yield bo.post("/api/shares", json={"run_id": GOING})
    yield bo.post(f"/api/shares/{LIVE_SHARE}/revoke")
    for path in ("usage/reserve", "usage/commit", "usage/revert"):
        yield bo.post(f"/api/{path}", json=IN_A_WORKSPACE[path])
    key = with_secret(scene, SECRET)
    for path in ("delete", "delete/cancel", "restrict", "object"):
        yield key.post(f"/api/me/{path}")


def met_by(answers: Walk) -> set[tuple[str, int]]:
    """Judge every answer and return which operations answered what."""
    met = set()
    for answer in answers:
        operation = DOCUMENT.operation_of(answer.request.method, answer.request.url.path)
        DOCUMENT.judge(operation, answer)
        met.add((operation.name, answer.status_code))
    return met


def all_met(folder: Path) -> set[tuple[str, int]]:
    """Walk over everything."""
    scene = stage(folder)
    refused = met_by(refused_alike(caller(scene, "ada"), scene.client())) | met_by(
        refused_each(scene)
    )
    refused |= met_by(refused_for_want_of_room(full(folder).keyed()))
    ada, key = caller(scene, "ada"), with_secret(scene, SECRET)
    return refused | met_by(good(ada, key, scene.client())) | met_by(billed(scene))


def test_every_answer_is_as_documented_and_everything_documented_was_answered(
    tmp_path: Path,
) -> None:
    met = all_met(tmp_path)
    promised = {(one.name, status) for one in DOCUMENT.operations for status in one.statuses}
    # A method that is not allowed is no call of the operation, and a bug cannot be provoked.
    never = {(one.name, status) for one in DOCUMENT.operations for status in (405, 500)}
    # What takes no body and no query cannot be invalid, whatever its ids are; the webhook's body
    # is Stripe's, and none of the document's.
    unasked = {
        (one.name, 422)
        for one in DOCUMENT.operations
        if "requestBody" not in one.said
        and one.name != "receive_billing_webhook"
        and all(parameter["in"] == "path" for parameter in one.said.get("parameters", ()))
    }
    assert met <= promised
    assert promised - met - never == unasked


@pytest.mark.parametrize("operation", DOCUMENT.operations, ids=lambda one: one.name)
def test_another_method_answers_in_the_documented_shape(
    scene: Emulator, operation: Operation
) -> None:
    answer = scene.client().put(filled(operation.path))
    assert answer.status_code == 405
    DOCUMENT.judge(operation, answer)


@pytest.mark.parametrize(
    ("status", "body", "complaint"),
    [
        (200, {"status": "ok", "more": 1}, "Additional properties are not allowed"),
        (200, {}, "'status' is a required property"),
        (200, {"status": "ill"}, "'ok' was expected"),
        (500, {"detail": {"code": "odd", "message": "x"}}, "'odd' is not one of"),
    ],
)
def test_the_judge_can_fail(status: int, body: dict[str, Any], complaint: str) -> None:
    [health] = [one for one in DOCUMENT.operations if one.name == "get_health"]
    with pytest.raises(ValidationError, match=complaint):
        DOCUMENT.judge(health, httpx2.Response(status, json=body))
