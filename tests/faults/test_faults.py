"""Faults: which calls they hit, what those meet, and what is refused when armed."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.support.checked_client import Emulator, LawfulClient
from tests.support.messages import golden

JONAS_ID = "a0000000-0000-4000-8000-000000000002"


def arm(client: LawfulClient | httpx2.Client, origin: str = "", **fault: Any) -> Any:
    """Arm a fault and return it as it is shown."""
    answer = client.post(f"{origin}/_emulator/faults", json=fault)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_fault_answers_in_the_dialect_of_its_surface(demo: Emulator) -> None:
    client = demo.client()
    arm(client, match={}, then={"status": 429, "message": "Too fast."})
    said = {
        "/api/me": {"detail": {"code": "rate_limited", "message": "Too fast."}},
        "/api/cloud/me": {"error": {"code": "rate_limited", "message": "Too fast."}},
        "/auth/v1/user": {
            "code": 429,
            "error_code": "over_request_rate_limit",
            "msg": "Too fast.",
        },
    }
    for path, body in said.items():
        answer = client.get(path)
        assert (answer.status_code, answer.json()) == (429, body)
    newer = client.get("/auth/v1/user", headers={"X-Supabase-Api-Version": "2024-01-01"})
    assert newer.json() == {"code": "over_request_rate_limit", "message": "Too fast."}
    assert newer.headers["x-sb-error-code"] == "over_request_rate_limit"


@pytest.mark.parametrize("status", [402, 429, 503])
def test_a_fault_of_a_hosted_page_is_a_page_of_its_status(demo: Emulator, status: int) -> None:
    client = demo.client()
    arm(client, match={"surface": "stripe"}, then={"status": status, "message": "Not today."})
    answer = client.get("/stripe/checkout/cs_test_x")
    assert answer.status_code == status
    assert "Not today." in answer.text
    client.delete("/_emulator/faults")
    asked = client.get("/stripe/checkout/cs_test_x", headers={"Prefer": f"code={status}"})
    assert asked.status_code == status


def test_a_path_may_be_written_as_the_route_table_does(demo: Emulator) -> None:
    client = demo.keyed()
    fault = arm(client, match={"path": "/api/runs/{run_id}"}, then={"status": 503})
    assert client.get("/api/runs/abc").status_code == 503
    assert client.get("/api/runs/abc/log").status_code == 404
    assert client.get("/api/runs").status_code == 200
    [after] = client.get("/_emulator/faults").json()["items"]
    assert (after["id"], after["hits"]) == (fault["id"], 1)


def test_an_operation_that_is_misspelt_is_told_the_nearest(demo: Emulator) -> None:
    body = {"match": {"operation": "lits_runs"}, "then": {"status": 500}}
    answer = demo.client().post("/_emulator/faults", json=body)
    assert answer.json()["error"]["message"] == (
        golden("control", "validation_error", "misspelt-operation")
    )


def test_a_code_alone_brings_its_status(demo: Emulator) -> None:
    client = demo.signed_in()
    arm(client, match={"operation": "POST /api/cloud/runs"}, then={"code": "quota_exceeded"})
    answer = client.post("/api/cloud/runs", json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (402, "quota_exceeded")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (503, "internal_error"),
        (504, "internal_error"),
        (501, "not_implemented"),
        (400, "validation_error"),
        (410, "not_found"),
        (412, "conflict"),
        (418, "validation_error"),
    ],
)
def test_a_status_alone_brings_a_documented_code(demo: Emulator, status: int, code: str) -> None:
    client = demo.client()
    arm(client, match={}, then={"status": status})
    for path, member in (("/api/cloud/me", "error"), ("/api/me", "detail")):
        answer = client.get(path)
        assert (answer.status_code, answer.json()[member]["code"]) == (status, code)


def test_a_cap_that_a_fault_claims_has_the_facts_of_one() -> None:
    for seed, limit, plan in (("demo", None, "enterprise"), ("quota-edge", 10, "free")):
        client = Emulator(seed).signed_in()
        arm(client, match={}, then={"code": "quota_exceeded"})
        details = client.get("/api/cloud/me").json()["error"]["details"]
        assert list(details) == [
            "meter",
            "used",
            "limit",
            "limit_source",
            "plan",
            "resets_at",
            "upgrade_url",
        ]
        assert details["used"] == details["limit"]
        assert (details["meter"], details["limit_source"], details["plan"]) == (
            "runs",
            "plan",
            plan,
        )
        assert (details["upgrade_url"] is None) == (plan == "enterprise")
        assert limit in (None, details["limit"])


@pytest.mark.parametrize(
    ("match", "code", "status"),
    [
        ({"path": "/auth/v1/*"}, "over_request_rate_limit", 429),
        ({"surface": "supabase"}, "invalid_credentials", 400),
        ({"operation": "GET /auth/v1/user"}, "session_not_found", 403),
        ({}, "user_banned", 403),
    ],
)
def test_a_code_of_gotrue_alone_brings_its_status(
    demo: Emulator, match: dict[str, Any], code: str, status: int
) -> None:
    client = demo.client()
    fault = arm(client, match=match, then={"code": code})
    assert fault["then"] == {"status": status, "code": code}
    answer = client.get("/auth/v1/user")
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)


def test_a_code_of_ours_is_said_as_gotrue_says_it(demo: Emulator) -> None:
    client = demo.client()
    arm(client, match={}, then={"code": "rate_limited"})
    assert client.get("/auth/v1/user").json()["error_code"] == "over_request_rate_limit"


def test_a_call_that_a_fault_answers_changes_nothing(demo: Emulator) -> None:
    client = demo.signed_in()
    arm(client, match={"method": "POST", "path": "/api/cloud/*"}, then={"status": 500})
    before = demo.digests()
    assert client.post("/api/cloud/projects", json={"name": "x"}).status_code == 500
    assert demo.digests() == before


@pytest.mark.parametrize(
    ("match", "statuses"),
    [
        ({"times": 2}, [503, 503, 200, 200, 200, 200]),
        ({"nth": 3}, [200, 200, 503, 200, 200, 503]),
        ({"nth": 2, "times": 2}, [200, 503, 200, 503, 200, 200]),
        ({}, [503] * 6),
    ],
    ids=["times", "nth", "both", "always"],
)
def test_the_same_calls_meet_the_same_faults(
    demo: Emulator, match: dict[str, int], statuses: list[int]
) -> None:
    client = demo.client()
    arm(client, match={"path": "/healthz", **match}, then={"status": 503})
    client.get("/docs")
    assert [client.get("/healthz").status_code for _ in statuses] == statuses
    (fault,) = client.get("/_emulator/faults").json()["items"]
    assert (fault["seen"], fault["hits"]) == (len(statuses), statuses.count(503))


def test_a_fault_may_be_for_one_actor(demo: Emulator) -> None:
    mara, jonas = demo.signed_in(0), demo.signed_in(1)
    for actor in (JONAS_ID, "jonas@example.com"):
        arm(mara, match={"actor": actor}, then={"status": 503})
        assert mara.get("/api/cloud/me").status_code == 200
        assert jonas.get("/api/cloud/me").status_code == 503
        mara.delete("/_emulator/faults")
    keyed = demo.keyed()
    keyed.get("/api/me")
    key_id = keyed.get("/_emulator/requests").json()["items"][0]["actor"]["api_key_id"]
    arm(mara, match={"actor": key_id}, then={"status": 503})
    assert keyed.get("/api/me").status_code == 503
    assert mara.get("/api/cloud/me").status_code == 200


def test_a_fault_is_of_one_world(demo: Emulator) -> None:
    client = demo.client()
    arm(client, match={}, then={"status": 503})
    assert client.get("/_w/other/healthz").status_code == 200
    assert client.get("/healthz").status_code == 503


def test_control_meets_no_fault(demo: Emulator) -> None:
    client = demo.client()
    arm(client, match={}, then={"status": 503})
    assert client.get("/_emulator/state", headers={"Prefer": "code=500"}).status_code == 200


def test_a_fault_that_is_disarmed_hits_no_more(demo: Emulator) -> None:
    client = demo.client()
    first = arm(client, match={"path": "/healthz"}, then={"status": 503})
    second = arm(client, match={"path": "/api/me"}, then={"status": 503})
    assert client.delete(f"/_emulator/faults/{first['id']}").status_code == 204
    assert (client.get("/healthz").status_code, client.get("/api/me").status_code) == (200, 503)
    assert client.delete(f"/_emulator/faults/{first['id']}").status_code == 404
    assert client.get("/_emulator/faults").json()["items"][0]["id"] == second["id"]
    assert client.delete("/_emulator/faults").status_code == 204
    assert client.get("/api/me").status_code == 401


@pytest.mark.parametrize(
    ("prefer", "status"),
    [
        ("code=429", 429),
        ("dynamic=true, code=503", 503),
        ('code="402"', 402),
        ("code=200", 200),
        ("code=600", 200),
        ("respond-async", 200),
    ],
)
def test_a_call_may_ask_for_its_own_fault(demo: Emulator, prefer: str, status: int) -> None:
    client = demo.client()
    assert client.get("/healthz", headers={"Prefer": prefer}).status_code == status
    (entry,) = client.get("/_emulator/requests").json()["items"]
    assert entry["fault_id"] == (None if status == 200 else "prefer")


@pytest.mark.parametrize(
    ("match", "then", "path"),
    [
        ({"operation": "lits_runs"}, {"status": 500}, "match.operation"),
        ({"operation": "GET /_emulator/state"}, {"status": 500}, "match.operation"),
        ({"operation": "list_runs", "surface": "bff"}, {"status": 500}, "match.surface"),
        ({"path": "/api/rums"}, {"status": 500}, "match.path"),
        ({"path": "/api/me", "method": "PUT"}, {"status": 500}, "match.path"),
        ({"path": "/_emulator/clock"}, {"status": 500}, "match.path"),
        ({"path": "/api/me", "operation": "list_runs"}, {"status": 500}, "match.operation"),
        ({"surface": "moon"}, {"status": 500}, "match.surface"),
        ({"times": 0}, {"status": 500}, "match.times"),
        ({}, {"status": 200}, "then.status"),
        ({}, {"code": "no_such_code"}, "then.status"),
        ({}, {}, "then"),
        ({}, {"status": 500, "drop": True}, "then"),
        ({}, {"drop": True, "recorded": True}, "then"),
        ({}, {"latency_ms": 60_001}, "then.latency_ms"),
        ({}, {"probability": 0.5}, "then.probability"),
    ],
)
def test_what_could_never_hit_is_refused_when_armed(
    demo: Emulator, match: dict[str, Any], then: dict[str, Any], path: str
) -> None:
    client = demo.client()
    answer = client.post("/_emulator/faults", json={"match": match, "then": then})
    assert answer.status_code == 422
    assert answer.json()["error"]["details"]["path"] == path
    assert client.get("/_emulator/faults").json() == {"items": []}


def test_a_latency_may_be_recorded_instead_of_slept(demo: Emulator) -> None:
    client = demo.client()
    arm(client, match={"path": "/healthz"}, then={"latency_ms": 60_000, "recorded": True})
    assert client.get("/healthz").status_code == 200
    (entry,) = client.get("/_emulator/requests").json()["items"]
    assert (entry["latency_ms"], entry["fault_id"], entry["status"]) == (60_000, "fault-1", 200)


def test_a_latency_is_slept_and_delays_nobody_else(origin: str, http: httpx2.Client) -> None:
    world = f"{origin}/_w/slow"
    arm(http, world, match={"path": "/healthz", "times": 1}, then={"latency_ms": 1000})
    assert http.get(f"{world}/healthz").elapsed.total_seconds() >= 1
    arm(http, world, match={"path": "/healthz", "times": 1}, then={"latency_ms": 60_000})
    with pytest.raises(httpx2.ReadTimeout):
        http.get(f"{world}/healthz", timeout=0.5)
    assert http.get(f"{world}/healthz", timeout=30).status_code == 200


def raw(origin: str, request: str) -> bytes:
    """Send a request over a socket of its own and return all that comes until it is closed."""
    parts = urlsplit(origin)
    with socket.create_connection(("127.0.0.1", parts.port or 80), timeout=30) as connection:
        connection.sendall(request.replace("\n", "\r\n").encode())
        received = []
        try:
            while part := connection.recv(65536):
                received.append(part)
        except ConnectionResetError:
            pass
        return b"".join(received)


def test_a_dropped_connection_carries_no_byte_of_an_answer(
    origin: str, http: httpx2.Client
) -> None:
    world = f"{origin}/_w/dropped"
    arm(http, world, match={"path": "/healthz", "times": 2}, then={"drop": True})
    assert raw(origin, "GET /_w/dropped/healthz HTTP/1.1\nHost: localhost\n\n") == b""
    with pytest.raises(httpx2.TransportError):
        http.get(f"{world}/healthz")
    assert http.get(f"{world}/healthz").json() == {"status": "ok"}


def test_what_a_dropped_call_did_is_done(origin: str, http: httpx2.Client) -> None:
    world = f"{origin}/_w/dropped-write"
    arm(http, world, match={"path": "/api/e2e/cli-sync", "times": 1}, then={"drop": True})
    body = {"client_run_id": "again"}
    with pytest.raises(httpx2.TransportError):
        http.post(f"{world}/api/e2e/cli-sync", json=body)
    again = http.post(f"{world}/api/e2e/cli-sync", json=body)
    assert (again.status_code, again.json()["unchanged"]) == (200, 1)


def test_a_truncated_body_is_announced_whole_and_cut_off(origin: str, http: httpx2.Client) -> None:
    world = f"{origin}/_w/truncated"
    arm(http, world, match={"path": "/healthz", "times": 2}, then={"truncate_bytes": 5})
    answer = raw(origin, "GET /_w/truncated/healthz HTTP/1.1\nHost: localhost\n\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert (body, b"content-length: 15" in head.lower()) == (b'{"sta', True)
    with pytest.raises(httpx2.RemoteProtocolError):
        http.get(f"{world}/healthz")
    assert http.get(f"{world}/healthz").json() == {"status": "ok"}


def test_a_body_is_never_sent_whole_where_it_is_cut_off(origin: str, http: httpx2.Client) -> None:
    world = f"{origin}/_w/truncated-late"
    arm(http, world, match={"path": "/healthz"}, then={"truncate_bytes": 10**9})
    answer = raw(origin, "GET /_w/truncated-late/healthz HTTP/1.1\nHost: localhost\n\n")
    assert answer.endswith(b'{"status":"ok"')


def test_faults_leave_no_noise_in_the_servers_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-m", "emulator", "serve", "--port", "0", "--seed", "empty"]
    with log.open("wb") as stderr:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().split()[-1]
    try:
        with httpx2.Client(trust_env=False) as http:
            arm(http, url, match={"path": "/healthz", "times": 1}, then={"drop": True})
            arm(http, url, match={"path": "/healthz", "times": 1}, then={"truncate_bytes": 3})
            for _ in range(2):
                with pytest.raises(httpx2.TransportError):
                    http.get(f"{url}/healthz")
            page = {"Origin": "http://localhost:3000"}
            arm(http, url, match={"path": "/healthz", "times": 1}, then={"truncate_bytes": 3})
            with pytest.raises(httpx2.TransportError):
                http.get(f"{url}/healthz", headers=page)
            with pytest.raises(httpx2.ReadTimeout):
                http.get(f"{url}/_emulator/requests?path=/never&wait=1", timeout=0.2)
            assert http.get(f"{url}/healthz").status_code == 200
            assert http.get(f"{url}/_emulator/requests?path=/never&wait=2").json()["count"] == 0
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()
    assert log.read_text("utf-8") == ""


@pytest.mark.parametrize("path", ["/api/me", "/api/cloud/me", "/auth/v1/user", "/v1/prices"])
def test_a_fault_that_passes_says_when_to_try_again(demo: Emulator, path: str) -> None:
    client = demo.client()
    for status, seconds in ((429, "1"), (503, "1"), (500, None), (404, None)):
        asked = client.get(path, headers={"Prefer": f"code={status}"})
        assert (asked.status_code, asked.headers.get("retry-after")) == (status, seconds)
        fault = {"match": {"path": path, "times": 1}, "then": {"status": status}}
        assert client.post("/_emulator/faults", json=fault).status_code == 201
        assert client.get(path).headers.get("retry-after") == seconds
    exposed = client.get(path, headers={"Origin": "http://localhost:3000"})
    assert "Retry-After" in exposed.headers["access-control-expose-headers"]
