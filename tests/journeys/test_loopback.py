"""Every name of this machine leads to the shared_server, and no other name does."""

from __future__ import annotations

import socket

import httpx2
import pytest

from tests.support.server import Running

SERVED_SEED = "onboarding"


def has_ipv6() -> bool:
    """Tell whether this machine can listen on ::1."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", pytest.param("[::1]", marks=needs_ipv6)]
)
def test_each_name_of_this_machine_answers(shared_server: Running, host: str) -> None:
    url = shared_server.url.replace("localhost", host)
    with httpx2.Client(base_url=url) as browser:
        health = browser.get("/_emulator/health")
        assert (health.status_code, health.json()["instance"]) == (
            200,
            shared_server.ready["instance"],
        )
        login = browser.post("/api/auth/login", json=shared_server.ready["logins"][0])
        assert login.status_code == 200
        runs = browser.get("/api/cloud/runs", headers={"Origin": url})
        assert runs.json() == {"items": [], "next_cursor": None}
        assert runs.headers["access-control-allow-origin"] == url


def test_another_name_that_leads_here_is_refused(shared_server: Running) -> None:
    rebound = httpx2.get(f"{shared_server.url}/healthz", headers={"Host": "rebound.example.com"})
    assert (rebound.status_code, rebound.json()["detail"]["code"]) == (403, "forbidden")
