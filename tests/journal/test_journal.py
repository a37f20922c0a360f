"""The journal: what is in it, what is left out, waiting for it, going back by it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from emulator.journal import journal
from emulator.world.records.identity import User
from tests.support.asgi_caller import Quick
from tests.support.checked_client import Emulator, LawfulClient
from tests.support.messages import golden

WORLD = "X-Emulator-World"
WORKSPACE = "b0000000-0000-4000-8000-000000000001"
MARA_ID = "a0000000-0000-4000-8000-000000000001"


def entries(client: LawfulClient, query: str = "") -> list[Any]:
    items: list[Any] = client.get(f"/_emulator/requests{query}").json()["items"]
    return items


def digest(client: LawfulClient) -> str:
    return str(client.get("/_emulator/state").json()["digest"])


def test_an_entry_tells_the_whole_exchange(demo: Emulator) -> None:
    client = demo.keyed()
    before = digest(client)
    body = {"name": "Arms", "slug": "arms"}
    created = client.post(f"/api/projects?workspace_id={WORKSPACE}", json=body)
    (entry,) = entries(client)
    key_id = entry["actor"]["api_key_id"]
    tables = sorted({one["table"] for one in entry["changed"]})
    assert key_id is not None
    assert {"table": "projects", "id": created.json()["id"]} in entry["changed"]
    assert tables == ["audit", "ordinals", "projects"]
    del entry["changed"], entry["request"]["headers"], entry["response"]["headers"]
    assert entry == {
        "id": 1,
        "at": "2026-01-01T00:00:00Z",
        "surface": "upstream",
        "operation": "create_project",
        "method": "POST",
        "path": "/api/projects",
        "query": f"workspace_id={WORKSPACE}",
        "status": 201,
        "code": None,
        "actor": {"user_id": MARA_ID, "api_key_id": key_id},
        "request": {"body": {"name": "Arms", "slug": "arms"}},
        "response": {"body": created.json()},
        "mail": [],
        "events": [],
        "fault_id": None,
        "latency_ms": 0,
        "state": {"before": before, "after": digest(client)},
    }


def test_a_refused_request_is_noted_with_its_code_and_no_changes(demo: Emulator) -> None:
    client = demo.client()
    client.get("/api/cloud/me")
    client.get("/auth/v1/user")
    client.get("/api/me")
    noted = [(one["status"], one["code"], one["changed"]) for one in entries(client)]
    assert noted == [
        (401, "invalid_credentials", []),
        (401, "no_authorization", []),
        (401, "login_required", []),
    ]


def test_who_asked_is_noted_on_every_surface(demo: Emulator) -> None:
    demo.signed_in().get("/api/auth/session")
    demo.signed_in().get("/api/cloud/me")
    demo.tokened().get("/auth/v1/user")
    client = demo.keyed()
    client.get("/api/me")
    by_id = entries(client, f"?actor={MARA_ID}")
    by_address = entries(client, "?actor=mara@example.com")
    assert [one["path"] for one in by_id] == [
        "/api/me",
        "/auth/v1/user",
        "/api/cloud/me",
        "/api/auth/session",
    ]
    assert by_address == by_id


def test_control_calls_and_preflights_are_left_out(demo: Emulator) -> None:
    client = demo.client()
    client.get("/_emulator/state")
    client.post("/_emulator/clock/advance", json={"seconds": 1})
    preflight = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "GET"}
    assert client.options("/api/cloud/me", headers=preflight).status_code == 200
    assert entries(client) == []


def test_head_and_options_are_noted_as_they_were_answered(demo: Emulator) -> None:
    client = demo.client()
    client.head("/healthz")
    client.options("/healthz")
    noted = [
        (one["method"], one["status"], one["code"], one["response"]["body"])
        for one in entries(client)
    ]
    assert noted == [("OPTIONS", 204, None, None), ("HEAD", 200, None, None)]


def test_the_mail_that_a_request_caused_is_named(demo: Emulator) -> None:
    client = demo.client()
    client.post("/auth/v1/recover", json={"email": "mara@example.com"})
    mail = client.get("/_emulator/mail").json()["items"]
    assert [one["mail"] for one in entries(client)] == [[mail[0]["id"]]]


@pytest.mark.parametrize(
    ("query", "paths"),
    [
        ("surface=bff", ["/api/cloud/me"]),
        ("operation=get_me", ["/api/me"]),
        ("method=put", ["/healthz"]),
        ("path=/api/*", ["/api/me", "/api/cloud/me"]),
        ("path=/api/[cm]*", []),
        ("status=405", ["/healthz"]),
        ("code=login_required", ["/api/cloud/me"]),
        ("since=2", ["/healthz"]),
        ("limit=1", ["/healthz"]),
    ],
)
def test_entries_are_found_by_what_they_are(demo: Emulator, query: str, paths: list[str]) -> None:
    client = demo.client()
    client.get("/api/cloud/me")
    client.get("/api/me")
    client.put("/healthz")
    assert [one["path"] for one in entries(client, f"?{query}")] == paths


@pytest.mark.parametrize(
    "query",
    [
        "since=x",
        "since=" + "9" * 5000,
        "limit=0",
        "limit=1001",
        "limit=" + "9" * 5000,
        "wait=61",
        "wait=-1",
        "wait=" + "9" * 5000,
        "path=" + "*" * 1001,
    ],
)
def test_a_bad_query_is_refused(demo: Emulator, query: str) -> None:
    assert demo.client().get(f"/_emulator/requests?{query}").status_code == 422


@pytest.mark.parametrize("path", ["/_emulator/requests", "/_emulator/requests/verify"])
@pytest.mark.parametrize(
    ("query", "member"),
    [("count=2", "count"), ("status=4xx", "status"), ("surface=moon", "surface")],
)
def test_a_filter_that_nothing_could_fit_is_refused(
    demo: Emulator, path: str, query: str, member: str
) -> None:
    client = demo.client()
    client.get("/healthz")
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 422
    assert answer.json()["error"]["details"]["path"] == member


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("/api/auth/login", {"content": b'{"email":"x","password":"HIDDEN"'}),
        ("/api/auth/login", {"json": {"api_key": "HIDDEN"}}),
        ("/api/auth/login?api_key=HIDDEN", {}),
        ("/api/auth/login", {"headers": {"X-Auth-Token": "HIDDEN"}}),
    ],
)
def test_secrets_are_left_out_wherever_they_stand(
    demo: Emulator, path: str, options: dict[str, Any]
) -> None:
    client = demo.client()
    client.post(path, **options)
    shown = client.get("/_emulator/requests").text
    assert "[redacted]" in shown
    assert "HIDDEN" not in shown


def test_the_link_of_a_hosted_page_is_not_shown(demo: Emulator) -> None:
    client = demo.signed_in()
    body = {
        "plan": "team",
        "interval": "month",
        "success_url": "http://localhost:3000/done",
        "cancel_url": "http://localhost:3000/pricing",
    }
    url = httpx2.URL(client.post("/api/cloud/billing/checkout", json=body).json()["url"])
    assert client.get(url.path).status_code == 200
    page, opened = entries(client)[:2]
    assert page["path"] == f"/stripe/checkout/cs_test_…{url.path[-5:]}"
    assert url.path not in json.dumps([page, opened])


def test_secrets_are_left_out_of_what_is_shown(demo: Emulator) -> None:
    client = demo.signed_in()
    client.post("/api/cloud/api-keys", json={"name": "laptop"})
    run = client.get("/api/cloud/runs?limit=1").json()["items"][0]
    body = {"action": "create", "run_id": run["id"]}
    share = client.post("/api/cloud/shares", json=body).json()
    demo.client().get(f"/api/public/r/{share['token']}")
    demo.keyed().get("/api/me")
    token = "/auth/v1/token?grant_type="
    login = {"email": "mara@example.com", "password": "demo-password"}
    session = client.post(f"{token}password", json=login).json()
    refresh = {"refresh_token": session["refresh_token"]}
    client.post(f"{token}refresh_token", json=refresh)
    client.post("/auth/v1/recover", json={"email": "mara@example.com"})
    mail = client.get("/_emulator/mail").json()["items"][0]
    demo.client().get(mail["link"], follow_redirects=False)
    secrets = [
        "demo-password",
        share["token"],
        session["access_token"],
        session["refresh_token"],
        demo.worlds.planted.keys[0][1],
        httpx2.URL(mail["link"]).params["token"],
        "base64-",
        "wbx_",
        "eyJ",
    ]
    shown = json.dumps(entries(client))
    assert [secret for secret in secrets if secret in shown] == []
    assert "[redacted]" in shown
    assert share["token"] in client.get("/_emulator/capsule").text


def test_verify_says_what_came_instead(demo: Emulator) -> None:
    client = demo.client()
    client.get("/healthz")
    verify = "/_emulator/requests/verify?path=/healthz"
    assert client.get(verify).json() == {"count": 1}
    assert client.get(f"{verify}&times=1").json() == {"count": 1}
    assert client.get("/_emulator/requests/verify?path=/other&times=0").json() == {"count": 0}
    answer = client.get(f"{verify}&times=2")
    assert (answer.status_code, answer.json()) == (
        409,
        {
            "error": {
                "code": "conflict",
                "message": golden("control", "conflict", "expected-other-requests"),
            }
        },
    )


def created(http: httpx2.Client, origin: str, name: str) -> None:
    """Create a world, which waiting for its journal does not."""
    http.post(f"{origin}/_emulator/worlds", json={"name": name}).raise_for_status()


@pytest.mark.parametrize("what", ["requests", "mail"])
def test_waiting_ends_with_the_world(origin: str, http: httpx2.Client, what: str) -> None:
    created(http, origin, "ended")
    address = urlsplit(origin)
    with closing(HTTPConnection(str(address.hostname), address.port, timeout=15)) as waiting:
        # A connection that has been answered once is read before one that is opened after it.
        waiting.request("GET", "/healthz")
        waiting.getresponse().read()
        waiting.request("GET", f"/_w/ended/_emulator/{what}?wait=20")
        with httpx2.Client(trust_env=False) as other:
            other.delete(f"{origin}/_emulator/worlds/ended").raise_for_status()
        answer = waiting.getresponse()
        message = json.loads(answer.read())["error"]["message"]
    assert (answer.status, message) == (404, golden("all", "not_found", "no-world-ended-here"))


def test_waiting_ends_with_the_next_request_that_fits(origin: str, http: httpx2.Client) -> None:
    created(http, origin, "waited")
    found: list[Any] = []

    def wait() -> None:
        url = f"{origin}/_w/waited/_emulator/requests?operation=get_me&wait=30"
        found.append(httpx2.get(url, trust_env=False, timeout=60).json()["items"][0]["path"])

    waiting = threading.Thread(target=wait)
    waiting.start()
    while waiting.is_alive():
        # Asked until the waiter has heard it: whichever of the two comes first.
        http.get(f"{origin}/_w/waited/healthz")
        http.get(f"{origin}/_w/elsewhere/api/me")
        http.get(f"{origin}/_w/waited/api/me")
    assert found == ["/api/me"]


def test_waiting_in_vain_ends_empty(origin: str, http: httpx2.Client) -> None:
    created(http, origin, "silent")
    answer = http.get(f"{origin}/_w/silent/_emulator/requests?wait=1")
    assert answer.json() == {"items": [], "count": 0}


def test_the_journal_is_bounded_by_entries_and_by_bytes(demo: Emulator) -> None:
    client = demo.client()
    for _ in range(journal.ENTRIES_MAX + 5):
        client.get("/healthz")
    ids = [entry.id for entry in demo.worlds.get("default").journal]
    assert ids == list(range(6, journal.ENTRIES_MAX + 6))
    large = {"client_run_id": "large", "extra": {"filler": "x" * (journal.BYTES_MAX // 3)}}
    for place in range(4):
        client.post("/api/e2e/cli-sync", json={**large, "client_run_id": f"large-{place}"})
    kept = list(demo.worlds.get("default").journal)
    assert sum(entry.size_bytes for entry in kept) <= journal.BYTES_MAX
    assert kept[-1].id == journal.ENTRIES_MAX + 9


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/healthz", {"X-Long": "x" * 60_000}),
        ("/" + "x" * 60_000, {}),
        ("/healthz?" + "x" * 60_000, {}),
    ],
    ids=["header", "path", "query"],
)
def test_the_bound_of_the_journal_counts_all_that_was_sent(
    demo: Emulator, path: str, headers: dict[str, str]
) -> None:
    client = demo.client()
    most = journal.BYTES_MAX // 60_000
    for _ in range(most + 10):
        client.get(path, headers=headers)
    assert most // 3 < len(demo.worlds.get("default").journal) < most


def test_rewinding_undoes_a_request_and_all_after_it(demo: Emulator) -> None:
    client = demo.signed_in()
    before = digest(client)
    for name in ("one", "two"):
        client.post("/api/cloud/projects", json={"name": name})
    assert client.post("/_emulator/requests/2/rewind").json()["digest"] == before
    assert [one["id"] for one in entries(client)] == [1]
    again = client.post("/api/cloud/projects", json={"name": "one"})
    assert again.status_code == 201
    assert client.post("/_emulator/requests/99/rewind").status_code == 404
    again = client.post("/_emulator/requests/2/rewind")
    assert again.status_code == 409
    assert again.json()["error"]["message"] == golden("control", "conflict", "rewound-away")


def test_a_rewind_takes_back_what_a_refused_request_left(tmp_path: Path) -> None:
    login = {"email": "one@example.com", "password": "one-password"}
    seed = f"auth: {{requests_per_minute: 9}}\nusers: [{json.dumps(login)}]\n"
    emulator = Emulator.of(seed, tmp_path)
    with closing(Quick(emulator.app)) as quick:
        assert quick.call("POST", "/auth/v1/token?grant_type=password", login) == 200
        bearer = json.loads(quick.content)["access_token"]
        before = emulator.digests()
        # The metadata is written before the password is refused, and taken back; the count stays.
        body = {"data": {"theme": "dark"}, "password": "one-password"}
        assert quick.call("PUT", "/auth/v1/user", body, bearer=bearer) == 422
        assert emulator.digests() != before
        entry = emulator.worlds.get("default").journal.entry(2)
        assert entry.changed == (("rate_windows", "request:all"),)
        assert quick.call("POST", "/_emulator/requests/2/rewind", {}) == 200
        assert emulator.digests() == before


def test_a_rewind_puts_the_faults_back_too(demo: Emulator) -> None:
    client = demo.client()
    client.post(
        "/_emulator/faults",
        json={"match": {"path": "/healthz", "times": 1}, "then": {"status": 503}},
    )
    assert [client.get("/healthz").status_code for _ in range(2)] == [503, 200]
    client.post("/_emulator/requests/1/rewind")
    assert [client.get("/healthz").status_code for _ in range(2)] == [503, 200]


def test_a_world_may_be_forked_before_and_after_any_request(demo: Emulator) -> None:
    client = demo.signed_in()
    client.post("/api/cloud/projects", json={"name": "one"})
    client.post("/api/cloud/projects", json={"name": "two"})
    states = {one["id"]: one["state"] for one in entries(client)}
    for side in ("before", "after"):
        body = {"name": side, "at": side}
        fork = client.post("/_emulator/requests/2/fork", json=body)
        assert (fork.status_code, fork.json()["digest"]) == (201, states[2][side])


def test_the_purge_of_a_user_leaves_no_way_back(demo: Emulator) -> None:
    client = demo.client()
    client.get("/healthz")
    client.post("/_emulator/snapshots", json={"name": "with-jonas"})
    service = client.get("/_emulator/worlds/default").json()["service_role_key"]
    admin = {"Authorization": f"Bearer {service}"}
    jonas = "a0000000-0000-4000-8000-000000000002"
    purged = client.delete(f"/auth/v1/admin/users/{jonas}", headers=admin)
    assert purged.status_code == 200
    client.get("/healthz")
    assert [one["id"] for one in entries(client)] == [3, 2]
    assert client.get("/_emulator/snapshots").json() == {"items": []}
    for request_id in (1, 2):
        for action in ("rewind", "fork"):
            body = {"name": "back"} if action == "fork" else {}
            answer = client.post(f"/_emulator/requests/{request_id}/{action}", json=body)
            assert answer.json()["error"] == {
                "code": "conflict",
                "message": golden("control", "conflict", "purge-in-between", request=request_id),
            }
    assert client.post("/_emulator/requests/3/rewind").status_code == 200
    (held,) = demo.worlds.get("default").journal
    states = (held.before, held.after)
    assert [state.tables[User].get(jonas) for state in states] == [None, None]


def test_a_purge_that_falls_due_leaves_no_way_back(demo: Emulator) -> None:
    client = demo.signed_in(1)
    client.post("/api/cloud/me", json={"action": "delete"})
    client.post("/_emulator/worlds/default/fork", json={"name": "fork"})
    for world in ("default", "fork"):
        headers = {WORLD: world}
        client.post("/_emulator/snapshots", json={"name": "kept"}, headers=headers)
        client.post("/_emulator/clock/advance", json={"duration": "P31D"}, headers=headers)
        assert client.get("/_emulator/requests", headers=headers).json()["count"] == 0
        assert client.get("/_emulator/snapshots").json() == {"items": []}
    assert client.post("/_emulator/requests/1/rewind").status_code == 409
    # The fork began as a kept state with the user in it; a seed may come back, that may not.
    client.post("/_emulator/worlds/fork/reset")
    assert demo.worlds.get("fork").world.state is demo.worlds.baseline.state


def test_the_next_invoice_forgets_what_a_purge_on_the_way_must(demo: Emulator) -> None:
    client = demo.signed_in(1)
    client.post("/api/cloud/me", json={"action": "delete"})
    assert client.post("/_emulator/billing/next-invoice", json={}).status_code == 200
    assert client.get("/_emulator/requests").json()["count"] > 0
    assert client.post("/_emulator/billing/next-invoice", json={}).status_code == 200
    assert client.get("/_emulator/requests").json()["count"] == 0


def test_coverage_tells_what_clients_met_and_what_never(demo: Emulator) -> None:
    client = demo.client()
    client.get("/api/cloud/me")
    client.get("/api/me", headers={WORLD: "w1", "Prefer": "code=402"})
    client.get("/_emulator/state")
    client.get("/nowhere")
    coverage = client.get("/_emulator/coverage").json()
    assert coverage["operations"]["covered"] == [
        {"operation": "GET /api/cloud/me", "surface": "bff", "count": 1},
        {"operation": "get_me", "surface": "upstream", "count": 1},
    ]
    assert coverage["codes"]["covered"] == {
        "login_required": 1,
        "quota_exceeded": 1,
        "not_found": 1,
    }
    missing = coverage["operations"]["missing"]
    assert {"operation": "create_run", "surface": "upstream"} in missing
    assert "control" not in {operation["surface"] for operation in missing}
    assert coverage["states"]["covered"] == {}


def states_met(emulator: Emulator, kind: str) -> list[str]:
    met = emulator.client().get("/_emulator/coverage").json()["states"]["covered"]
    assert set(met.values()) <= {1}
    return [state.removeprefix(f"{kind} ") for state in met if state.startswith(f"{kind} ")]


def test_coverage_tells_the_states_that_answers_showed(demo: Emulator) -> None:
    client = demo.tokened()
    client.get("/api/runs?status=failed")
    assert states_met(demo, "run") == ["failed"]
    client.get("/api/shares")
    assert states_met(demo, "share") == ["open", "expired", "revoked"]
    client.get("/api/api-keys")
    assert states_met(demo, "API key") == ["open", "expired", "revoked"]
    client.get("/api/me/export")
    assert states_met(demo, "export") == ["pending"]
    client.post("/_emulator/clock/advance", json={"duration": "PT1H"})
    client.get("/api/me/export")
    assert states_met(demo, "export") == ["pending", "ready"]
    for action in ("restrict", "object", "delete"):
        client.post(f"/api/me/{action}").raise_for_status()
    assert states_met(demo, "profile") == ["verified", "restricted", "objecting", "to be deleted"]
    client.get("/auth/v1/user").raise_for_status()
    assert states_met(demo, "user") == ["confirmed"]


def test_coverage_tells_the_states_of_reservations(demo: Emulator) -> None:
    client = demo.keyed()
    held = {"meter": "runs", "amount": 1}
    client.post("/api/usage/reserve", json={**held, "key": "a"}).raise_for_status()
    assert states_met(demo, "reservation") == ["held"]
    client.post("/api/usage/commit", json={"key": "a"}).raise_for_status()
    client.post("/api/usage/reserve", json={**held, "key": "b"}).raise_for_status()
    client.post("/_emulator/clock/advance", json={"duration": "P1D"})
    client.post("/api/usage/reserve", json={**held, "key": "b"}).raise_for_status()
    assert states_met(demo, "reservation") == ["held", "committed", "expired"]


@pytest.mark.parametrize(
    ("seed", "status"),
    [("trialing", "trialing"), ("past-due", "past_due"), ("canceled", "canceled")],
    ids=str,
)
def test_coverage_tells_the_status_of_subscriptions(
    emulate: Callable[..., Emulator], seed: str, status: str
) -> None:
    emulator = emulate(seed)
    emulator.signed_in().get("/api/cloud/workspaces").raise_for_status()
    assert states_met(emulator, "subscription") == [status]


def test_coverage_tells_the_states_of_users_of_supabase_auth(demo: Emulator) -> None:
    client = demo.client()
    key = client.get("/_emulator/worlds/default").json()["service_role_key"]
    client.headers |= {"apikey": key, "Authorization": f"Bearer {key}"}
    client.post("/auth/v1/invite", json={"email": "new@example.com"}).raise_for_status()
    assert states_met(demo, "user") == ["invited"]
    client.put(f"/auth/v1/admin/users/{MARA_ID}", json={"ban_duration": "1h"}).raise_for_status()
    assert states_met(demo, "user") == ["invited", "confirmed", "banned"]


def test_coverage_counts_no_state_of_what_only_looks_like_one(demo: Emulator) -> None:
    client = demo.client()
    client.get("/api/cloud/shares")
    client.get("/healthz")
    client.get("/auth/v1/settings")
    assert client.get("/_emulator/coverage").json()["states"]["covered"] == {}
