"""The hosted portal, as a browser uses it."""

from __future__ import annotations

import re

import pytest

from tests.support.checked_client import Emulator
from tests.support.hosted_pages import Hosted, errors


@pytest.fixture
def hosted(demo: Emulator) -> Hosted:
    found = Hosted(demo)
    found.subscribe()
    return found


def test_cancelling_and_resuming(hosted: Hosted) -> None:
    url = hosted.portal()
    assert "1 February 2026" in hosted.client.get(f"{url}/cancel").text
    done = hosted.send(f"{url}/cancel").headers["location"]
    page = hosted.client.get(done).text
    assert "Your subscription will end with its period." in page
    assert "Ends 1 February 2026" in page
    done = hosted.send(f"{url}/resume").headers["location"]
    assert "Your subscription continues." in hosted.client.get(done).text
    assert hosted.send(f"{url}/resume").status_code == 409


def test_a_change_is_shown_before_it_is_taken(hosted: Hosted) -> None:
    hosted.control("/clock/advance", duration="P15DT12H")
    url = hosted.portal()
    page = hosted.client.get(f"{url}/change?choice=team:month").text
    assert "−$249.50" in page
    assert "$24.50" in page
    assert hosted.plan() == ("enterprise", "active")
    assert hosted.send(f"{url}/change", plan="team", interval="month").status_code == 303
    assert hosted.plan() == ("team", "active")
    assert "$225.00 of credit" in hosted.client.get(url).text


def test_a_new_card_pays_what_is_open(hosted: Hosted) -> None:
    hosted.control("/billing/fail-next", count=1)
    hosted.control("/billing/next-invoice")
    assert hosted.plan() == ("enterprise", "past_due")
    url = hosted.portal()
    card = {"number": "4000002500003155", "expiry": "12/30", "cvc": "123", "holder": "Mara"}
    step = hosted.send(f"{url}/card", **card).headers["location"]
    assert hosted.send(step, action="complete").headers["location"].endswith("?done=card")
    [invoice] = re.findall(r'name="invoice" value="([^"]+)"', hosted.client.get(url).text)
    assert hosted.send(f"{url}/pay", invoice=invoice).status_code == 303
    assert hosted.plan() == ("enterprise", "active")


def test_a_card_that_always_asks_pays_after_its_step(hosted: Hosted) -> None:
    url = hosted.portal()
    card = {"number": "4000002760003184", "expiry": "12/30", "cvc": "123", "holder": "Mara"}
    step = hosted.send(f"{url}/card", **card).headers["location"]
    hosted.send(step, action="complete")
    hosted.control("/billing/next-invoice")
    assert hosted.plan() == ("enterprise", "past_due")
    url = hosted.portal()
    [invoice] = re.findall(r'name="invoice" value="([^"]+)"', hosted.client.get(url).text)
    step = hosted.send(f"{url}/pay", invoice=invoice).headers["location"]
    assert "invoice=" in step
    assert hosted.send(step, action="complete").headers["location"].endswith("?done=paid")
    assert hosted.plan() == ("enterprise", "active")


def test_a_declined_card_stays_out(hosted: Hosted) -> None:
    url = hosted.portal()
    card = {"number": "4000000000000002", "expiry": "12/30", "cvc": "123", "holder": "Mara"}
    answer = hosted.send(f"{url}/card", **card)
    assert (answer.status_code, errors(answer.text)) == (402, ["Your card was declined."])
    assert "4242" in hosted.client.get(url).text


def test_an_invoice_is_a_page(hosted: Hosted) -> None:
    [link] = re.findall(r'/stripe/invoices/[^"]+', hosted.client.get(hosted.portal()).text)
    page = hosted.client.get(link).text
    assert "$499.00" in page
    assert "Tabletop Robotics" in page


def test_a_portal_session_ends(hosted: Hosted) -> None:
    url = hosted.portal()
    hosted.control("/clock/advance", seconds=3600)
    assert hosted.client.get(url).status_code == 410
    assert hosted.send(f"{url}/cancel").status_code == 410
