"""A workspace that can be billed, without HTTP."""

from __future__ import annotations

from emulator.world import lifecycle
from emulator.world.billing import checkout, entitlement
from emulator.world.billing.cards import GOOD, read_card
from emulator.world.core.access import Actor
from emulator.world.core.times import DAY
from emulator.world.identity import accounts
from emulator.world.records.billing import CheckoutSession, Customer, Event, Invoice, Subscription
from emulator.world.records.types import Interval
from emulator.world.records.workspaces import Workspace
from emulator.world.workspaces import workspaces
from tests.support import world_builder

EPOCH = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z


class Billed:
    """A world with one workspace and its owner."""

    def __init__(self) -> None:
        self.world = world_builder.begin("billing")
        user = accounts.create_user(
            self.world,
            email="mara@example.com",
            password="demo-password",
            name="Mara",
            metadata="{}",
            is_confirmed=True,
        )
        self.actor = Actor(user_id=user.id, session_id="s")
        self.workspace_id = workspaces.open_workspace(self.world, self.actor, name="Lab").id

    @property
    def workspace(self) -> Workspace:
        return self.world.expect(Workspace, self.workspace_id)

    @property
    def subscription(self) -> Subscription:
        return self.world.newest(Subscription, "workspace", self.workspace_id, limit=1)[0]

    @property
    def customer(self) -> Customer:
        found = self.world.find(Customer, "workspace", self.workspace_id)
        assert found is not None
        return found

    @property
    def invoices(self) -> list[Invoice]:
        return self.world.all(Invoice, "workspace", self.workspace_id)

    def status(self) -> str:
        return self.subscription.status

    def kinds(self, *, after: int = 0) -> list[str]:
        return [one.kind for one in self.world.all(Event, "all", ())[after:]]

    def open_checkout(
        self, plan: str = "enterprise", interval: Interval = "month"
    ) -> CheckoutSession:
        return checkout.open_checkout(
            self.world,
            self.actor,
            workspace=self.workspace,
            plan=plan,
            interval=interval,
            success_url="http://localhost:3000/ok",
            cancel_url="http://localhost:3000/back",
        )

    def subscribe(
        self, plan: str = "enterprise", interval: Interval = "month", number: str | None = GOOD
    ) -> Subscription:
        session = self.open_checkout(plan, interval)
        card = number and read_card(
            self.world, number=number, expiry="12/30", cvc="123", holder="Mara Lindqvist"
        )
        checkout.pay_checkout(self.world, session, email="mara@example.com", card=card or None)
        entitlement.receive_waiting(self.world)
        return self.subscription

    def advance(self, *, days: float) -> None:
        lifecycle.move(self.world, to=self.world.now + round(days * DAY))
        entitlement.receive_waiting(self.world)
