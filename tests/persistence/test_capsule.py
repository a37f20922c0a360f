"""Capsules: what happened in a world is reproduced elsewhere, and a difference is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from emulator.app import build_app
from emulator.cli.replay import replay as command
from emulator.persistence.capsule import FORMAT, VERSION, WARNING
from emulator.persistence.envelope import unwrap, wrap
from emulator.registry.registry import WorldRegistry
from emulator.settings import Settings
from emulator.world.core.refusals import Invalid
from emulator.world.core.times import SECOND
from tests.support.checked_client import Emulator, LawfulClient
from tests.support.messages import golden
from tests.support.replaying import replay

WORLD = "X-Emulator-World"


def story(client: LawfulClient, base: str = "") -> None:
    """Live through what a capsule must be able to tell."""
    token = f"{base}/auth/v1/token?grant_type="
    jonas = {"email": "jonas@example.com", "password": "demo-password"}
    session = client.post(f"{token}password", json=jonas).json()
    client.post(f"{base}/_emulator/clock/advance", json={"duration": "PT1H"})
    refresh = {"refresh_token": session["refresh_token"]}
    client.post(f"{token}refresh_token", json=refresh)
    client.post(f"{base}/api/cloud/projects", json={"name": "Arms"})
    client.head(f"{base}/api/cloud/projects")
    client.options(f"{base}/api/cloud/projects")
    client.post(f"{base}/_emulator/snapshots", json={"name": "kept"})
    client.post(f"{base}/api/e2e/cli-sync", json={"client_run_id": "schön ü"})
    client.post(f"{base}/_emulator/snapshots/kept/restore")
    client.post(f"{base}/api/e2e/cli-sync", content=b"\xff\xfe")
    client.post(f"{base}/api/me", content=b"x" * (10 * 2**20 + 1))
    fault = {"match": {"times": 1}, "then": {"status": 503, "message": "Broken."}}
    client.post(f"{base}/_emulator/faults", json=fault)
    client.get(f"{base}/api/cloud/projects")
    client.get(f"{base}/api/cloud/projects", headers={"Prefer": "code=429"})
    slow = {"match": {"times": 1}, "then": {"latency_ms": 60_000, "recorded": True}}
    client.post(f"{base}/_emulator/faults", json=slow)
    client.get(f"{base}/api/cloud/projects?limit=1")
    client.post(f"{base}/_emulator/sessions/expire", json={})
    client.get(f"{base}/api/cloud/me")


def capsule(client: LawfulClient, world: str = "default") -> bytes:
    return client.get("/_emulator/capsule", headers={WORLD: world}).content


@pytest.mark.parametrize("world", ["default", "named"])
def test_a_story_is_reproduced_to_the_byte(demo: Emulator, world: str) -> None:
    client = demo.client()
    base = f"/_w/{world}"
    login = {"email": "mara@example.com", "password": "demo-password"}
    client.post(f"{base}/api/auth/login", json=login)
    story(client, base)
    raw = capsule(client, world)
    count = len(demo.worlds.get(world).journal)
    result = replay(raw)
    assert (result.difference, result.same, result.total) == (None, count, count)
    assert count > 10


def test_a_world_of_another_seed_a_fork_and_a_short_journal_are_reproduced(
    demo: Emulator,
) -> None:
    client = demo.client()
    client.post("/_emulator/worlds", json={"name": "edge", "from": "quota-edge"})
    client.post("/api/e2e/cli-sync", json={"client_run_id": "before"})
    client.post("/_emulator/worlds/default/fork", json={"name": "fork"})
    client.delete("/_emulator/requests")
    for world in ("edge", "fork", "default"):
        answer = client.post(f"/_w/{world}/api/e2e/cli-sync", json={"client_run_id": "one more"})
        assert answer.status_code in (201, 402)
        result = replay(capsule(client, world))
        assert (result.difference, result.same) == (None, 1)


def test_a_capsule_says_what_it_holds_and_holds_requests_whole(demo: Emulator) -> None:
    client = demo.signed_in()
    said = orjson.loads(capsule(client))
    assert (said["format"], said["version"]) == (FORMAT, VERSION)
    assert said["content"]["warning"] == WARNING
    assert said["content"]["seed"]["text"] == Path("seeds/demo.yaml").read_text("utf-8")
    body = orjson.loads(said["content"]["calls"][0]["request"]["body"]["text"])
    assert body == {"email": "mara@example.com", "password": "demo-password"}


def test_wall_time_is_reproduced() -> None:
    now = [1_900_000_000 * SECOND]
    settings = Settings(is_wall_clock=True)
    worlds = WorldRegistry(settings, "demo", now=lambda: now[0])
    client = TestClient(build_app(worlds), base_url=settings.public_url)
    login = {"email": "mara@example.com", "password": "demo-password"}
    client.post("/api/auth/login", json=login)
    now[0] += 10 * SECOND
    assert client.get("/api/cloud/me").status_code == 200
    now[0] += 4000 * SECOND
    # The session is renewed on the way, as the dashboard's middleware would.
    assert client.get("/api/cloud/me").status_code == 200
    result = replay(client.get("/_emulator/capsule").content)
    assert (result.difference, result.same) == (None, 3)


def test_a_jump_may_give_a_unique_key_to_another_record(demo: Emulator) -> None:
    client = demo.client()

    def sign_up(*names: str) -> None:
        for name in names:
            said = {"email": f"{name}@x.test", "password": "a-password"}
            assert client.post("/auth/v1/signup", json=said).status_code == 200

    sign_up("a", "b")
    client.post("/_emulator/snapshots", json={"name": "kept"})
    first = client.get("/_emulator/requests").json()["items"][-1]["id"]
    client.post(f"/_emulator/requests/{first}/rewind")
    sign_up("b", "a")
    client.post("/_emulator/snapshots/kept/restore")
    client.get("/auth/v1/settings")
    result = replay(capsule(client))
    assert (result.difference, result.same) == (None, 3)


def altered(raw: bytes, change: Any, *, version: int = VERSION) -> bytes:
    """Return a capsule with its content changed by a function."""
    content = orjson.loads(unwrap(FORMAT, VERSION, raw)[1])
    change(content)
    return wrap(FORMAT, version, orjson.dumps(content))


def test_the_first_difference_is_named(demo: Emulator) -> None:
    client = demo.signed_in()
    client.get("/api/cloud/me")
    client.get("/api/cloud/workspaces")
    raw = capsule(client)

    def body(content: Any) -> None:
        answer = content["calls"][1]["answer"]["body"]
        answer["text"] = answer["text"].replace("Mara", "Sara")
        content["calls"][2]["answer"]["status"] = 500

    def status(content: Any) -> None:
        content["calls"][2]["answer"]["status"] = 500

    def header(content: Any) -> None:
        headers = content["calls"][0]["answer"]["headers"]
        content["calls"][0]["answer"]["headers"] = [
            [name, "text/plain" if name == "content-type" else value] for name, value in headers
        ]

    def date(content: Any) -> None:
        content["calls"][0]["answer"]["headers"].append(["date", "yesterday"])

    def digest(content: Any) -> None:
        content["calls"][0]["digest"] = "0" * 32

    def start(content: Any) -> None:
        content["seed"]["text"] += "\nentropy: another\n"

    def named(change: Any) -> tuple[int, str | None]:
        result = replay(altered(raw, change))
        return result.same, None if result.difference is None else result.difference.what

    assert named(body) == (1, golden("all", "replay", "body"))
    assert named(status) == (2, golden("all", "replay", "status"))
    assert named(header) == (0, golden("all", "replay", "header"))
    assert named(digest) == (0, golden("all", "replay", "digest-after"))
    assert named(start) == (0, golden("all", "replay", "digest"))
    assert named(date) == (3, None)


def test_a_capsule_of_version_1_is_compared_without_digests(demo: Emulator) -> None:
    client = demo.signed_in()
    client.get("/api/cloud/me")
    raw = capsule(client)

    def digests(content: Any) -> None:
        content["start"]["digest"] = content["calls"][0]["digest"] = "0" * 32

    def status(content: Any) -> None:
        digests(content)
        content["calls"][1]["answer"]["status"] = 500

    assert replay(altered(raw, digests)).same == 0
    assert replay(altered(raw, digests, version=1)).difference is None
    difference = replay(altered(raw, status, version=1)).difference
    assert difference is not None
    assert difference.what == golden("all", "replay", "status")


def test_what_happened_before_a_purge_is_not_in_it(demo: Emulator) -> None:
    client = demo.client()
    login = {"email": "jonas@example.com", "password": "demo-password"}
    client.post("/api/auth/login", json=login)
    service = client.get("/_emulator/worlds/default").json()["service_role_key"]
    jonas = "a0000000-0000-4000-8000-000000000002"
    admin = {"Authorization": f"Bearer {service}"}
    client.delete(f"/auth/v1/admin/users/{jonas}", headers=admin)
    client.cookies.clear()
    client.get("/api/cloud/me")
    raw = capsule(client)
    content = orjson.loads(unwrap(FORMAT, VERSION, raw)[1])
    assert [call["request"]["path"] for call in content["calls"]] == ["/api/cloud/me"]
    assert jonas not in orjson.dumps([content["calls"], content["start"]]).decode()
    assert replay(raw).difference is None


def test_a_capsule_that_a_tool_laid_out_anew_is_still_one(demo: Emulator) -> None:
    client = demo.client()
    run = {"client_run_id": "ü", "cost_estimate_usd": 1.0}
    assert client.post("/api/e2e/cli-sync", json=run).status_code == 201
    client.delete("/_emulator/requests")
    client.post("/api/e2e/cli-sync", json={"client_run_id": "two"})
    said = json.loads(capsule(client))
    for raw in (json.dumps(said), json.dumps(said, indent=2, ensure_ascii=False)):
        assert replay(raw.encode()).difference is None


def test_a_bad_file_is_refused(demo: Emulator) -> None:
    raw = capsule(demo.signed_in())
    export = demo.client().get("/_emulator/export").content
    for broken in (b"", export, raw[:-20], altered(raw, lambda content: content.clear())):
        with pytest.raises(Invalid):
            replay(broken)


def test_replay_on_the_command_line(demo: Emulator, tmp_path: Path) -> None:
    client = demo.signed_in()
    client.get("/api/cloud/me")
    raw = capsule(client)

    def run(content: bytes) -> tuple[int, str]:
        path = tmp_path / "some.capsule.json"
        path.write_bytes(content)
        result = CliRunner().invoke(command, [str(path)])
        return result.exit_code, result.output

    def worse(content: Any) -> None:
        content["calls"][1]["answer"]["status"] = 500

    assert run(raw) == (0, golden("cli", "replay", "two-are-the-same"))
    assert run(altered(raw, worse)) == (
        1,
        golden("cli", "replay", "other-status"),
    )
    code, output = run(b"{}")
    assert (code, output) == (
        1,
        golden("cli", "replay", "no-capsule"),
    )
