"""What becomes of invoices when the person who paid is forgotten."""

from __future__ import annotations

import json
from typing import get_args, get_type_hints

import pytest

from emulator.world import lifecycle
from emulator.world.billing import checkout, portal, subscriptions
from emulator.world.core.times import DAY
from emulator.world.core.world import World
from emulator.world.identity import accounts
from emulator.world.privacy import billing_erasure
from emulator.world.privacy.archive import archive_of
from emulator.world.privacy.billing_erasure import PERSONAL_FIELDS
from emulator.world.privacy.erasure import erase_user
from emulator.world.records.billing import BillingObject, CardFacts, Invoice
from emulator.world.records.identity import User
from emulator.world.records.tables import TABLES
from emulator.world.workspaces import workspaces
from tests.support.billed_world import Billed


def everything(world: World) -> str:
    tables = world.state.tables
    return "\n".join(repr(tables[spec.record]._rows) for spec in TABLES)  # noqa: SLF001 - all


def test_a_purge_leaves_the_invoices_and_nobody_in_them() -> None:
    billed = Billed()
    billed.subscribe()
    heir = accounts.create_user(
        billed.world,
        email="jonas@example.com",
        password="demo-password",
        name="Jonas",
        metadata="{}",
        is_confirmed=True,
    )
    workspaces.join(billed.world, billed.workspace, user_id=heir.id, role="admin")
    erase_user(billed.world, billed.world.expect(User, billed.actor.user_id))
    text = everything(billed.world)
    assert "jonas@example.com" in text
    assert "mara@example.com" not in text
    assert "Mara Lindqvist" not in text
    assert [one.paid_cents for one in billed.invoices] == [49_900]
    assert billed.status() == "active"


def test_a_purge_drops_the_queries_of_the_pages_that_stripe_led_back_to() -> None:
    billed = Billed()
    billed.subscribe("team")
    lifecycle.move(billed.world, to=billed.world.now + DAY)
    subscriptions.end_subscription(
        billed.world, billed.subscription, reason="cancellation_requested"
    )
    heir = accounts.create_user(
        billed.world, email="jonas@example.com", password=None, name="Jonas", metadata="{}"
    )
    workspaces.join(billed.world, billed.workspace, user_id=heir.id, role="admin")
    told = "?who=mara.private#mara.private"
    session = checkout.open_checkout(
        billed.world,
        billed.actor,
        workspace=billed.workspace,
        plan="team",
        interval="month",
        success_url=f"http://localhost:3000/ok{told}",
        cancel_url=f"http://localhost:3000/back{told}",
    )
    checkout.expire_checkout(billed.world, session.id)
    portal.open_portal(
        billed.world,
        billed.actor,
        workspace=billed.workspace,
        return_url=f"http://localhost:3000/billing{told}",
    )
    assert "mara.private" in everything(billed.world)
    erase_user(billed.world, billed.world.expect(User, billed.actor.user_id))
    text = everything(billed.world)
    assert "mara.private" not in text
    assert "http://localhost:3000/ok'" in text


def test_a_workspace_that_goes_with_its_owner_ends_its_subscription_and_keeps_its_accounts() -> (
    None
):
    billed = Billed()
    billed.subscribe()
    erase_user(billed.world, billed.world.expect(User, billed.actor.user_id))
    assert billed.status() == "canceled"
    assert "mara@example.com" not in everything(billed.world)
    assert len(billed.world.all(Invoice, "workspace", billed.workspace_id)) == 1
    billed.advance(days=100)


def test_an_export_tells_what_is_known_of_the_payer() -> None:
    billed = Billed()
    billed.subscribe()
    user = billed.world.expect(User, billed.actor.user_id)
    archive = json.loads(archive_of(billed.world, user))
    [invoice] = billed.invoices
    assert archive["billing"] == [
        {
            "workspace_id": billed.workspace_id,
            "email": "mara@example.com",
            "name": "Mara Lindqvist",
            "cards": [{"brand": "visa", "last_four": "4242"}],
            "invoices": [
                {
                    "number": invoice.number,
                    "status": "paid",
                    "total_cents": 49_900,
                    "created_at": "2026-01-01T00:00:00Z",
                }
            ],
        }
    ]


def test_every_record_that_an_event_can_be_about_has_decided_what_is_personal() -> None:
    assert set(PERSONAL_FIELDS) == set(get_args(BillingObject)) == set(billing_erasure.IDENTIFIES)


@pytest.mark.parametrize("kind", get_args(BillingObject), ids=lambda kind: kind.__name__)
def test_every_field_that_may_name_a_person_is_erased(kind: type[BillingObject]) -> None:
    hints = get_type_hints(kind)
    suspect = {
        name
        for name, hint in hints.items()
        if CardFacts in (hint, *get_args(hint))
        or any(part in name for part in ("email", "name", "user", "url", "phone", "address"))
    }
    assert set(PERSONAL_FIELDS[kind]) == suspect


def test_an_anonymized_record_has_nothing_of_the_person() -> None:
    facts = CardFacts(
        brand="visa",
        last_four="4242",
        exp_month=1,
        exp_year=2030,
        holder="MARA",
        charges="succeed",
    )
    for kind, personal in PERSONAL_FIELDS.items():
        for name, erase in personal.items():
            is_card = CardFacts in (hint := get_type_hints(kind)[name], *get_args(hint))
            erased = erase(facts) if is_card else erase("https://x.test/?who=MARA#MARA")
            assert "MARA" not in repr(erased), (kind, name)
