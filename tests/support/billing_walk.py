"""The steps of a walk that are about money and room: pages, plans, a late month, reservations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2

from tests.support import fixture_seed

if TYPE_CHECKING:
    from tests.support.random_walk import Step, Walk

PLANS = ("team", "team", "enterprise", "enterprise", "free", "none")
INTERVALS = ("month", "month", "month", "year", "week")
CARDS = (
    *("4242424242424242",) * 6,
    "4000000000000002",
    "4000002500003155",
    "4000002760003184",
    "4000000000000341",
    "42",
)
PAGES = ("", "/plans", "/cancel", "/card", "/authenticate", "/change?choice=team:month", "/none")
OWNER = {"Authorization": f"Bearer {fixture_seed.SECRET}"}
SPANS = ("PT2H", "P4D", "P4D", "P1M")
KEYS = ("job-1", "job-2", "job-3")


def page_in(answer: httpx2.Response) -> tuple[str, str] | None:
    """Return the hosted page that an answer leads to: what it is and its path."""
    path = answer.request.url.path
    for kind in ("checkout", "portal"):
        if path.endswith(f"/billing/{kind}"):
            return kind, urlsplit(answer.json()["url"]).path
    return None


def keyed(walk: Walk) -> dict[str, str]:
    """Return headers that call as the lab's owner, or as somebody."""
    return OWNER if walk.dice.random() < 0.7 else walk.auth()


def open_page(walk: Walk, kind: str) -> httpx2.Response:
    """Open a checkout or the portal, by the dashboard or with whatever credential."""
    back = "http://localhost:3000/back"
    body: dict[str, Any] = {"return_url": back}
    if kind == "checkout":
        plan, interval = walk.dice.choice(PLANS), walk.dice.choice(INTERVALS)
        body = {"plan": plan, "interval": interval, "success_url": back, "cancel_url": back}
    if walk.dice.random() < 0.3:
        return walk.bff("POST", f"/api/cloud/billing/{kind}", body)
    return walk.client().post(f"/api/billing/{kind}", json=body, headers=keyed(walk))


def recent(walk: Walk, kind: str) -> str:
    """Return a page that was opened, mostly the last."""
    return walk.found[kind][-1] if walk.dice.random() < 0.8 else walk.one(kind)


def submit(walk: Walk, path: str, **fields: str) -> httpx2.Response:
    """Send a form of a hosted page, and stay there."""
    return walk.client().post(path, data=fields, follow_redirects=False)


def card(walk: Walk) -> dict[str, str]:
    """Return a card as it is typed, not always a good one."""
    number = walk.dice.choice(CARDS)
    expiry = walk.dice.choice(("12/30", "12/30", "12/30", "1/20"))
    typed = {"email": "payer@example.com", "number": number, "expiry": expiry}
    return {**typed, "cvc": "123", "holder": "Pat"}


def pay(walk: Walk) -> httpx2.Response:
    """Fill in a checkout; now and then, skip the card or do the step that the bank asks for."""
    path = recent(walk, "checkout")
    if walk.dice.random() < 0.2:
        action = walk.dice.choice(("complete", "complete", "fail"))
        return submit(walk, f"{path}/authenticate", action=action)
    action = walk.dice.choice(("pay", "pay", "pay", "skip"))
    return submit(walk, path, action=action, **card(walk))


def look_after(walk: Walk) -> httpx2.Response:
    """Do something in the portal."""
    path = recent(walk, "portal")
    plan, interval = walk.dice.choice(PLANS), walk.dice.choice(INTERVALS)
    forms: tuple[tuple[str, dict[str, str]], ...] = (
        ("change", {"plan": plan, "interval": interval}),
        ("change", {"plan": plan, "interval": interval}),
        ("card", card(walk)),
        ("authenticate", {"action": walk.dice.choice(("complete", "fail"))}),
        ("cancel", {}),
        ("resume", {}),
        ("pay", {"invoice": "none"}),
    )
    name, fields = walk.dice.choice(forms)
    return submit(walk, f"{path}/{name}", **fields)


def control(walk: Walk, path: str, **members: Any) -> httpx2.Response:
    """Ask control for something."""
    return walk.client().post(f"/_emulator{path}", json=members)


def of_some(walk: Walk, action: str) -> httpx2.Response:
    """Do to the billing of some workspace what tests do."""
    return control(walk, f"/billing/{action}", workspace=walk.one("workspace"))


def reserve(walk: Walk) -> httpx2.Response:
    """Hold room, more than there is at times."""
    meter, amount = walk.dice.choice(("runs", "storage_bytes")), walk.dice.choice((1, 1, 10**9))
    body = {"meter": meter, "amount": amount, "key": walk.dice.choice(KEYS)}
    body["ttl_seconds"] = walk.dice.choice((7200, 86_400))
    return walk.client().post("/api/usage/reserve", json=body, headers=keyed(walk))


def end_reservation(walk: Walk) -> httpx2.Response:
    """Use what is held, or give it back."""
    action = walk.dice.choice(("commit", "commit", "revert"))
    body = {"key": walk.dice.choice(KEYS)}
    return walk.client().post(f"/api/usage/{action}", json=body, headers=keyed(walk))


STEPS: tuple[Step, ...] = (
    *((lambda walk: open_page(walk, "checkout")),) * 3,
    *(pay,) * 4,
    lambda walk: walk.client().get(recent(walk, "checkout")),
    *((lambda walk: open_page(walk, "portal")),) * 2,
    *(look_after,) * 4,
    lambda walk: walk.client().get(recent(walk, "portal") + walk.dice.choice(PAGES)),
    lambda walk: of_some(walk, walk.dice.choice(("fail-next", "pay", "end-trial", "refund"))),
    lambda walk: of_some(walk, walk.dice.choice(("next-invoice", "cancel"))),
    lambda walk: control(walk, "/clock/advance", duration=walk.dice.choice(SPANS)),
    lambda walk: control(walk, f"/webhooks/own/{walk.dice.choice(('hold', 'release'))}"),
    lambda walk: walk.client().get(f"/_emulator/billing?workspace={walk.one('workspace')}"),
    *(reserve,) * 2,
    *(end_reservation,) * 2,
)
