"""A small world that the tests of the surfaces share: every id pinned, so that bodies are known.

Ada owns the lab, Bo is its admin, Cy a member; Dee owns another workspace, which is full.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx2

from tests.support.checked_client import Emulator, LawfulClient
from tests.support.messages import golden

ADA = "a0000000-0000-4000-8000-000000000001"
BO = "a0000000-0000-4000-8000-000000000002"
CY = "a0000000-0000-4000-8000-000000000003"
DEE = "a0000000-0000-4000-8000-000000000004"
LAB = "b0000000-0000-4000-8000-000000000001"
AWAY = "b0000000-0000-4000-8000-000000000002"
ALPHA = "c0000000-0000-4000-8000-000000000001"
BETA = "c0000000-0000-4000-8000-000000000002"
AWAY_PROJECT = "c0000000-0000-4000-8000-000000000003"
LIVE_KEY = "d0000000-0000-4000-8000-000000000001"
BRIEF_KEY = "d0000000-0000-4000-8000-000000000002"
REVOKED_KEY = "d0000000-0000-4000-8000-000000000003"
AWAY_KEY = "d0000000-0000-4000-8000-000000000004"
LIVE_SHARE = "e0000000-0000-4000-8000-000000000001"
REVOKED_SHARE = "e0000000-0000-4000-8000-000000000002"
AWAY_SHARE = "e0000000-0000-4000-8000-000000000003"
DONE = "f0000000-0000-4000-8000-000000000001"
GOING = "f0000000-0000-4000-8000-000000000002"
WAITING = "f0000000-0000-4000-8000-000000000003"
AWAY_RUN = "f0000000-0000-4000-8000-000000000004"
NOBODY = "00000000-0000-4000-8000-000000000000"

SECRET = "wbx_scene_0000000000_live"
BRIEF_SECRET = "wbx_scene_0000000000_soon"
REVOKED_SECRET = "wbx_scene_0000000000_gone"
AWAY_SECRET = "wbx_scene_0000000000_away"
SHA = "ab" * 32

SEED = f"""
entropy: scene
users:
  - {{id: {ADA}, email: ada@lab.test, name: Ada, password: ada-password}}
  - {{id: {BO}, email: bo@lab.test, name: Bo, password: bo-password}}
  - {{id: {CY}, email: cy@lab.test, name: Cy, password: cy-password}}
  - {{id: {DEE}, email: dee@away.test, name: Dee, password: dee-password}}
workspaces:
  - id: {LAB}
    slug: lab
    name: The Lab
    members:
      - {{user: ada@lab.test, role: owner}}
      - {{user: bo@lab.test, role: admin}}
      - {{user: cy@lab.test, role: member}}
    projects:
      - {{id: {ALPHA}, slug: alpha, name: Alpha, description: The first.}}
      - {{id: {BETA}, slug: beta, name: Beta}}
    runs:
      - id: {DONE}
        client_run_id: done
        name: Done run
        project: alpha
        adapter_id: smolvla
        task: eval
        environment: libero/libero_spatial
        runtime: modal
        status: succeeded
        metrics: {{success_rate: 0.5, num_episodes: 100}}
        artifacts: [{{name: report.md, size_bytes: 12, sha256: {SHA}}}]
        log: [first line, last line]
        extra: {{note: kept}}
        started_at: -P2D
        finished_at: -P1D
      - id: {GOING}
        client_run_id: going
        project: alpha
        task: rollout
        status: running
        started_at: -PT1H
      - {{id: {WAITING}, client_run_id: waiting, task: generate, status: queued}}
    api_keys:
      - {{id: {LIVE_KEY}, name: CI, user: ada@lab.test, secret: {SECRET}}}
      - id: {BRIEF_KEY}
        name: Brief
        user: bo@lab.test
        secret: {BRIEF_SECRET}
        expires_at: P1D
      - id: {REVOKED_KEY}
        name: Old
        user: ada@lab.test
        secret: {REVOKED_SECRET}
        is_revoked: true
    shares:
      - {{id: {LIVE_SHARE}, run: done, user: cy@lab.test, token: share-live-token}}
      - id: {REVOKED_SHARE}
        run: done
        user: ada@lab.test
        token: share-gone-token
        is_revoked: true
  - id: {AWAY}
    slug: away
    name: Away
    runs_limit: 1
    members: [{{user: dee@away.test, role: owner}}]
    projects: [{{id: {AWAY_PROJECT}, slug: alpha, name: Alpha}}]
    runs: [{{id: {AWAY_RUN}, client_run_id: away}}]
    api_keys: [{{id: {AWAY_KEY}, name: Away, user: dee@away.test, secret: {AWAY_SECRET}}}]
    shares: [{{id: {AWAY_SHARE}, run: away, user: dee@away.test, token: share-away-token}}]
