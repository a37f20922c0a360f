"""A dashboard's way to the hosted pages, without a browser."""

from __future__ import annotations

import re
from typing import Any

import httpx2
from starlette.testclient import TestClient

from tests.support.checked_client import ORIGIN, Emulator

SUCCESS = "http://localhost:3000/billing?session={CHECKOUT_SESSION_ID}"
CANCEL = "http://localhost:3000/pricing"
GOOD = "4242424242424242"


class Hosted:
    """A signed-in owner and the pages it is sent to."""

    def __init__(
        self, emulator: Emulator, *, prefix: str = "", headers: dict[str, str] | None = None
    ) -> None:
        """Sign in to a world that the path's `prefix` or the `headers` of every call may name."""
        self.emulator = emulator
        self.client: TestClient = emulator.client()
        if emulator.settings.is_wall_clock:
            # The laws are of the virtual clock; the other moves with every call.
            self.client = TestClient(emulator.app, base_url=ORIGIN)
        self.client.base_url = httpx2.URL(ORIGIN + prefix)
        self.client.headers.update(headers or {})
        email, password = emulator.worlds.planted.logins[0]
        self.client.post("/api/auth/login", json={"email": email, "password": password})

    def checkout(self, plan: str = "enterprise", interval: str = "month") -> str:
        answer = self.client.post(
            "/api/cloud/billing/checkout",
            json={
                "plan": plan,
                "interval": interval,
                "success_url": SUCCESS,
                "cancel_url": CANCEL,
            },
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["url"])

    def portal(self) -> str:
        answer = self.client.post("/api/cloud/billing/portal", json={"return_url": CANCEL})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["url"])

    def pay(self, url: str, number: str = GOOD, **fields: str) -> httpx2.Response:
        typed = {
            "email": "mara@example.com",
            "number": number,
            "expiry": "12 / 30",
            "cvc": "123",
            "holder": "Mara Lindqvist",
            "action": "pay",
        }
        return self.client.post(url, data=typed | fields, follow_redirects=False)

    def subscribe(self, plan: str = "enterprise") -> None:
        answer = self.pay(self.checkout(plan))
        assert answer.status_code == 303, answer.text

    def portal_opened(self) -> None:
        """Cause one event: the portal of a subscription that began unheard."""
        self.control("/webhooks/behaviour", drop=12)
        self.subscribe()
        self.portal()

    def send(self, url: str, **fields: str) -> httpx2.Response:
        return self.client.post(url, data=fields, follow_redirects=False)

    def control(self, path: str, **members: Any) -> dict[str, Any]:
        answer = self.client.post(f"/_emulator{path}", json=members)
        assert answer.status_code < 300, answer.text
        return dict(answer.json())

    @property
    def workspace(self) -> dict[str, Any]:
        items = self.client.get("/api/cloud/workspaces").json()["items"]
        return next(one for one in items if one["slug"] == "tabletop-robotics")

    def plan(self) -> tuple[str, str | None]:
        """The plan by which the control plane goes, and the status that it knows of."""
        workspace = self.workspace
        return workspace["plan"], workspace["subscription_status"]


def errors(page: str) -> list[str]:
    """The errors that a page shows, in order."""
    return re.findall(r'<p [^>]*role="alert">([^<]*)</p>', page)
