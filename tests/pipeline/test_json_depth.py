"""One limit on the depth of JSON, wherever it is read; what was taken can be shown again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from emulator.persistence.envelope import wrap
from emulator.persistence.export import FORMAT, VERSION
from emulator.wire.json_reader import DEPTH_MAX
from tests.support.checked_client import Emulator
from tests.support.fixture_seed import SECRET, browser, caller, invalid, with_secret
from tests.support.gotrue import admin, bearing, project, visitor
from tests.support.messages import golden

TOO_DEEP = invalid(("", golden("all", "validation_error", "body-nested-too-deeply")))
BAD_JSON = {"code": "bad_json", "message": "Could not parse request body as JSON"}
JSON = {"Content-Type": "application/json"}
LEVELS = (DEPTH_MAX + 1, 254, 1024, 100_000)


def nested(levels: int) -> str:
    """Return JSON that is nested so deeply."""
    return '{"a":' * (levels - 1) + "{}" + "}" * (levels - 1)


def deep(levels: int) -> Any:
    """Return an object that is nested so deeply."""
    return json.loads(nested(levels))


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize(
    "path",
    [
        "/_emulator/reset",
        "/_emulator/worlds",
        "/_emulator/faults",
        "/_emulator/webhooks",
        "/_emulator/clock/advance",
        "/_emulator/billing/fail-next",
        "/api/auth/login",
        "/api/auth/signup",
        "/api/e2e/cli-sync",
    ],
)
def test_a_body_that_is_nested_too_deeply_is_refused_by_control_and_the_bff(
    scene: Emulator, path: str, levels: int
) -> None:
    answer = scene.client().post(path, content=nested(levels), headers=JSON)
    assert (answer.status_code, answer.json()) == (422, {"error": TOO_DEEP})


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("path", ["/api/cloud/me", "/api/cloud/projects", "/api/cloud/shares"])
def test_a_body_that_is_nested_too_deeply_is_refused_to_a_session(
    scene: Emulator, path: str, levels: int
) -> None:
    answer = browser(scene, "ada").post(path, content=nested(levels), headers=JSON)
    assert (answer.status_code, answer.json()) == (422, {"error": TOO_DEEP})


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("path", ["/api/runs", "/api/sync/runs", "/api/usage/reserve"])
def test_a_body_that_is_nested_too_deeply_is_refused_upstream(
    scene: Emulator, path: str, levels: int
) -> None:
    answer = with_secret(scene, SECRET).post(path, content=nested(levels), headers=JSON)
    assert (answer.status_code, answer.json()) == (422, {"detail": TOO_DEEP})


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize(
    "path", ["/auth/v1/signup", "/auth/v1/token?grant_type=password", "/auth/v1/admin/users"]
)
def test_a_body_that_is_nested_too_deeply_is_bad_json_to_supabase(
    tmp_path: Path, path: str, levels: int
) -> None:
    client = admin(project(tmp_path))
    answer = client.post(path, content=nested(levels), headers=JSON)
    assert (answer.status_code, answer.json()) == (400, BAD_JSON)


@pytest.mark.parametrize("levels", [126, 127, 248, 249, 250, 251, 252, 253])
def test_metadata_that_was_taken_is_shown_wherever_its_user_is(tmp_path: Path, levels: int) -> None:
    emulator = project(tmp_path)
    who = {"email": "deep@lab.test", "password": "deep-password"}
    made = admin(emulator).post(
        "/auth/v1/admin/users",
        content=json.dumps({**who, "email_confirm": True, "user_metadata": deep(levels)}),
    )
    assert made.status_code == (200 if levels < DEPTH_MAX else 400)
    users = admin(emulator).get("/auth/v1/admin/users").json()["users"]
    assert len(users) == (3 if levels < DEPTH_MAX else 2)
    if levels < DEPTH_MAX:
        assert users[0]["user_metadata"] == {**deep(levels), "email_verified": True}
        answer = visitor(emulator).post("/auth/v1/token?grant_type=password", json=who)
        token = answer.json()["access_token"]
        assert bearing(emulator, token).get("/auth/v1/user").status_code == 200
        client = emulator.client()
        assert client.post("/api/auth/login", json=who).status_code == 200
        assert client.get("/api/auth/session").status_code == 200


def test_everything_of_a_deep_run_is_shown(scene: Emulator) -> None:
    ada, value = caller(scene, "ada"), deep(DEPTH_MAX - 1)
    run = {"client_run_id": "deep", "name": "deep", "adapter_id": "a", "task": "eval"}
    made = ada.post("/api/sync/runs", json={**run, "x": deep(DEPTH_MAX - 2)})
    assert made.status_code == 201, made.text
    run_id = made.json()["id"]
    for path in ("", "/manifest", "/metrics", "/log"):
        assert ada.get(f"/api/runs/{run_id}{path}").status_code == 200
    share = ada.post("/api/shares", json={"run_id": run_id}).json()
    assert scene.client().get(f"/api/public/shares/{share['token']}").status_code == 200
    kept = ada.post(
        "/api/runs", json={"name": "n", "adapter_id": "a", "task": "eval"} | {"manifest": value}
    )
    assert ada.get(f"/api/runs/{kept.json()['id']}/manifest").json() == value
    raw = scene.client().get("/_emulator/export").content
    elsewhere = Emulator("empty")
    assert elsewhere.client().post("/_emulator/import", content=raw).status_code == 200
    assert elsewhere.digests() == scene.digests()


def imported(raw: bytes) -> httpx2.Response:
    """Return what the import of a file into an empty emulator answers."""
    return Emulator("empty").client().post("/_emulator/import", content=raw)


@pytest.mark.parametrize("levels", LEVELS)
def test_a_file_that_is_nested_too_deeply_is_not_imported(levels: int) -> None:
    for raw in (nested(levels).encode(), wrap(FORMAT, VERSION, nested(levels).encode())):
        answer = imported(raw)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_error")


@pytest.mark.parametrize(
    "metadata", ["[]", "no JSON", nested(200), '{"a":99999999999999999999}', '{"a":NaN}']
)
def test_a_record_whose_json_could_not_be_shown_is_not_imported(metadata: str) -> None:
    raw = Emulator("demo").client().get("/_emulator/export").content
    content = json.loads(raw)["content"]
    for table in content["tables"]:
        for record in table["records"]:
            if "user_metadata" in record:
                record["user_metadata"] = metadata
    answer = imported(wrap(FORMAT, VERSION, json.dumps(content).encode()))
    message = golden("all", "validation_error", "imported-record-is-broken")
    assert (answer.status_code, answer.json()["error"]["message"]) == (422, message)
