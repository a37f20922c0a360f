"""The hosted checkout, as a browser uses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.seeding.files import find
from tests.support.checked_client import Emulator
from tests.support.hosted_pages import CANCEL, Hosted, errors


@pytest.fixture
def hosted(tmp_path: Path) -> Hosted:
    demo = find("demo").read_text("utf-8")
    slug = "slug: tabletop-robotics\n"
    return Hosted(Emulator.of(demo.replace(slug, f"{slug}    plan: free\n"), tmp_path))


def test_paying_leads_to_the_success_url_with_the_plan_active(hosted: Hosted) -> None:
    url = hosted.checkout()
    page = hosted.client.get(url)
    assert page.status_code == 200
    assert "Pay $499.00" in page.text
    answer = hosted.pay(url)
    session_id = url.rsplit("/", 1)[1]
    assert answer.status_code == 303
    assert answer.headers["location"] == f"http://localhost:3000/billing?session={session_id}"
    assert hosted.plan() == ("enterprise", "active")


def test_a_page_holds_nothing_from_another_host_and_no_script(hosted: Hosted) -> None:
    page = hosted.client.get(hosted.checkout("team")).text
    assert "<script" not in page
    assert "http://" not in page.replace(CANCEL, "")
    assert "https://" not in page


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("4000000000000002", "Your card was declined."),
        ("4000000000009995", "Your card has insufficient funds."),
        ("4000000000000069", "Your card has expired."),
        ("4000000000000127", "Your card’s security code is incorrect."),
        ("4000000000000341", "Your card was declined."),
    ],
)
def test_a_declined_card_is_said_and_leaves_the_page_open(
    hosted: Hosted, number: str, said: str
) -> None:
    url = hosted.checkout()
    answer = hosted.pay(url, number)
    assert (answer.status_code, errors(answer.text)) == (402, [said])
    assert number not in answer.text
    assert hosted.plan() == ("free", None)
    assert hosted.pay(url).status_code == 303


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"email": "mara"}, "Enter an e-mail address, such as you@example.com."),
        ({"number": "4242"}, "Your card number is incomplete."),
        ({"number": "4242424242424241"}, "Your card number is invalid."),
        ({"expiry": "13/30"}, "The expiry month should be 01 to 12."),
        ({"expiry": "12/20"}, "Your card’s expiration date is in the past."),
        ({"expiry": "soon"}, "Write the expiry date as MM / YY."),
        ({"cvc": "1"}, "Your card’s security code is incomplete."),
        ({"holder": " "}, "Enter the name on the card."),
    ],
)
def test_what_was_mistyped_is_said_at_its_field(
    hosted: Hosted, fields: dict[str, str], said: str
) -> None:
    answer = hosted.pay(hosted.checkout(), **fields)
    assert (answer.status_code, errors(answer.text)) == (422, [said])


def test_3d_secure_is_a_step_of_its_own(hosted: Hosted) -> None:
    url = hosted.checkout()
    step = hosted.pay(url, "4000002500003155").headers["location"]
    assert step.endswith("/authenticate")
    assert "Complete authentication" in hosted.client.get(step).text
    failed = hosted.send(step, action="fail")
    assert failed.status_code == 402
    assert "unable to authenticate" in errors(failed.text)[0]
    step = hosted.pay(url, "4000002500003155").headers["location"]
    assert hosted.send(step, action="complete").status_code == 303
    assert hosted.plan() == ("enterprise", "active")


def test_a_trial_may_begin_without_a_card(hosted: Hosted) -> None:
    url = hosted.checkout("team")
    assert "14 days free" in hosted.client.get(url).text
    assert hosted.send(url, email="mara@example.com", action="skip").status_code == 303
    assert hosted.plan() == ("team", "trialing")


def test_a_complete_session_says_so_and_leads_on(hosted: Hosted) -> None:
    url = hosted.checkout()
    hosted.pay(url)
    for page in (hosted.client.get(url), hosted.pay(url)):
        assert page.status_code == 200
        assert "Payment complete" in page.text
        assert "Continue to WorldFlux" in page.text


def test_an_expired_session_says_so_and_leads_back(hosted: Hosted) -> None:
    url = hosted.checkout()
    hosted.control(f"/checkout/{url.rsplit('/', 1)[1]}/expire")
    for page in (hosted.client.get(url), hosted.pay(url)):
        assert page.status_code == 410
        assert "This checkout has expired" in page.text
        assert CANCEL in page.text


def test_the_page_may_return_before_activation(hosted: Hosted) -> None:
    hosted.control("/webhooks/own/hold")
    hosted.subscribe()
    assert hosted.plan() == ("free", None)
    assert hosted.control("/webhooks/own/release") == {"is_held": False, "waiting": 3}
    assert hosted.plan() == ("enterprise", "active")


def test_an_unknown_session_is_a_page_that_says_so(hosted: Hosted) -> None:
    page = hosted.client.get("/stripe/checkout/cs_test_nope")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")


def test_a_subscribed_workspace_is_sent_to_the_portal(hosted: Hosted) -> None:
    hosted.subscribe()
    answer = hosted.client.post(
        "/api/cloud/billing/checkout",
        json={
            "plan": "team",
            "interval": "month",
            "success_url": CANCEL,
            "cancel_url": CANCEL,
        },
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")
    assert "/api/billing/portal" in answer.json()["error"]["message"]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "/billing", "data:text/html,x"])
def test_only_pages_of_the_web_are_led_to(hosted: Hosted, url: str) -> None:
    answer = hosted.client.post("/api/cloud/billing/portal", json={"return_url": url})
    assert answer.json()["error"]["details"]["path"] == "return_url"


MEMBERS = """
users:
  - {email: owner@example.com, password: demo-password}
  - {email: member@example.com, password: demo-password}
workspaces:
  - slug: lab
    name: Lab
    members:
      - {user: owner@example.com, role: owner}
      - {user: member@example.com}
"""


@pytest.mark.parametrize("path", ["checkout", "portal"])
def test_members_may_not_change_what_is_paid_for(tmp_path: Path, path: str) -> None:
    client = Emulator.of(MEMBERS, tmp_path).signed_in(1)
    urls = {"return_url": CANCEL}
    if path == "checkout":
        urls = {"success_url": CANCEL, "cancel_url": CANCEL, "plan": "team", "interval": "month"}
    answer = client.post(f"/api/cloud/billing/{path}", json=urls)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
