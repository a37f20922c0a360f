"""The gate's steps of billing: hosted pages, plans, webhooks, and a month that passes.

Who pays is a stranger: whoever opens the link of a hosted page has no cookie and no header that
names a world.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.support.transcripts import Transcript
from tests.support.webhook_receiver import Receiver

CHECKOUT = {
    "plan": "enterprise",
    "interval": "month",
    "success_url": "http://localhost:3000/billing?session={CHECKOUT_SESSION_ID}",
    "cancel_url": "http://localhost:3000/pricing",
}
CARD = {
    "email": "mara@example.com",
    "number": "4242 4242 4242 4242",
    "expiry": "12 / 30",
    "cvc": "123",
    "holder": "Mara Lindqvist",
}
DECLINED = {**CARD, "number": "4000 0000 0000 0002"}
ASKS_FIRST = {**CARD, "number": "4000 0025 0000 3155"}
FAILS_LATER = {**CARD, "number": "4000 0000 0000 0341"}


@dataclass
class Paying:
    """Who takes part: the dashboard, a test suite, whoever pays, a consumer of webhooks."""

    browser: Transcript
    suite: Transcript
    stranger: Transcript
    receiver: Receiver
    secret: str = ""
    endpoint: str = ""

    def steps(self) -> Iterator[None]:
        """Play."""
        for part in (
            self.listen,
            self.check_out,
            self.authenticate,
            self.look_after,
            self.renew,
            self.fail,
            self.hold,
            self.leave,
        ):
            yield from part()

    def control(self, path: str, **members: Any) -> httpx2.Response:
        """Ask control for something."""
        return self.suite.call("POST", f"/_emulator{path}", json=members)

    def form(self, url: str, **fields: str) -> httpx2.Response:
        """Send a form of a hosted page."""
        return self.stranger.call("POST", url, data=fields)

    def hear(self) -> None:
        """Write down what the consumer got once nothing is on its way to it."""
        self.suite.hear(self.receiver, self.secret)

    def portal(self) -> str:
        """Open the portal from the dashboard."""
        back = {"return_url": "http://localhost:3000/billing"}
        answer = self.browser.call("POST", "/api/cloud/billing/portal", json=back)
        return str(answer.json()["url"])

    def listen(self) -> Iterator[None]:
        """A consumer of webhooks is registered, on a port that is another in each world."""
        say, path = self.suite.call, "/_emulator/webhooks"
        # The first two events meet a consumer that is down, and are sent again in time.
        self.receiver.answers += [500, 503]
        say("GET", path)
        say("POST", path, json={"url": "http://elsewhere.example/hooks"})
        wanted = {"url": self.receiver.url}
        made = say("POST", path, json=wanted, sets_apart=True).json()
        self.endpoint, self.secret = made["id"], made["secret"]
        say("POST", path, json=wanted)
        say("GET", path)
        yield

    def check_out(self) -> Iterator[None]:
        """A checkout is opened by the dashboard and paid by a stranger, who fails at first."""
        say, see = self.browser.call, self.stranger.call
        path = "/api/cloud/billing/checkout"
        say("POST", "/api/cloud/billing/portal", json={"return_url": "http://localhost:3000/"})
        say("POST", path, json={**CHECKOUT, "plan": "free"})
        say("POST", path, json={**CHECKOUT, "interval": "week"})
        session = say("POST", path, json=CHECKOUT).json()
        url = session["url"]
        yield
        see("GET", url)
        see("HEAD", url)
        self.form(url, **{**CARD, "number": "1234"})
        self.form(url, **DECLINED)
        yield
        self.form(url, **CARD)
        see("GET", url)
        self.form(url, **CARD)
        see("GET", f"/stripe/checkout/x{session['id']}")
        yield
        say("GET", "/api/cloud/workspaces")
        say("POST", path, json=CHECKOUT)
        self.control("/clock/advance", seconds=600)
        self.hear()

    def authenticate(self) -> Iterator[None]:
        """Another workspace begins a trial, with a card whose bank asks first."""
        lab = self.browser.call("GET", "/api/cloud/workspaces").json()["items"][0]
        answer = self.browser.call(
            "POST",
            "/api/cloud/billing/checkout",
            json={**CHECKOUT, "plan": "team"},
            headers={"X-Workspace-Id": lab["id"]},
        )
        step = self.form(answer.json()["url"], **ASKS_FIRST).headers["location"]
        yield
        self.stranger.call("GET", step)
        self.form(step, action="fail")
        self.form(answer.json()["url"], **ASKS_FIRST)
        self.form(step, action="complete")
        yield
        self.suite.call("GET", f"/_emulator/billing?workspace={lab['id']}")
        self.hear()

    def look_after(self) -> Iterator[None]:
        """The portal: another plan, another card, cancelled and resumed."""
        see, url = self.stranger.call, self.portal()
        see("GET", url)
        see("GET", f"{url}/plans")
        see("GET", f"{url}/change?choice=team:month")
        see("GET", f"{url}/change?choice=team:week")
        self.form(f"{url}/change", plan="enterprise", interval="month")
        done = self.form(f"{url}/change", plan="team", interval="month").headers["location"]
        see("GET", done)
        yield
        self.form(f"{url}/card", **DECLINED)
        done = self.form(f"{url}/card", **{**CARD, "holder": "M. Lindqvist"}).headers["location"]
        see("GET", done)
        yield
        see("GET", f"{url}/cancel")
        see("GET", self.form(f"{url}/cancel").headers["location"])
        self.form(f"{url}/cancel")
        see("GET", self.form(f"{url}/resume").headers["location"])
        self.form(f"{url}/resume")
        yield
        see("GET", f"{url}/change?choice=enterprise:year")
        done = self.form(f"{url}/change", plan="enterprise", interval="month").headers["location"]
        see("GET", done)
        self.browser.call("GET", "/api/cloud/workspaces")
        for link in dict.fromkeys(re.findall(r'/stripe/invoices/[^"]+', see("GET", url).text)):
            see("GET", link)
        yield

    def renew(self) -> Iterator[None]:
        """A month passes, with nothing waited for before: trials end, invoices are collected."""
        url = self.portal()
        self.control("/clock/advance", duration="P1M")
        self.stranger.call("GET", url)
        self.hear()
        yield
        events = self.suite.call("GET", "/_emulator/events?limit=20").json()
        self.suite.call("GET", f"/_emulator/events?limit=3&cursor={events['next_cursor']}")
        self.suite.call("GET", "/_emulator/events?type=invoice.paid")
        event = events["items"][0]["id"]
        self.suite.call("GET", f"/_emulator/events/{event}")
        self.control(f"/events/{event}/redeliver", endpoint=self.endpoint)
        self.hear()
        yield

    def fail(self) -> Iterator[None]:
        """A renewal that cannot be collected: past due, tried again in vain, then paid by hand."""
        self.control("/billing/fail-next", count=2)
        self.control("/billing/next-invoice")
        self.browser.call("GET", "/api/cloud/workspaces")
        self.control("/billing/next-invoice")
        yield
        page = self.stranger.call("GET", url := self.portal()).text
        [invoice] = re.findall(r'name="invoice" value="([^"]+)"', page)
        self.form(f"{url}/card", **FAILS_LATER)
        self.form(f"{url}/pay", invoice=invoice)
        self.form(f"{url}/card", **CARD)
        yield
        self.stranger.call("GET", self.form(f"{url}/pay", invoice=invoice).headers["location"])
        self.browser.call("GET", "/api/cloud/workspaces")
        self.control("/billing/refund", amount_cents=100)
        self.hear()

    def hold(self) -> Iterator[None]:
        """The control plane hears late that a subscription is over; others hear oddly."""
        self.control("/webhooks/behaviour", drop=1, duplicate=1, delay_seconds=60)
        self.control("/webhooks/own/hold")
        self.control("/billing/cancel")
        self.browser.call("GET", "/api/cloud/workspaces")
        self.suite.call("GET", "/_emulator/deliveries")
        yield
        self.control("/webhooks/own/release")
        self.browser.call("GET", "/api/cloud/workspaces")
        self.control("/clock/advance", seconds=60)
        self.hear()
        self.control("/webhooks/behaviour", delay_seconds=0)

    def leave(self) -> Iterator[None]:
        """The consumer is forgotten, and hears of nothing more."""
        path = f"/_emulator/webhooks/{self.endpoint}"
        self.suite.call("DELETE", path, sets_apart=True)
        self.suite.call("DELETE", path)
        yield
        self.browser.call("POST", "/api/cloud/billing/checkout", json=CHECKOUT)
        self.hear()
        # Every delivery there was, with its attempts.
        self.control("/settle")
