"""Events, their delivery to a real consumer, and how a test makes that go wrong."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
import stripe

from emulator.wire.courier import Courier
from emulator.world import clock, webhooks
from emulator.world.customers import customer_of
from emulator.world.times import SECOND
from tests.lawful import Emulator
from tests.receiver import Receiver
from tests.running import Running
from tests.surfaces.stripe.hosted import Hosted
from tests.world.test_billing import CREATED

MARA_ID = "a0000000-0000-4000-8000-000000000001"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


@pytest.fixture
def hosted(demo: Emulator) -> Hosted:
    return Hosted(demo)


def listen(hosted: Hosted, receiver: Receiver) -> str:
    """Have events delivered to the receiver and return the secret."""
    return str(hosted.control("/webhooks", url=receiver.url)["secret"])


def test_every_event_is_delivered_signed_in_order_and_once(
    hosted: Hosted, receiver: Receiver
) -> None:
    secret = listen(hosted, receiver)
    hosted.subscribe()
    settled = hosted.control("/settle")
    assert [one.type for one in receiver.events(secret)] == CREATED
    others = [one for one in settled["items"] if one["endpoint"] != "own"]
    assert [one["body"].encode() for one in others] == [body for body, _ in receiver.got]
    assert {one["status"] for one in others} == {"delivered"}
    assert settled["waiting"] == []
    _, headers = receiver.got[0]
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["user-agent"].startswith("Stripe/1.0")


def test_what_was_told_to_the_control_plane_is_in_the_log_too(hosted: Hosted) -> None:
    hosted.subscribe()
    own = hosted.client.get("/_emulator/webhooks").json()["own"]
    items = hosted.control("/settle")["items"]
    assert [one["endpoint"] for one in items] == ["own"] * 3
    for one in items:
        [attempt] = one["attempts"]
        stripe.Webhook.construct_event(one["body"], attempt["stripe-signature"], own["secret"])
        assert attempt["status"] == 200


@pytest.mark.parametrize("clock", ["virtual", "wall"])
def test_a_real_server_delivers_once_it_has_answered(
    launch: Callable[..., Running], receiver: Receiver, clock: str
) -> None:
    running = launch("--seed", "past-due", "--clock", clock, "--webhook", receiver.url)
    [endpoint] = running.ready["webhooks"]
    with httpx2.Client(base_url=f"{running.url}/_emulator") as control:
        control.post("/billing/fail-next", json={"count": 1})
        control.post("/billing/pay", json={})
        control.post("/billing/cancel", json={})
        control.post("/settle")
    kinds = [one.type for one in receiver.events(endpoint["secret"])]
    assert kinds == [
        "charge.failed",
        "payment_intent.payment_failed",
        "invoice.payment_failed",
        "invoice.marked_uncollectible",
        "customer.subscription.deleted",
    ]


def test_a_failed_delivery_is_tried_again_on_the_worlds_clock(
    hosted: Hosted, receiver: Receiver
) -> None:
    secret = listen(hosted, receiver)
    receiver.answers = [500] * 2
    hosted.portal_opened()
    [first] = [one for one in hosted.control("/settle")["items"] if one["endpoint"] != "own"]
    assert (first["status"], first["next_attempt_at"]) == ("waiting", "2026-01-01T00:05:00Z")
    hosted.control("/clock/advance", duration="PT2H")
    [second] = [one for one in hosted.control("/settle")["items"] if one["endpoint"] != "own"]
    assert second["status"] == "delivered"
    assert [(one["at"], one["status"]) for one in second["attempts"]] == [
        ("2026-01-01T00:00:00Z", 500),
        ("2026-01-01T00:05:00Z", 500),
        ("2026-01-01T01:05:00Z", 200),
    ]
    assert len({body for body, _ in receiver.got}) == 1
    assert len(receiver.events(secret)) == 3


def test_knobs_drop_duplicate_and_delay(hosted: Hosted, receiver: Receiver) -> None:
    secret = listen(hosted, receiver)
    hosted.control("/webhooks/behaviour", drop=2, duplicate=1, delay_seconds=60)
    hosted.subscribe()
    hosted.control("/settle")
    assert receiver.got == []
    hosted.control("/clock/advance", seconds=60)
    kinds = [one.type for one in receiver.events(secret)]
    assert kinds == ["customer.updated", *CREATED[2:]]


def test_a_shuffle_is_the_same_every_time(receiver: Receiver) -> None:
    orders = []
    for _ in range(2):
        hosted = Hosted(Emulator("demo"))
        secret = listen(hosted, receiver)
        hosted.control("/webhooks/behaviour", shuffle=True)
        hosted.subscribe()
        hosted.control("/settle")
        orders.append([one.type for one in receiver.events(secret)])
        receiver.got.clear()
    assert orders[0] == orders[1] != CREATED
    assert sorted(orders[0]) == sorted(CREATED)


def test_an_event_can_be_replayed_and_changes_nothing_more(
    hosted: Hosted, receiver: Receiver
) -> None:
    hosted.subscribe()
    listen(hosted, receiver)
    [event] = hosted.client.get("/_emulator/events?type=checkout.session.completed").json()["items"]
    hosted.control(f"/events/{event['id']}/replay")
    hosted.control("/settle")
    [(body, _)] = receiver.got
    assert json.loads(body) == event
    assert hosted.plan() == ("enterprise", "active")


def test_a_url_of_another_machine_is_refused_unless_allowed(hosted: Hosted) -> None:
    answer = hosted.client.post("/_emulator/webhooks", json={"url": "http://example.com/hooks"})
    assert answer.json()["error"]["details"]["path"] == "url"
    other = Hosted(Emulator("demo", allows_remote_webhooks=True))
    assert other.control("/webhooks", url="http://example.com/hooks")["id"].startswith("we_")


def test_a_reset_forgets_what_was_delivered(hosted: Hosted) -> None:
    hosted.subscribe()
    hosted.control("/reset")
    assert hosted.client.get("/_emulator/deliveries").json() == {"items": [], "waiting": []}


def test_the_purge_of_the_payer_leaves_nothing_of_it_in_what_was_sent(
    hosted: Hosted, receiver: Receiver
) -> None:
    secret = listen(hosted, receiver)
    receiver.answers = [500]
    hosted.subscribe()
    before = hosted.control("/settle")
    assert b"mara@example.com" in receiver.got[0][0]
    waiting = {one["event_id"] for one in before["waiting"]}
    waiting |= {one["event_id"] for one in before["items"] if one["status"] == "waiting"}
    keys = hosted.client.get("/_emulator/worlds/default").json()
    purged = hosted.client.delete(
        f"/auth/v1/admin/users/{MARA_ID}",
        headers={"Authorization": f"Bearer {keys['service_role_key']}"},
    )
    assert purged.status_code == 200
    after = hosted.client.get("/_emulator/deliveries")
    assert "mara@example.com" not in after.text
    assert "Mara Lindqvist" not in after.text
    receiver.got.clear()
    hosted.control("/clock/advance", duration="PT1H")
    sent = receiver.events(secret)
    assert waiting <= {one.id for one in sent}
    assert "mara@example.com" not in str(sent)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (None, "Stripe-Signature"),
        ("t=1,v1=abc", "not that of this body"),
        ("t=x,v1=é".encode("latin-1"), "Stripe-Signature"),
    ],
)
def test_an_unsigned_event_is_refused(hosted: Hosted, header: Any, said: str) -> None:
    headers = {} if header is None else {"Stripe-Signature": header}
    answer = hosted.client.post("/api/billing/webhook", content=b'{"id": "evt_1"}', headers=headers)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]["message"]


@pytest.mark.parametrize("settles_between", [True, False])
def test_the_log_is_the_same_however_late_a_delivery_leaves(
    demo: Emulator, receiver: Receiver, settles_between: bool
) -> None:
    hosted = Hosted(demo)
    hosted.subscribe()
    world, courier = demo.world, Courier(demo.settings)
    customer = customer_of(world, hosted.workspace["id"])
    assert customer is not None
    receiver.answers += [500]
    webhooks.add_endpoint(world, url=receiver.url)

    def tell(*kinds: str) -> None:
        for kind in kinds:
            webhooks.emit(world, kind, customer, workspace_id=customer.workspace_id)
        courier.collect(world)

    tell("customer.one", "customer.two")
    if settles_between:
        asyncio.run(courier.settled(world))
    clock.advance(world, by=600 * SECOND)
    tell("customer.three")
    asyncio.run(courier.settled(world))
    order = [json.loads(body)["type"].removeprefix("customer.") for body, _ in receiver.got]
    assert order == ["one", "two", "one", "three"]
    start = world.now - 600 * SECOND
    moments = [[attempt.at - start for attempt in one.attempts] for one in courier.log(world)]
    assert moments == [[0, 300 * SECOND], [0], [600 * SECOND]]


def test_nobody_waits_for_what_is_on_its_way_from_a_world_that_ends(demo: Emulator) -> None:
    hosted = Hosted(demo)
    hosted.subscribe()
    world, courier = demo.world, Courier(demo.settings)
    customer = customer_of(world, hosted.workspace["id"])
    assert customer is not None

    async def end_while_waiting(silent: socket.socket) -> None:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/hooks"
        webhooks.add_endpoint(world, url=url)
        webhooks.emit(world, "customer.told", customer, workspace_id=customer.workspace_id)
        courier.collect(world)
        waiting = asyncio.create_task(courier.settled(world))
        await asyncio.sleep(0.1)
        courier.forget(world.name)
        for _ in range(20):
            await asyncio.sleep(0)
        assert waiting.done()
        assert courier.log(world) == []

    with socket.create_server(("127.0.0.1", 0)) as silent:
        asyncio.run(asyncio.wait_for(end_while_waiting(silent), timeout=5))


@pytest.mark.parametrize("seed", ["demo", "active"])
def test_a_payment_fails_at_once_where_somebody_pays(seed: str) -> None:
    client = Emulator(seed).client()
    assert client.post("/_emulator/billing/fail-next", json={}).status_code == 200
    shown = client.post("/_emulator/billing/next-invoice", json={}).json()
    assert (shown["subscription"]["status"], shown["invoice"]["status"]) == ("past_due", "open")
    assert client.get("/_emulator/billing").json() == shown
