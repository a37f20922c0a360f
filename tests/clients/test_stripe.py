"""The real libraries of Stripe: events are verified and parsed, and calls of the API throw."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
import stripe

from tests.support import node
from tests.support.checked_client import Emulator
from tests.support.hosted_pages import Hosted
from tests.support.messages import golden
from tests.support.server import Running
from tests.support.webhook_receiver import Receiver

Launch = Callable[..., Running]

HERE = Path(__file__).parent


SAID = golden("stripe", "not_implemented", "api", call="GET /v1/subscriptions/sub_x")


def verified(deliveries: list[dict[str, str]]) -> list[dict[str, Any]]:
    """What the library makes of deliveries; it throws where it refuses one."""
    done = subprocess.run(
        ["node", "verify_stripe.mjs"],
        cwd=HERE,
        input=json.dumps(deliveries),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("is_wall_clock", [False, True], ids=["virtual", "wall"])
@pytest.mark.parametrize(
    "named",
    [{}, {"headers": {"X-Emulator-World": "named"}}, {"prefix": "/_w/named"}],
    ids=["by-default", "by-header", "by-prefix"],
)
def test_the_npm_library_reads_a_life(is_wall_clock: bool, named: dict[str, Any]) -> None:
    hosted = Hosted(Emulator("demo", is_wall_clock=is_wall_clock), **named)
    world = "named" if named else "default"
    assert hosted.client.get("/api/auth/session").headers["x-emulator-world"] == world
    with Receiver() as receiver:
        secret = hosted.control("/webhooks", url=receiver.url)["secret"]
        hosted.subscribe("team")
        hosted.control("/billing/end-trial")
        hosted.portal()
        hosted.control("/billing/fail-next", count=1)
        if not is_wall_clock:
            hosted.control("/billing/next-invoice")
            hosted.control("/billing/pay")
        hosted.control("/billing/refund")
        hosted.control("/billing/cancel")
        hosted.control("/settle")
        sent = [
            {
                "body": body.decode(),
                "signature": headers["stripe-signature"],
                "secret": secret,
            }
            for body, headers in receiver.got
        ]
        kinds = [one.type for one in receiver.events(secret)]
    assert [one["type"] for one in verified(sent)] == kinds
    assert kinds[-1] == "customer.subscription.deleted"
    assert {"invoice.paid", "charge.refunded", "billing_portal.session.created"} <= set(kinds)


def asked(server: Running) -> list[tuple[str, int]]:
    """Return the operation and status of what came to the surface, each retry included."""
    answer = httpx2.get(f"{server.url}/_emulator/requests?surface=stripe")
    return [(one["operation"], one["status"]) for one in answer.json()["items"]]


def test_a_call_of_the_npm_librarys_api_throws_at_once(launch: Launch) -> None:
    server = launch("--seed", "empty")
    error = node.ask(HERE / "programs" / "stripe.mjs", url=server.url)
    assert error == {
        "type": "StripeAPIError",
        "status": 501,
        "code": "not_implemented",
        "message": SAID,
    }
    assert asked(server) == [("GET /v1/*", 501)]


def test_a_call_of_the_python_librarys_api_raises_at_once(launch: Launch) -> None:
    server = launch("--seed", "empty")
    client = stripe.StripeClient(
        "sk_test_x", base_addresses={"api": server.url}, max_network_retries=2
    )
    with pytest.raises(stripe.APIError) as raised:
        client.v1.subscriptions.retrieve("sub_x")
    assert (raised.value.http_status, raised.value.user_message) == (501, SAID)
    assert asked(server) == [("GET /v1/*", 501)]


def test_the_secret_that_is_printed_verifies_the_events_of_every_world(
    launch: Launch,
) -> None:
    with Receiver() as receiver:
        running = launch("--seed", "past-due", "--webhook", receiver.url)
        secret = running.ready["env"]["STRIPE_WEBHOOK_SECRET"]
        with httpx2.Client(base_url=f"{running.url}/_emulator") as control:
            control.post("/worlds", json={"name": "trial", "from": "trialing"})
            for world in ("default", "trial"):
                headers = {"X-Emulator-World": world}
                control.post("/billing/next-invoice", headers=headers).raise_for_status()
                control.post("/settle", headers=headers)
            control.post("/reset", json={"seed": "trialing"}).raise_for_status()
            control.post("/billing/next-invoice").raise_for_status()
            settled = control.post("/settle").json()
        sent = [
            {"body": body.decode(), "signature": headers["stripe-signature"], "secret": secret}
            for body, headers in receiver.got
        ]
        kinds = [one.type for one in receiver.events(secret)]
    assert [one["type"] for one in verified(sent)] == kinds
    assert kinds.count("invoice.paid") == 2
    assert "invoice.payment_failed" in kinds
    # So does it what the control plane itself was sent.
    own = [one for one in settled["items"] if one["endpoint"] == "own"]
    assert own
    for one in own:
        signature = one["attempts"][0]["stripe-signature"]
        verified([{"body": one["body"], "signature": signature, "secret": secret}])
