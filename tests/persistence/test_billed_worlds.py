"""A world that pays, exported and imported, and replayed from a capsule."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner

from emulator.cli.replay import replay as command
from emulator.registry.machine_clock import machine_now
from emulator.wire.stripe.signatures import HEADER, sign
from emulator.world.core.times import SECOND
from emulator.world.records.tables import TABLES
from tests.support.billing_scenario import ASKS_FIRST, CARD, CHECKOUT, DECLINED, FAILS_LATER
from tests.support.checked_client import ORIGIN, Emulator
from tests.support.messages import golden
from tests.support.replaying import replay
from tests.support.server import Running
from tests.support.webhook_receiver import Receiver

WORLD = "X-Emulator-World"
MARA = {"email": "mara@example.com", "password": "demo-password"}
NOBODY = "http://127.0.0.1:9/hooks"
"""An endpoint where nothing listens."""

READS = (
    *("/api/workspaces", "/api/audit/logs?limit=100", "/_emulator/webhooks"),
    *("/_emulator/billing", "/_emulator/events?limit=200", "/_emulator/state"),
)


class Story:
    """A world in which one workspace cannot pay, one is on trial, and one is about to begin."""

    def __init__(self, emulator: Emulator, world: str = "default") -> None:
        self.client = emulator.client()
        self.client.headers[WORLD] = world
        self.client.follow_redirects = False

    def say(self, method: str, path: str, **options: Any) -> Any:
        """Make a call that must go well and return what it said."""
        answer = self.client.request(method, path, **options)
        assert answer.status_code < 400, answer.text
        is_json = answer.headers.get("content-type") == "application/json"
        return answer.json() if is_json else answer

    def download(self, path: str) -> bytes:
        """Return a file that control gives."""
        return self.client.get(f"/_emulator/{path}").content

    def control(self, path: str, **members: Any) -> Any:
        """Ask control for something."""
        return self.say("POST", f"/_emulator{path}", json=members)

    def checkout(self, plan: str, workspace: str | None = None) -> str:
        """Open a checkout and return its page."""
        headers = {} if workspace is None else {"X-Workspace-Id": workspace}
        body = {**CHECKOUT, "plan": plan}
        made = self.say("POST", "/api/cloud/billing/checkout", json=body, headers=headers)
        return str(made["url"])

    def portal(self, workspace: str | None = None) -> str:
        """Open the portal and return its page."""
        headers = {} if workspace is None else {"X-Workspace-Id": workspace}
        body = {"return_url": "http://localhost:3000/"}
        made = self.say("POST", "/api/cloud/billing/portal", json=body, headers=headers)
        return str(made["url"])

    def live(self, endpoint: str = NOBODY) -> None:
        """Live until there is something of every kind, and much that is still to come."""
        self.say("POST", "/api/auth/login", json=MARA)
        self.control("/webhooks", url=endpoint)
        page = self.checkout("enterprise")
        assert self.client.post(page, data=DECLINED).status_code == 402
        self.say("POST", page, data=CARD)
        self.say("GET", page)
        self.control("/clock/advance", duration="P10D")
        portal = self.portal()
        self.say("POST", f"{portal}/change", data={"plan": "team", "interval": "month"})
        self.say("POST", f"{portal}/cancel")
        self.say("POST", f"{portal}/resume")
        self.say("POST", f"{portal}/change", data={"plan": "enterprise", "interval": "month"})
        self.say("POST", f"{portal}/card", data=FAILS_LATER)
        self.control("/billing/next-invoice")
        trial = self.say("POST", "/api/cloud/workspaces", json={"name": "On trial"})["id"]
        step = self.client.post(self.checkout("team", trial), data=ASKS_FIRST).headers["location"]
        self.say("GET", step)
        self.say("POST", step, data={"action": "complete"})
        self.say("POST", f"{self.portal(trial)}/cancel")
        begun = self.say("POST", "/api/cloud/workspaces", json={"name": "Begun"})["id"]
        self.say("POST", self.checkout("enterprise", begun), data=ASKS_FIRST)
        self.say("POST", "/api/cloud/me", json={"action": "export"})
        room = {"meter": "runs", "amount": 2, "key": "job", "ttl_seconds": 86_400}
        key = self.say("POST", "/api/cloud/api-keys", json={"name": "k"})["secret"]
        bearer = {"Authorization": f"Bearer {key}"}
        self.say("POST", "/api/usage/reserve", json=room, headers=bearer)
        run = {"client_run_id": "x", "adapter_id": "openpi", "task": "eval"}
        self.say("POST", "/api/sync/runs", json=run, headers=bearer)
        # What follows is heard late: held from the control plane, and delayed for the others.
        self.control("/webhooks/own/hold")
        self.control("/webhooks/behavior", delay_seconds=3600, duplicate=1, shuffle=True)
        self.control("/billing/cancel", workspace=trial)
        self.portal()


def answers(client: Any, secret: str) -> dict[str, str]:
    """Return what there is to see, with the origin replaced."""
    headers = {"Authorization": f"Bearer {secret}"}
    said = {}
    for path in READS:
        answer = client.get(path, headers=headers if path.startswith("/api") else {})
        assert answer.status_code == 200, answer.text
        said[path] = f"{answer.headers['x-emulator-state']} {answer.text}"
    return said


def test_everything_of_billing_comes_back_in_a_fresh_process_and_goes_on(
    demo: Emulator, launch: Callable[..., Running], tmp_path: Path
) -> None:
    story = Story(demo)
    story.live()
    empty = [spec.name for spec in TABLES if not demo.world.table(spec.record)]
    assert empty == ["rate_windows", "codes", "flows", "mail"]
    secret = demo.worlds.planted.keys[0][1]
    path = tmp_path / "worlds.json"
    path.write_bytes(story.download("export"))
    url = launch("--seed", "empty", "--import", str(path)).url
    here = demo.client()
    alike = {"User-Agent": here.headers["User-Agent"]}
    with httpx2.Client(base_url=url, trust_env=False, timeout=60, headers=alike) as there:

        def compare(what: str) -> None:
            seen = {at: text.replace(url, ORIGIN) for at, text in answers(there, secret).items()}
            assert seen == answers(here, secret), what

        compare("after the import")
        for what, method, at, body in (
            ("held events heard", "POST", "/_emulator/webhooks/own/release", {}),
            ("delayed ones, too", "POST", "/_emulator/clock/advance", {"duration": "PT2H"}),
            ("a payment tried again", "POST", "/_emulator/billing/next-invoice", {}),
            ("all tries over", "POST", "/_emulator/clock/advance", {"duration": "P2M"}),
            ("a checkout", "POST", "/api/auth/login", MARA),
            ("a checkout", "POST", "/api/cloud/billing/checkout", CHECKOUT),
        ):
            mine, other = (one.request(method, at, json=body) for one in (here, there))
            assert mine.status_code < 400, mine.text
            assert other.status_code == mine.status_code
            if at != "/api/auth/login":
                assert other.text.replace(url, ORIGIN) == mine.text
            compare(what)


@pytest.mark.parametrize("world", ["default", "named"])
def test_a_capsule_of_billing_is_reproduced_and_tells_nobody(demo: Emulator, world: str) -> None:
    story = Story(demo, world)
    with Receiver() as receiver:
        story.live(receiver.url)
        story.control("/webhooks/own/release")
        story.control("/clock/advance", duration="P1M")
        story.say("GET", story.portal())
        assert len(receiver.got) > 20
        receiver.got.clear()
        raw = story.download("capsule")
        result = replay(raw)
        assert receiver.got == []
    count = len(demo.worlds.get(world).journal)
    assert (result.difference, result.same, result.total) == (None, count, count)
    assert count > 25


def test_a_webhook_that_a_client_signed_is_good_in_a_replay_however_late(
    demo: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(demo)
    story.say("POST", "/api/auth/login", json=MARA)
    story.say("POST", story.checkout("enterprise"), data=CARD)
    own = story.say("GET", "/_emulator/webhooks")["own"]
    event = story.say("GET", "/_emulator/deliveries")["items"][-1]["body"].encode()
    now = machine_now() // SECOND
    for at_seconds, status in ((now, 200), (now - 1000, 422)):
        signature = sign(event, own["secret"], at_seconds=at_seconds)
        answer = story.client.post(
            "/api/billing/webhook", content=event, headers={HEADER: signature}
        )
        assert answer.status_code == status, answer.text
    path = tmp_path / "billing.capsule.json"
    path.write_bytes(story.download("capsule"))
    with monkeypatch.context() as a_day_later:
        a_day_later.setattr("time.time_ns", lambda: (now + 86_400) * 10**9)
        result = CliRunner().invoke(command, [str(path)])
    assert result.output == golden("cli", "replay", "five-are-the-same")


def paid(demo: Emulator, world: str) -> Story:
    """Return a story in which somebody has paid and the control plane has heard of it."""
    story = Story(demo, world)
    story.control("/snapshots", name="before")
    story.say("POST", "/api/auth/login", json=MARA)
    story.say("POST", story.checkout("enterprise"), data=CARD)
    assert len(story.say("GET", "/_emulator/deliveries")["items"]) == 3
    return story


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/_emulator/worlds/w"),
        ("POST", "/_emulator/reset"),
        ("POST", "/_emulator/snapshots/before/restore"),
        ("POST", "/_emulator/requests/1/rewind"),
        ("POST", "/_emulator/import"),
    ],
)
def test_what_was_delivered_is_forgotten_with_the_state_that_said_so(
    demo: Emulator, method: str, path: str
) -> None:
    export = demo.client().get("/_emulator/export").content
    story = paid(demo, "w")
    story.say(method, path, content=export if path.endswith("import") else b"")
    # Where the world is gone, a new one of its name has nothing of it.
    demo.client().post("/_emulator/worlds", json={"name": "w"})
    assert story.say("GET", "/_emulator/deliveries") == {"items": [], "waiting": []}


def test_what_was_delivered_is_forgotten_with_the_user_whom_it_names(demo: Emulator) -> None:
    story = paid(demo, "default")
    assert MARA["email"] in story.client.get("/_emulator/deliveries").text
    keys = story.say("GET", "/_emulator/worlds/default")
    user = story.say("GET", "/api/cloud/me")["id"]
    bearer = {"Authorization": f"Bearer {keys['service_role_key']}"}
    story.client.cookies.clear()
    story.say("DELETE", f"/auth/v1/admin/users/{user}", headers=bearer)
    assert MARA["email"] not in story.client.get("/_emulator/deliveries").text
    assert MARA["email"] not in story.client.get("/_emulator/events?limit=200").text
