"""From a cap to a payment and past the cap, as a dashboard's user goes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from emulator.seeding.files import bundled_names, load
from tests.support.checked_client import Emulator, LawfulClient
from tests.support.fixture_seed import CHECKOUT, pay, problem
from tests.support.messages import golden

AT_THE_CAP = {
    "error": problem(
        "quota_exceeded",
        golden("all", "quota_exceeded", "ten-runs-of-free"),
        {
            "meter": "runs",
            "used": 10,
            "limit": 10,
            "limit_source": "plan",
            "plan": "free",
            "resets_at": "2026-02-01T00:00:00Z",
            "upgrade_url": "http://localhost:3000/billing",
        },
    )
}

SEEDED = """
users: [{email: ann@example.com, password: demo-password}]
workspaces:
  - slug: lab
    name: Lab
    PLAN
    runs_limit: 1
    members: [{user: ann@example.com, role: owner}]
"""


def sample_run(client: LawfulClient) -> tuple[int, Any]:
    answer = client.post("/api/cloud/sample-run", json={})
    return answer.status_code, answer.json()


def check_out(emulator: Emulator, client: LawfulClient) -> None:
    opened = client.post("/api/cloud/billing/checkout", json=CHECKOUT)
    assert opened.status_code == 201, opened.text
    assert pay(emulator, opened.json()["url"]).status_code == 303


def test_in_quota_edge_paying_lifts_the_cap() -> None:
    emulator = Emulator("quota-edge")
    client = emulator.signed_in()
    assert sample_run(client)[0] == 201
    assert sample_run(client) == (402, AT_THE_CAP)
    check_out(emulator, client)
    assert sample_run(client)[0] == 201


def test_a_limit_of_the_seed_says_so_and_ends_with_the_plan(tmp_path: Path) -> None:
    emulator = Emulator.of(SEEDED.replace("PLAN", "plan: free"), tmp_path)
    client = emulator.signed_in()
    assert sample_run(client)[0] == 201
    status, body = sample_run(client)
    error = body["error"]
    assert (status, error["message"]) == (
        402,
        golden("all", "quota_exceeded", "seed-limit-of-one-run"),
    )
    assert error["details"]["limit_source"] == "seed"
    assert error["details"]["upgrade_url"] == "http://localhost:3000/billing"
    check_out(emulator, client)
    assert sample_run(client)[0] == 201


@pytest.mark.parametrize("plan", ["plan: enterprise", "subscription: {plan: enterprise}"])
def test_on_the_largest_plan_no_upgrade_is_named(plan: str, tmp_path: Path) -> None:
    client = Emulator.of(SEEDED.replace("PLAN", plan), tmp_path).signed_in()
    assert sample_run(client)[0] == 201
    details = sample_run(client)[1]["error"]["details"]
    assert (details["limit_source"], details["upgrade_url"]) == ("seed", None)


def test_in_every_bundled_seed_a_cap_comes_from_a_plan() -> None:
    limits = [one.runs_limit for name in bundled_names() for one in load(name).seed.workspaces]
    assert set(limits) == {None}
