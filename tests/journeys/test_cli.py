"""The CLI's journey: a key from the dashboard, an upload, and the run in the dashboard's list."""

from __future__ import annotations

from collections.abc import Callable

import httpx2
import pytest

from tests.support.cli_client import Cli
from tests.support.server import Running

SERVED_SEED = "onboarding"

Browse = Callable[[Running], httpx2.Client]

RUN = {
    "client_run_id": "nightly-1",
    "name": "Nightly",
    "adapter_id": "openpi",
    "task": "eval",
    "status": "running",
    "started_at": "2026-01-01T00:00:00Z",
    "model": "dreamerv3",
}


@pytest.fixture
def owner(shared_server: Running, browse: Browse) -> httpx2.Client:
    """The seed's one person, signed in, in a world as fresh as the seed."""
    browser = browse(shared_server)
    browser.post("/_emulator/reset").raise_for_status()
    browser.post("/api/auth/login", json=shared_server.ready["logins"][0]).raise_for_status()
    return browser


def test_what_the_cli_syncs_once_and_again_is_one_run_in_the_dashboards_list(
    shared_server: Running, owner: httpx2.Client
) -> None:
    issued = owner.post("/api/cloud/api-keys", json={"name": "my laptop"})
    assert issued.status_code == 201
    cli = Cli(shared_server.ready["env"]["WORLDFLUX_CLOUD_API_URL"], issued.json()["secret"])

    status, run = cli.answer("POST", "/api/sync/runs", RUN)
    assert (status, run["name"], run["extra"]) == (201, "Nightly", {"model": "dreamerv3"})
    assert cli.answer("POST", "/api/sync/runs", RUN) == (200, run)

    done = RUN | {"status": "succeeded", "finished_at": "2026-01-01T00:10:00Z"}
    status, finished = cli.answer("POST", "/api/sync/runs", done)
    assert (status, finished["id"]) == (200, run["id"])
    assert (finished["status"], finished["duration_seconds"]) == ("succeeded", 600.0)

    with pytest.raises(RuntimeError, match=r"\(POST /api/sync/runs, status=409\)"):
        cli.call("POST", "/api/sync/runs", done | {"name": "Another"})

    assert owner.get("/api/cloud/runs").json() == {"items": [finished], "next_cursor": None}
    assert cli.call("GET", "/api/runs") == {"items": [finished], "next_cursor": None}
    assert cli.call("DELETE", f"/api/runs/{run['id']}") == {}
    assert owner.get("/api/cloud/runs").json() == {"items": [], "next_cursor": None}


def test_a_key_is_refused_when_its_time_is_over(
    shared_server: Running, owner: httpx2.Client
) -> None:
    wanted = {"name": "short-lived", "expires_at": "2026-01-02T00:00:00Z"}
    cli = Cli(shared_server.url, owner.post("/api/cloud/api-keys", json=wanted).json()["secret"])
    owner.post("/_emulator/clock/advance", json={"duration": "PT23H59M59.999999S"})
    assert cli.call("GET", "/api/me")["email"] == "nia@example.com"
    owner.post("/_emulator/clock/advance", json={"seconds": 0.000001})
    with pytest.raises(RuntimeError, match=r"status=401\).*invalid_credentials"):
        cli.call("GET", "/api/me")


def test_a_key_is_refused_when_it_was_revoked(shared_server: Running, owner: httpx2.Client) -> None:
    key = owner.post("/api/cloud/api-keys", json={"name": "CI"}).json()
    cli = Cli(shared_server.url, key["secret"])
    assert cli.call("DELETE", f"/api/api-keys/{key['id']}") == {}
    with pytest.raises(RuntimeError, match=r"status=401\).*invalid_credentials"):
        cli.call("GET", "/api/runs")


def test_the_cli_gets_nowhere_on_the_dashboards_routes(
    shared_server: Running, owner: httpx2.Client
) -> None:
    secret = owner.post("/api/cloud/api-keys", json={"name": "CI"}).json()["secret"]
    with pytest.raises(RuntimeError, match=r"status=401\).*login_required"):
        Cli(shared_server.url, secret).call("GET", "/api/cloud/runs")
