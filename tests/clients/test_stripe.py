"""The real npm library verifies and parses every event of a year, in both clock modes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.lawful import Emulator
from tests.receiver import Receiver
from tests.surfaces.stripe.hosted import Hosted

HERE = Path(__file__).parent


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
