"""A slash at the end of a path: redirected, served or not found, as each real server has it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.checked_client import Emulator
from tests.support.fixture_seed import SECRET, browser, with_secret


def redirect(emulator: Emulator, method: str, url: str, **options: Any) -> tuple[int, str]:
    answer = emulator.client().request(method, url, follow_redirects=False, **options)
    return answer.status_code, answer.headers["location"]


@pytest.mark.parametrize("prefix", ["", "/_w/one"])
@pytest.mark.parametrize(
    ("method", "path", "bare"),
    [
        ("GET", "/api/me/", "/api/me"),
        ("HEAD", "/api/me//", "/api/me"),
        ("POST", "/api/runs/?limit=1&x=%2F", "/api/runs?limit=1&x=%2F"),
        ("DELETE", "/api/me/", "/api/me"),
        ("GET", "/api/public/shares/a%20b/", "/api/public/shares/a%20b"),
    ],
)
def test_the_upstream_redirects_to_the_whole_url(
    scene: Emulator, prefix: str, method: str, path: str, bare: str
) -> None:
    found = redirect(scene, method, prefix + path)
    assert found == (307, f"http://localhost:8787{prefix}{bare}")


@pytest.mark.parametrize("prefix", ["", "/_w/one"])
def test_the_bff_redirects_to_the_path(scene: Emulator, prefix: str) -> None:
    client = scene.client()
    for path, bare in (("/api/cloud/me/", "/api/cloud/me"), ("/api/auth/login/?a=b", None)):
        answer = client.post(prefix + path, follow_redirects=False)
        location = prefix + (bare or "/api/auth/login?a=b")
        assert (answer.status_code, answer.headers["location"]) == (308, location)
        assert (answer.text, answer.headers["refresh"]) == (location, f"0;url={location}")


def test_a_redirect_is_followed_to_the_answer(scene: Emulator) -> None:
    assert with_secret(scene, SECRET).get("/api/me/").json()["email"] == "ada@lab.test"
    assert browser(scene, "ada").get("/api/cloud/me/").json()["email"] == "ada@lab.test"
    login = {"email": "ada@lab.test", "password": "ada-password"}
    assert scene.client().post("/api/auth/login/", json=login).status_code == 200


def test_a_redirect_is_in_the_journal_and_is_no_error(scene: Emulator) -> None:
    client = scene.client()
    for path in ("/api/me/", "/api/cloud/me/"):
        client.get(path, follow_redirects=False)
    items = client.get("/_emulator/requests").json()["items"]
    shown = [(one["surface"], one["path"], one["status"], one["code"]) for one in items]
    assert shown == [("bff", "/api/cloud/me/", 308, None), ("upstream", "/api/me/", 307, None)]
    fault = {"match": {"surface": "upstream"}, "then": {"status": 503}}
    client.post("/_emulator/faults", json=fault)
    assert client.get("/api/me/").status_code == 503


@pytest.mark.parametrize(
    "path",
    [
        "/nothing/",
        "/api/nothing/",
        "/api/cloud/nothing/",
        "/api/public/r/",
        "/auth/v1/settings/",
        "/auth/v1/admin/generate_link/",
        "/_emulator/state/",
        "/stripe/checkout/x/",
    ],
)
def test_what_has_no_route_without_the_slash_is_not_found(scene: Emulator, path: str) -> None:
    assert scene.client().get(path, follow_redirects=False).status_code == 404


def test_gotrue_serves_what_it_mounts_with_the_slash_too(scene: Emulator) -> None:
    login = {"email": "ada@lab.test", "password": "ada-password"}
    token = scene.client().post("/auth/v1/token?grant_type=password", json=login).json()
    client = scene.client()
    client.headers["Authorization"] = f"Bearer {token['access_token']}"
    assert client.get("/auth/v1/user/").json() == client.get("/auth/v1/user").json()
    entry = client.get("/_emulator/requests?path=/auth/v1/user/").json()["items"][0]
    assert entry["operation"] == "GET /auth/v1/user"
    bare = scene.client()
    for method, path, status in (
        ("GET", "/auth/v1/verify/?token=x~one&type=recovery", 404),
        ("POST", "/auth/v1/signup/", 400),
        ("GET", "/auth/v1/admin/users/", 401),
        ("DELETE", "/auth/v1/user/", 405),
    ):
        answer = bare.request(method, path, follow_redirects=False)
        assert answer.status_code == status
        assert answer.json()["code"] == status
