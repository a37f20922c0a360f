"""Events, their delivery to a real consumer, and how a test makes that go wrong."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest
import stripe

from emulator.registry.machine_clock import machine_now
from emulator.webhooks.dispatcher import WebhookDispatcher
from emulator.wire.stripe.signatures import HEADER, sign
from emulator.world import lifecycle
from emulator.world.billing import events, webhook_endpoints
from emulator.world.billing.customers import customer_of
from emulator.world.billing.events import EVENT_KINDS, EventKind
from emulator.world.core.times import SECOND
from emulator.world.records.billing import Customer
from tests.support.checked_client import Emulator
from tests.support.hosted_pages import Hosted
from tests.support.messages import golden
from tests.support.server import Running
from tests.support.webhook_receiver import Receiver
from tests.world.billing.test_subscriptions import CREATED

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
    hosted.control("/webhooks/behavior", drop=2, duplicate=1, delay_seconds=60)
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
        hosted.control("/webhooks/behavior", shuffle=True)
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
    hosted.control(f"/events/{event['id']}/redeliver")
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
    ("header", "case"),
    [
        (None, "no-signature"),
        ("t=1,v1=abc", "another-signature"),
        ("t=x,v1=é".encode("latin-1"), "broken-signature"),
    ],
)
def test_an_unsigned_event_is_refused(hosted: Hosted, header: Any, case: str) -> None:
    headers = {} if header is None else {"Stripe-Signature": header}
    answer = hosted.client.post("/api/billing/webhook", content=b'{"id": "evt_1"}', headers=headers)
    assert answer.status_code == 422
    assert answer.json()["detail"]["message"] == golden("upstream", "webhook", case)


@pytest.mark.parametrize("settles_between", [True, False])
def test_the_log_is_the_same_however_late_a_delivery_leaves(
    demo: Emulator, receiver: Receiver, settles_between: bool
) -> None:
    hosted = Hosted(demo)
    hosted.subscribe()
    world, dispatcher = demo.world, WebhookDispatcher(demo.settings, now=machine_now)
    customer = customer_of(world, hosted.workspace["id"])
    assert customer is not None
    receiver.answers += [500]
    webhook_endpoints.add_endpoint(world, url=receiver.url)

    def tell(*kinds: EventKind) -> None:
        for kind in kinds:
            events.emit(world, kind, customer, workspace_id=customer.workspace_id)
        dispatcher.enqueue_due(world)

    tell("customer.created", "customer.updated")
    if settles_between:
        asyncio.run(dispatcher.drain(world))
    lifecycle.move(world, to=world.now + 600 * SECOND)
    tell("customer.updated")
    asyncio.run(dispatcher.drain(world))
    order = [json.loads(body)["type"] for body, _ in receiver.got]
    assert order == ["customer.created", "customer.updated"] * 2
    start = world.now - 600 * SECOND
    moments = [[attempt.at - start for attempt in one.attempts] for one in dispatcher.log(world)]
    assert moments == [[0, 300 * SECOND], [0], [600 * SECOND]]


def test_nobody_waits_for_what_is_on_its_way_from_a_world_that_ends(demo: Emulator) -> None:
    hosted = Hosted(demo)
    hosted.subscribe()
    world, dispatcher = demo.world, WebhookDispatcher(demo.settings, now=machine_now)
    customer = customer_of(world, hosted.workspace["id"])
    assert customer is not None

    async def end_while_waiting(silent: socket.socket) -> None:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/hooks"
        webhook_endpoints.add_endpoint(world, url=url)
        events.emit(world, "customer.updated", customer, workspace_id=customer.workspace_id)
        dispatcher.enqueue_due(world)
        waiting = asyncio.create_task(dispatcher.drain(world))
        connection, _ = await asyncio.get_running_loop().sock_accept(silent)
        dispatcher.world_restarted(world.name)
        for _ in range(20):
            await asyncio.sleep(0)
        assert waiting.done()
        assert dispatcher.log(world) == []
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        asyncio.run(asyncio.wait_for(end_while_waiting(silent), timeout=5))


def payer(hosted: Hosted) -> Customer:
    """Subscribe and return the customer, for events to be about."""
    hosted.subscribe()
    customer = customer_of(hosted.emulator.world, hosted.workspace["id"])
    assert customer is not None
    return customer


@pytest.mark.parametrize(
    "url",
    [
        "http://[x/",
        "http://a\u2100b/",
        "http://localhost:99999/",
        "http://localhost:x/",
        "ftp://a/",
    ],
)
def test_a_url_that_cannot_be_called_is_a_failed_attempt(demo: Emulator, url: str) -> None:
    customer = payer(Hosted(demo))
    world, dispatcher = demo.world, WebhookDispatcher(demo.settings, now=machine_now)
    webhook_endpoints.add_endpoint(world, url=url)
    events.emit(world, "customer.updated", customer, workspace_id=customer.workspace_id)
    dispatcher.enqueue_due(world)
    # Before, this went round and round: the time limit is there to end the test.
    asyncio.run(asyncio.wait_for(dispatcher.drain(world), timeout=5))
    [sending] = dispatcher.log(world)
    [attempt] = sending.attempts
    assert (sending.status, attempt.status) == ("waiting", None)
    assert attempt.error


def test_an_unsignable_delivery_is_a_failed_attempt(demo: Emulator) -> None:
    customer = payer(Hosted(demo))
    world, dispatcher = demo.world, WebhookDispatcher(demo.settings, now=machine_now)
    webhook_endpoints.add_endpoint(world, url="http://localhost:1/", secret="whsec_\ud800")
    events.emit(world, "customer.updated", customer, workspace_id=customer.workspace_id)
    dispatcher.enqueue_due(world)
    asyncio.run(asyncio.wait_for(dispatcher.drain(world), timeout=5))
    assert [one.status for one in dispatcher.log(world)] == ["waiting"]


def to_others(view: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the deliveries that are not for the control plane itself."""
    return [one for one in view["items"] if one["endpoint"] != "own"]


