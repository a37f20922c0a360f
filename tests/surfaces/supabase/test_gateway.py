"""The switch `require_api_key`: what Supabase's gateway lets through to GoTrue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

from emulator.wire.gotrue.tokens import anon_key, service_key
from tests.support.checked_client import Emulator, LawfulClient
from tests.support.gotrue import VERSION, done, error, log_in, mails, project, refusal, visitor
from tests.support.messages import golden

ON = "require_api_key: true"

MISSING = {
    "message": "No API key found in request",
    "hint": "No `apikey` request header or url param was found.",
}
UNKNOWN = {
    "message": "Invalid API key",
    "hint": "Double check your Supabase `anon` or `service_role` API key.",
}
LOGIN = {"email": "ada@lab.test", "password": "ada-password"}
TOKEN = "/auth/v1/token?grant_type=password"


@pytest.fixture
def guarded(tmp_path: Path) -> Emulator:
    """A project whose gateway checks the key."""
    return project(tmp_path, ON)


def keyless(emulator: Emulator, **headers: str) -> LawfulClient:
    client = emulator.client()
    client.headers.update({**VERSION, **headers})
    client.follow_redirects = False
    return client


def stopped(answer: httpx2.Response) -> dict[str, Any] | None:
    """Return what the gateway said, or None where the request came to GoTrue."""
    if answer.status_code != 401 or "x-sb-error-code" in answer.headers:
        return None
    assert answer.headers["content-type"] == "application/json"
    assert "x-supabase-api-version" not in answer.headers
    return done(answer)


def test_a_key_is_not_checked_by_default(tmp_path: Path) -> None:
    emulator = project(tmp_path)
    for client in (keyless(emulator), keyless(emulator, apikey="of-another-project")):
        assert client.post(TOKEN, json=LOGIN).status_code == 200


@pytest.mark.parametrize("key", [None, ""], ids=["none", "empty"])
def test_a_request_without_a_key_is_refused_and_changes_nothing(
    guarded: Emulator, key: str | None
) -> None:
    client = keyless(guarded, **({} if key is None else {"apikey": key}))
    assert stopped(client.post(TOKEN, json=LOGIN)) == MISSING
    assert stopped(client.post("/auth/v1/recover", json={"email": "ada@lab.test"})) == MISSING
    assert mails(guarded) == []


def test_a_key_of_nobody_is_refused(guarded: Emulator) -> None:
    strangers = [
        "of-another-project",
        "sb_publishable_0000000000000000000000",
        anon_key(guarded.world, guarded.settings)[:-4],
        log_in(guarded)["access_token"],
    ]
    for key in strangers:
        assert stopped(keyless(guarded, apikey=key).post(TOKEN, json=LOGIN)) == UNKNOWN


@pytest.mark.parametrize("make_key", [anon_key, service_key], ids=["anon", "service"])
def test_the_projects_keys_are_let_through_in_the_header_or_the_query(
    guarded: Emulator, make_key: Any
) -> None:
    key = make_key(guarded.world, guarded.settings)
    assert keyless(guarded, apikey=key).post(TOKEN, json=LOGIN).status_code == 200
    by_query = keyless(guarded).post(f"{TOKEN}&apikey={key}", json=LOGIN)
    assert by_query.status_code == 200
    # The header wins, as the plugin stops at the first place that has a key.
    both = keyless(guarded, apikey="wrong").post(f"{TOKEN}&apikey={key}", json=LOGIN)
    assert stopped(both) == UNKNOWN


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/auth/v1/user"),
        ("GET", "/auth/v1/health"),
        ("GET", "/auth/v1/settings"),
        ("GET", "/auth/v1/admin/users"),
        ("POST", "/auth/v1/factors"),
        ("POST", "/auth/v1/sso"),
        ("GET", "/auth/v1/nowhere"),
        ("DELETE", "/auth/v1/user"),
    ],
)
def test_a_key_is_asked_for_before_anything_else(guarded: Emulator, method: str, path: str) -> None:
    assert stopped(keyless(guarded).request(method, path)) == MISSING
    assert stopped(visitor(guarded).request(method, path)) is None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/auth/v1/verify?token=t&type=signup"),
        ("POST", "/auth/v1/verify"),
        ("GET", "/auth/v1/authorize?provider=google"),
        ("GET", "/auth/v1/callback"),
        ("POST", "/auth/v1/callback"),
        ("GET", "/auth/v1/.well-known/jwks.json"),
        ("GET", "/auth/v1/.well-known/openid-configuration"),
        ("POST", "/auth/v1/sso/saml/acs"),
        ("GET", "/auth/v1/sso/saml/metadata"),
    ],
)
def test_what_browsers_and_other_servers_follow_is_open(
    guarded: Emulator, method: str, path: str
) -> None:
    assert stopped(keyless(guarded).request(method, path)) is None


def test_a_remembered_answer_is_not_given_to_a_request_without_a_key(guarded: Emulator) -> None:
    for _ in range(2):
        assert visitor(guarded).get("/auth/v1/settings").status_code == 200
    assert stopped(keyless(guarded).get("/auth/v1/settings")) == MISSING


def test_a_refused_key_is_not_counted_as_a_request(tmp_path: Path) -> None:
    emulator = project(tmp_path, f"{ON}, requests_per_minute: 1")
    assert stopped(keyless(emulator).post(TOKEN, json=LOGIN)) == MISSING
    assert visitor(emulator).post(TOKEN, json=LOGIN).status_code == 200
    over = refusal(429, "over_request_rate_limit", "Request rate limit reached")
    assert error(visitor(emulator).post(TOKEN, json=LOGIN)) == over


def test_a_page_of_another_origin_reads_the_refusal(guarded: Emulator) -> None:
    page = "http://localhost:3000"
    refused = keyless(guarded, Origin=page).get("/auth/v1/user")
    assert stopped(refused) == MISSING
    assert refused.headers["access-control-allow-origin"] == page
    preflight = keyless(guarded).options(
        "/auth/v1/user", headers={"Origin": page, "Access-Control-Request-Method": "GET"}
    )
    assert preflight.status_code == 200


def test_the_bff_signs_in_without_a_key(guarded: Emulator) -> None:
    client = guarded.client()
    assert client.post("/api/auth/login", json=LOGIN).status_code == 200
    assert client.get("/api/auth/session").json()["user"]["email"] == "ada@lab.test"


NAMED = {"X-Emulator-World": "named"}


def test_the_default_worlds_keys_are_known_in_a_world_that_the_header_or_prefix_names(
    guarded: Emulator,
) -> None:
    key = anon_key(guarded.world, guarded.settings)
    assert keyless(guarded, apikey=key, **NAMED).post(TOKEN, json=LOGIN).status_code == 200
    by_prefix = keyless(guarded, apikey=key).post(f"/_w/named{TOKEN}", json=LOGIN)
    assert by_prefix.status_code == 200
    assert stopped(keyless(guarded, **NAMED).post(TOKEN, json=LOGIN)) == MISSING
    assert stopped(keyless(guarded).post(f"/_w/named{TOKEN}", json=LOGIN)) == MISSING


def test_a_worlds_own_keys_are_known_in_it_alone_and_name_it(guarded: Emulator) -> None:
    made = keyless(guarded).post("/_emulator/worlds", json={"name": "named"}).json()
    by_header = keyless(guarded, apikey=made["anon_key"]).post(TOKEN, json=LOGIN)
    by_query = keyless(guarded).post(f"{TOKEN}&apikey={made['anon_key']}", json=LOGIN)
    for answer in (by_header, by_query):
        assert (answer.status_code, answer.headers["x-emulator-world"]) == (200, "named")
    elsewhere = keyless(guarded).post(
        f"{TOKEN}&apikey={made['anon_key']}", json=LOGIN, headers={"X-Emulator-World": "other"}
    )
    assert elsewhere.json()["code"] == "conflict"
    case = "header-and-query-apikey"
    message = golden("all", "two_worlds", case, name="'other'", other="'named'")
    assert elsewhere.json()["message"] == message


def test_the_refusal_is_in_the_journal_without_a_code(guarded: Emulator) -> None:
    keyless(guarded, apikey="wrong").get("/auth/v1/user")
    [entry] = keyless(guarded).get("/_emulator/requests").json()["items"]
    assert (entry["status"], entry["code"], entry["path"]) == (401, None, "/auth/v1/user")


def test_the_switch_is_kept_by_reset_and_fork(guarded: Emulator) -> None:
    keyless(guarded).post("/_emulator/reset", json={})
    assert stopped(keyless(guarded).get("/auth/v1/health")) == MISSING
    keyless(guarded).post("/_emulator/worlds", json={"name": "fork", "from": "default"})
    assert stopped(keyless(guarded).get("/_w/fork/auth/v1/health")) == MISSING