"""


class Matching:
    """Equals every string that matches a pattern, for what is minted within a whole body."""

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and self._pattern.fullmatch(other) is not None

    def __hash__(self) -> int:
        return hash(self._pattern)

    def __repr__(self) -> str:
        return f"<{self._pattern.pattern}>"


A_UUID = Matching(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
A_SECRET = Matching(r"wbx_[0-9A-Za-z]{40}")
A_TOKEN = Matching(r"[0-9A-Za-z]{32}")


EPOCH = "2026-01-01T00:00:00Z"
IN_30_DAYS = "2026-01-31T00:00:00Z"
PERIOD = {"start": EPOCH, "end": "2026-02-01T00:00:00Z"}
"""The calendar's month, in which a workspace without a subscription counts its runs."""

PEOPLE = {"ada": 0, "bo": 1, "cy": 2, "dee": 3}
"""Their places in the seed's list of users."""

RUN_DONE: dict[str, Any] = {
    "id": DONE,
    "workspace_id": LAB,
    "project_id": ALPHA,
    "name": "Done run",
    "adapter_id": "smolvla",
    "task": "eval",
    "environment": "libero/libero_spatial",
    "runtime": "modal",
    "status": "succeeded",
    "client_run_id": "done",
    "metrics": {"num_episodes": 100, "success_rate": 0.5},
    "artifacts": [
        {
            "id": A_UUID,
            "name": "report.md",
            "media_type": "text/markdown",
            "size_bytes": 12,
            "sha256": SHA,
        }
    ],
    "cost_estimate_usd": None,
    "extra": {"note": "kept"},
    "created_at": "2025-12-30T00:00:00Z",
    "started_at": "2025-12-30T00:00:00Z",
    "finished_at": "2025-12-31T00:00:00Z",
    "duration_seconds": 86400.0,
}
RUN_GOING: dict[str, Any] = {
    **RUN_DONE,
    "id": GOING,
    "name": "going",
    "adapter_id": "openpi",
    "task": "rollout",
    "environment": None,
    "runtime": "local",
    "status": "running",
    "client_run_id": "going",
    "metrics": {},
    "artifacts": [],
    "extra": {},
    "created_at": "2025-12-31T23:00:00Z",
    "started_at": "2025-12-31T23:00:00Z",
    "finished_at": None,
    "duration_seconds": None,
}
RUN_WAITING: dict[str, Any] = {
    **RUN_GOING,
    "id": WAITING,
    "project_id": None,
    "name": "waiting",
    "task": "generate",
    "status": "queued",
    "client_run_id": "waiting",
    "created_at": EPOCH,
    "started_at": None,
}


def stage(folder: Path, **settings: Any) -> Emulator:
    """Return a fresh emulator on the scene."""
    path = folder / "scene.yaml"
    path.write_text(SEED, "utf-8")
    return Emulator(str(path), **settings)


def browser(emulator: Emulator, name: str) -> LawfulClient:
    """Return a client with the session cookie of one of the people."""
    return emulator.signed_in(PEOPLE[name])


def caller(emulator: Emulator, name: str) -> LawfulClient:
    """Return a client that sends the access token of one of the people."""
    return emulator.tokened(PEOPLE[name])


def with_secret(emulator: Emulator, secret: str) -> LawfulClient:
    """Return a client that sends that API key."""
    client = emulator.client()
    client.headers["Authorization"] = f"Bearer {secret}"
    return client


CHECKOUT = {
    "plan": "team",
    "interval": "month",
    "success_url": "http://localhost:3000/billing?session={CHECKOUT_SESSION_ID}",
    "cancel_url": "http://localhost:3000/billing",
}
PORTAL = {"return_url": "http://localhost:3000/billing"}


def pay(emulator: Emulator, url: str) -> httpx2.Response:
    """Pay on a hosted checkout page with a card that is good, and return where that leads."""
    card = {
        "email": "ada@lab.test",
        "number": "4242 4242 4242 4242",
        "expiry": "12 / 30",
        "cvc": "123",
        "holder": "Ada Lovelace",
    }
    return emulator.client().post(url, data=card, follow_redirects=False)


def problem(code: str, message: str, details: object = None) -> dict[str, Any]:
    """Return what an error says, as the upstream's `detail` and the BFF's `error` hold it."""
    said = {"code": code, "message": message}
    return said if details is None else {**said, "details": details}


def invalid(*places: tuple[str, str], message: str | None = None) -> dict[str, Any]:
    """Return a `validation_error` with the path and message of every place."""
    path, first = places[0]
    said = message or (path + ": " + first if path else first)
    errors = [{"path": where, "message": why} for where, why in places]
    return problem("validation_error", said, {"path": path, "errors": errors})


def no_room() -> dict[str, Any]:
    """Return the `quota_exceeded` of Dee's workspace, whose one run of the period is used."""
    message = golden("all", "quota_exceeded", "seed-limit-of-one-run")
    details = {
        "meter": "runs",
        "used": 1,
        "limit": 1,
        "limit_source": "seed",
        "plan": "enterprise",
        "resets_at": PERIOD["end"],
        "upgrade_url": None,
    }
    return problem("quota_exceeded", message, details)


def unseen(what: str, key: str) -> dict[str, Any]:
    """Return a `not_found` of a record that does not exist or is invisible."""
    return problem("not_found", golden("all", "not_found", "invisible", what=what, key=repr(key)))