def test_what_is_behind_a_time_out_waits_for_its_retry(receiver: Receiver) -> None:
    hosted = Hosted(Emulator("demo", webhook_timeout_seconds=1))
    secret = listen(hosted, receiver)
    receiver.hangs = 2
    hosted.subscribe()
    view = hosted.control("/settle")
    first, *rest = to_others(view)
    assert [one["error"] for one in first["attempts"]] == [
        golden("control", "webhooks", "no-answer-in-time")
    ]
    assert [one["attempts"] for one in rest] == [[]] * (len(CREATED) - 1)
    for one in (first, *rest):
        assert (one["status"], one["next_attempt_at"]) == ("waiting", "2026-01-01T00:05:00Z")
    assert [one["id"] for one in view["waiting"]] == [one["id"] for one in (first, *rest)]
    assert {one["due"] for one in view["waiting"]} == {"2026-01-01T00:05:00Z"}

    # What happens later waits too, and a second time-out is one as well.
    hosted.control("/billing/fail-next", count=0)
    hosted.portal()
    hosted.control("/clock/advance", duration="PT5M")
    view = hosted.control("/settle")
    assert len(receiver.unanswered) == 2
    assert len(view["waiting"]) == len(CREATED) + 1
    assert {one["due"] for one in view["waiting"]} == {"2026-01-01T01:05:00Z"}

    hosted.control("/clock/advance", duration="PT1H")
    kinds = [one.type for one in receiver.events(secret)]
    assert kinds == [*CREATED, "billing_portal.session.created"]
    view = hosted.control("/settle")
    assert {one["status"] for one in to_others(view)} == {"delivered"}
    assert view["waiting"] == []


