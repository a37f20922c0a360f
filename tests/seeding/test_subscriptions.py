"""Subscriptions of seeds, lived through to the epoch."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.seeding.files import SeedError
from emulator.world.billing.subscriptions import newest_subscription
from emulator.world.records.billing import Invoice
from emulator.world.records.workspaces import Workspace
from tests.support.checked_client import Emulator

SEEDS = {
    "active": ("team", "active", ["paid"]),
    "trialing": ("team", "trialing", ["paid"]),
    "past-due": ("team", "past_due", ["paid", "open"]),
    "canceling": ("team", "active", ["paid"]),
    "canceled": ("free", "canceled", ["paid"]),
    "enterprise": ("enterprise", "active", ["paid"]),
}


@pytest.mark.parametrize("name", SEEDS)
def test_a_seed_holds_what_its_name_says(name: str) -> None:
    world = Emulator(name).world
    workspace = world.find(Workspace, "slug", name)
    assert workspace is not None
    plan, status, invoices = SEEDS[name]
    known = newest_subscription(world, workspace.id)
    assert known is not None
    assert (workspace.plan, workspace.subscription_status, known.status) == (plan, status, status)
    assert [one.status for one in world.all(Invoice, "workspace", workspace.id)] == invoices
    assert (known.cancel_at is not None) == (name in ("canceling", "canceled"))
    assert world.now == world.epoch


TEXT = """
users: [{email: a@example.com, password: demo-password}]
webhooks: [{url: "http://127.0.0.1:9/hooks", secret: whsec_pinned_secret}]
workspaces:
  - slug: lab
    name: Lab
    members: [{user: a@example.com, role: owner}]
    subscription: SUBSCRIPTION
"""


def test_a_status_that_cannot_be_is_refused_with_its_line(tmp_path: Path) -> None:
    text = TEXT.replace("SUBSCRIPTION", "{plan: team, status: trialing, started_at: -P30D}")
    with pytest.raises(SeedError, match=r"line 8.*active.*trialing"):
        Emulator.of(text, tmp_path)


def test_an_unpaid_subscription_is_kept_but_entitles_to_nothing(tmp_path: Path) -> None:
    emulator = Emulator.of(TEXT.replace("SUBSCRIPTION", "{plan: team, status: unpaid}"), tmp_path)
    [workspace] = [one for one in emulator.world.all(Workspace, "all", ()) if one.slug == "lab"]
    assert (workspace.plan, workspace.subscription_status) == ("free", "unpaid")


def test_what_was_before_a_webhook_is_not_delivered_to_it(tmp_path: Path) -> None:
    emulator = Emulator.of(TEXT.replace("SUBSCRIPTION", "{plan: team}"), tmp_path)
    view = emulator.client().get("/_emulator/webhooks").json()
    assert [one["secret"] for one in view["items"]] == ["whsec_pinned_secret"]
    assert emulator.client().get("/_emulator/deliveries").json() == {"items": [], "waiting": []}