def test_every_delivery_to_a_silent_endpoint_fails_in_the_end(receiver: Receiver) -> None:
    hosted = Hosted(Emulator("demo", webhook_timeout_seconds=0.02))
    listen(hosted, receiver)
    receiver.hangs = 1000
    hosted.subscribe()
    hosted.control("/clock/advance", duration="P30D")
    view = hosted.control("/settle")
    sent = to_others(view)
    assert [one["status"] for one in sent[: len(CREATED)]] == ["failed"] * len(CREATED)
    assert [len(one["attempts"]) for one in sent[: len(CREATED)]] == [4] * len(CREATED)
    for before, after in pairwise(sent[: len(CREATED)]):
        assert [one["at"] for one in before["attempts"]] <= [one["at"] for one in after["attempts"]]


def test_an_answer_does_not_wait_for_ever_and_lists_what_is_pending(receiver: Receiver) -> None:
    hosted = Hosted(Emulator("demo", webhook_wait_seconds=0.02))
    listen(hosted, receiver)
    receiver.hangs = 1000
    hosted.subscribe()
    settled = hosted.control("/settle")
    pending = [one for one in to_others(settled) if one["status"] == "pending"]
    assert len(pending) == len(CREATED)
    assert settled["waiting"] == []
    ids = [one["id"] for one in pending]
    for moved in (
        hosted.control("/clock/advance", seconds=1),
        hosted.control("/billing/fail-next", count=0),
    ):
        assert [one["id"] for one in moved["pending"]] == ids
        assert moved["pending"][0] == {
            "id": ids[0],
            "event_id": pending[0]["event_id"],
            "endpoint": pending[0]["endpoint"],
            "due": "2026-01-01T00:00:00Z",
        }


def test_a_removed_endpoint_is_not_sent_what_waited_for_it(receiver: Receiver) -> None:
    hosted = Hosted(Emulator("demo"))
    listen(hosted, receiver)
    receiver.answers = [500]
    hosted.portal_opened()
    [delivery] = to_others(hosted.control("/settle"))
    assert hosted.client.delete(f"/_emulator/webhooks/{delivery['endpoint']}").status_code == 204
    hosted.control("/clock/advance", duration="P1D")
    [delivery] = to_others(hosted.control("/settle"))
    assert (delivery["status"], len(receiver.got)) == ("failed", 1)


@pytest.mark.parametrize(
    ("kind", "case"),
    [
        ("invoice.payed", "kind-near-an-invoices"),
        ("customer.subscription.update", "kind-near-a-subscriptions"),
        ("bogus", "kind-near-none"),
    ],
)
def test_an_unknown_kind_is_refused_with_what_comes_near(
    hosted: Hosted, kind: str, case: str
) -> None:
    answer = hosted.client.post(
        "/_emulator/webhooks",
        json={"url": "http://localhost:1/", "enabled_events": ["invoice.paid", kind]},
    )
    error = answer.json()["error"]
    assert (answer.status_code, error["details"]["path"]) == (422, "enabled_events.1")
    assert error["message"] == "enabled_events.1: " + golden("control", "webhooks", case)


def test_the_kinds_that_can_be_wanted_are_those_that_are_emitted() -> None:
    folder = Path(events.__file__).parent
    texts = [path.read_text("utf-8") for path in folder.glob("*.py") if path.stem != "webhooks"]
    written = {kind for text in texts for kind in re.findall(r'"([a-z_]+(?:\.[a-z_]+)+)"', text)}
    assert set(EVENT_KINDS) - written == set()


def paid_again(hosted: Hosted, world: str) -> None:
    """Have a subscription renewed in a world, which emits events."""
    hosted.client.headers["X-Emulator-World"] = world
    hosted.control("/billing/next-invoice")
    hosted.control("/settle")
    del hosted.client.headers["X-Emulator-World"]


def test_a_webhook_of_the_server_has_one_secret_over_seeds_resets_and_imports(
    receiver: Receiver, tmp_path: Path
) -> None:
    secret = "whsec_of_my_dashboard"
    options: dict[str, Any] = {"webhooks": (receiver.url,), "webhook_secret": secret}
    hosted = Hosted(Emulator("past-due", **options))
    paid_again(hosted, "default")
    hosted.control("/worlds", name="t", **{"from": "trialing"})
    paid_again(hosted, "t")
    hosted.control("/reset", seed="trialing")
    paid_again(hosted, "default")
    # A seed that has another secret for the URL, and an export of a server without `--webhook`.
    pinned = (
        f"webhooks: [{{url: '{receiver.url}', secret: whsec_of_a_seed}}]\n"
        "users: [{email: mara@example.com, password: demo-password}]\n"
        "workspaces: [{slug: a, name: A, members: [{user: mara@example.com, role: owner}],"
        " subscription: {plan: team}}]\n"
    )
    pinning = Hosted(Emulator.of(pinned, tmp_path, **options))
    paid_again(pinning, "default")
    elsewhere = Emulator("trialing")
    exported = elsewhere.client().get("/_emulator/export").content
    hosted.client.post("/_emulator/import", content=exported)
    paid_again(hosted, "default")
    hosted.control("/reset")
    paid_again(hosted, "default")
    sources = [one.created for one in receiver.events(secret) if one.type == "invoice.paid"]
    assert len(sources) == 5  # of the six the first could not be paid
    view = pinning.client.get("/_emulator/webhooks").json()
    assert [view["own"]["secret"], view["items"][0]["secret"]] == [secret, secret]


def test_an_endpoint_keeps_the_secret_that_it_was_given(hosted: Hosted, receiver: Receiver) -> None:
    given = hosted.control("/webhooks", url=receiver.url, secret="whsec_of_this_test")
    assert given["secret"] == "whsec_of_this_test"
    hosted.subscribe()
    hosted.control("/settle")
    assert len(receiver.events("whsec_of_this_test")) == len(CREATED)
    other = hosted.control("/webhooks", url=f"{receiver.url}/2")
    assert other["secret"] == hosted.emulator.settings.webhook_secret


def test_a_url_of_the_server_takes_no_other_secret(receiver: Receiver) -> None:
    hosted = Hosted(Emulator("demo", webhooks=(receiver.url,)))
    [endpoint] = hosted.client.get("/_emulator/webhooks").json()["items"]
    hosted.client.delete(f"/_emulator/webhooks/{endpoint['id']}")
    answer = hosted.client.post(
        "/_emulator/webhooks", json={"url": receiver.url, "secret": "whsec_another_one"}
    )
    assert (answer.status_code, answer.json()["error"]["details"]["path"]) == (422, "secret")


def test_no_state_depends_on_the_secret() -> None:
    url = "http://localhost:1/hooks"
    secrets = ("whsec_one_secret", "whsec_another_secret")
    emulators = [Emulator("demo", webhooks=(url,), webhook_secret=one) for one in secrets]
    assert emulators[0].digests() == emulators[1].digests()


def test_the_control_plane_takes_what_the_servers_secret_signs_in_every_world() -> None:
    hosted = Hosted(Emulator("demo", webhook_secret="whsec_of_my_dashboard"))
    hosted.control("/worlds", name="t", **{"from": "trialing"})
    event = b'{"id":"evt_1","type":"customer.created","data":{"object":{"object":"customer"}}}'
    signature = sign(event, "whsec_of_my_dashboard", at_seconds=machine_now() // SECOND)
    for world in ("default", "t"):
        headers = {HEADER: signature, "X-Emulator-World": world}
        answer = hosted.client.post("/api/billing/webhook", content=event, headers=headers)
        assert answer.json() == {"received": True}


@pytest.mark.parametrize("seed", ["demo", "active"])
def test_a_payment_fails_at_once_where_somebody_pays(seed: str) -> None:
    client = Emulator(seed).client()
    assert client.post("/_emulator/billing/fail-next", json={}).status_code == 200
    shown = client.post("/_emulator/billing/next-invoice", json={}).json()
    assert (shown["subscription"]["status"], shown["invoice"]["status"]) == ("past_due", "open")
    assert client.get("/_emulator/billing").json() == shown
