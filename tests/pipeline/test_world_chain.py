"""How a request finds its world, over real sockets, by each way that a real client has."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.support.cli_client import Cli

MARA = {"email": "mara@example.com", "password": "demo-password"}
WORLD = "x-emulator-world"
RUN = {"client_run_id": "only-here", "name": "only here"}


def made(http: httpx2.Client, origin: str, name: str, **body: Any) -> Any:
    """Make a world and return control's view of it."""
    answer = http.post(f"{origin}/_emulator/worlds", json={"name": name, **body})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_an_answer_names_its_world_and_the_instance(origin: str, http: httpx2.Client) -> None:
    instance = http.get(f"{origin}/_emulator/health").json()["instance"]
    answer = http.get(f"{origin}/healthz", headers={WORLD: "named"})
    assert answer.headers[WORLD] == "named"
    assert answer.headers["x-emulator"] == f"worldflux-emulator/0.1.0/{instance}"


def test_header_prefix_and_cookie_make_a_world_of_the_baseline(
    origin: str, http: httpx2.Client
) -> None:
    fresh = http.get(f"{origin}/_emulator/state").json()
    for address, headers in (
        ("", {WORLD: "by-header"}),
        ("/_w/by-prefix", {}),
        ("", {"Cookie": "emulator_world=by-cookie"}),
    ):
        assert http.get(f"{origin}{address}/api/runs", headers=headers).status_code == 401
    answers = [
        http.get(f"{origin}/_emulator/state", headers={WORLD: "by-header"}),
        http.get(f"{origin}/_w/by-prefix/_emulator/state"),
        http.get(f"{origin}/_emulator/state", headers={"Cookie": "emulator_world=by-cookie"}),
    ]
    assert [one.headers[WORLD] for one in answers] == ["by-header", "by-prefix", "by-cookie"]
    assert [one.json() for one in answers] == [fresh] * 3
    names = [one["name"] for one in http.get(f"{origin}/_emulator/worlds").json()["items"]]
    assert {"by-header", "by-prefix", "by-cookie"} <= set(names)


def test_the_cli_reaches_its_world_with_nothing_but_its_key(
    origin: str, http: httpx2.Client
) -> None:
    world = made(http, origin, "of-the-cli")
    key = {"Authorization": f"Bearer {world['api_keys'][0]['secret']}"}
    upload = {**RUN, "adapter_id": "openpi", "task": "eval"}
    answer = http.post(f"{origin}/api/sync/runs", json=upload, headers=key)
    assert (answer.status_code, answer.headers[WORLD]) == (201, "of-the-cli")
    run_id = answer.json()["id"]
    assert http.get(f"{origin}/api/runs/{run_id}", headers=key).status_code == 200
    bare = {"Authorization": key["Authorization"].partition("~")[0]}
    elsewhere = http.get(f"{origin}/api/runs/{run_id}", headers=bare)
    assert (elsewhere.status_code, elsewhere.headers[WORLD]) == (404, "default")


def test_the_real_shape_of_a_cli_uploads_into_its_world(origin: str, http: httpx2.Client) -> None:
    world = made(http, origin, "of-urllib")
    cli = Cli(origin, world["api_keys"][0]["secret"])
    upload = {**RUN, "adapter_id": "openpi", "task": "eval"}
    status, run = cli.answer("POST", "/api/sync/runs", upload)
    assert (status, cli.call("GET", f"/api/runs/{run['id']}")) == (201, run)
    seen = http.get(f"{origin}/_emulator/requests", headers={WORLD: "of-urllib"}).json()
    assert [one["path"] for one in seen["items"]] == [f"/api/runs/{run['id']}", "/api/sync/runs"]


def test_a_servers_own_fetch_reaches_its_world_with_apikey_and_authorization(
    origin: str, http: httpx2.Client
) -> None:
    world = made(http, origin, "of-the-server")
    key = {"apikey": world["anon_key"]}
    token = f"{origin}/auth/v1/token?grant_type=password"
    session = http.post(
        token, json=MARA, headers={**key, "Authorization": f"Bearer {world['anon_key']}"}
    )
    assert (session.status_code, session.headers[WORLD]) == (200, "of-the-server")
    bearer = {"Authorization": f"Bearer {session.json()['access_token']}"}
    for headers in ({**key, **bearer}, bearer):
        user = http.get(f"{origin}/auth/v1/user", headers=headers)
        assert (user.status_code, user.headers[WORLD]) == (200, "of-the-server")
    me = http.get(f"{origin}/api/me", headers=bearer)
    assert (me.status_code, me.headers[WORLD]) == (200, "of-the-server")


def test_a_refresh_token_reaches_its_world_with_the_default_anon_key(
    origin: str, http: httpx2.Client
) -> None:
    default_key = http.get(f"{origin}/_emulator/worlds/default").json()["anon_key"]
    named = {WORLD: "of-the-token"}
    token = f"{origin}/auth/v1/token?grant_type="
    session = http.post(f"{token}password", json=MARA, headers=named).json()
    assert session["refresh_token"].endswith("~of-the-token")
    renewed = http.post(
        f"{token}refresh_token",
        json={"refresh_token": session["refresh_token"]},
        headers={"apikey": default_key, "Authorization": f"Bearer {default_key}"},
    )
    assert (renewed.status_code, renewed.headers[WORLD]) == (200, "of-the-token")


def test_a_stranger_reaches_a_share_of_a_world_by_its_link(
    origin: str, http: httpx2.Client
) -> None:
    world = made(http, origin, "of-the-share")
    key = {"Authorization": f"Bearer {world['api_keys'][0]['secret']}"}
    run = http.get(f"{origin}/api/runs?limit=1", headers=key).json()["items"][0]
    share = http.post(f"{origin}/api/shares", json={"run_id": run["id"]}, headers=key).json()
    with httpx2.Client(trust_env=False) as stranger:
        for url in (share["url"], f"{origin}/api/public/shares/{share['token']}"):
            seen = stranger.get(url)
            assert (seen.status_code, seen.headers[WORLD]) == (200, "of-the-share")
        bare = stranger.get(share["url"].partition("~")[0])
        assert (bare.status_code, bare.headers[WORLD]) == (404, "default")


def test_the_link_of_a_reset_mail_reaches_its_world(origin: str, http: httpx2.Client) -> None:
    named = {WORLD: "of-the-mail"}
    http.post(f"{origin}/auth/v1/recover", json={"email": MARA["email"]}, headers=named)
    mail = http.get(f"{origin}/_emulator/mail?kind=reset", headers=named).json()["items"][0]
    with httpx2.Client(trust_env=False) as reader:
        followed = reader.get(mail["link"])
        assert (followed.status_code, followed.headers[WORLD]) == (303, "of-the-mail")
        fragment = dict(
            pair.split("=", 1)
            for pair in urlsplit(followed.headers["location"]).fragment.split("&")
        )
        bearer = {"Authorization": f"Bearer {fragment['access_token']}"}
        changed = reader.put(
            f"{origin}/auth/v1/user", json={"password": "another-password"}, headers=bearer
        )
        assert (changed.status_code, changed.headers[WORLD]) == (200, "of-the-mail")
    login = http.post(f"{origin}/api/auth/login", json=MARA)
    assert (login.status_code, login.headers[WORLD]) == (200, "default")


def test_a_pkce_code_reaches_its_world(origin: str, http: httpx2.Client) -> None:
    named = {WORLD: "of-the-code"}
    challenge = {"code_challenge": "v" * 43, "code_challenge_method": "plain"}
    body = {"email": MARA["email"], **challenge}
    http.post(f"{origin}/auth/v1/otp", json=body, headers=named)
    link = http.get(f"{origin}/_emulator/mail", headers=named).json()["items"][0]["link"]
    where = http.get(link).headers["location"]
    proof = {"auth_code": httpx2.URL(where).params["code"], "code_verifier": "v" * 43}
    session = http.post(f"{origin}/auth/v1/token?grant_type=pkce", json=proof)
    assert (session.status_code, session.headers[WORLD]) == (200, "of-the-code")


def test_a_browser_stays_in_its_world_by_the_session_cookie_alone(
    origin: str, http: httpx2.Client
) -> None:
    login = http.post(f"{origin}/_w/of-the-browser/api/auth/login", json=MARA)
    assert login.headers[WORLD] == "of-the-browser"
    for path in ("/api/auth/session", "/api/cloud/me", "/api/cloud/runs"):
        answer = http.get(f"{origin}{path}")
        assert (answer.status_code, answer.headers[WORLD]) == (200, "of-the-browser")


def test_a_port_of_its_own_reaches_one_world(origin: str, http: httpx2.Client) -> None:
    world = made(http, origin, "with-a-port", port=0)
    assert world["url"] == f"http://localhost:{world['port']}"
    for host in ("127.0.0.1", "localhost"):
        answer = http.post(f"http://{host}:{world['port']}/api/auth/login", json=MARA)
        assert (answer.status_code, answer.headers[WORLD]) == (200, "with-a-port")
    # Cookies are shared by all ports of a host; that of another world is no session here.
    http.cookies.clear()
    http.post(f"{origin}/_w/another/api/auth/login", json=MARA)
    shared = http.get(f"http://localhost:{world['port']}/api/auth/session")
    assert (shared.status_code, shared.headers[WORLD]) == (401, "with-a-port")


def test_a_port_closes_with_its_world(origin: str, http: httpx2.Client) -> None:
    port = made(http, origin, "to-be-dropped", port=0)["port"]
    kept = httpx2.Client(trust_env=False)
    assert kept.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    assert http.delete(f"{origin}/_emulator/worlds/to-be-dropped").status_code == 204
    still_open = kept.get(f"http://127.0.0.1:{port}/healthz")
    assert still_open.status_code == 404
    assert "to-be-dropped" in still_open.json()["detail"]["message"]
    kept.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_port_in_use_is_refused_and_makes_no_world(origin: str, http: httpx2.Client) -> None:
    taken = urlsplit(origin).port
    answer = http.post(f"{origin}/_emulator/worlds", json={"name": "no-port", "port": taken})
    assert answer.status_code == 409
    assert http.get(f"{origin}/_emulator/worlds/no-port").status_code == 404


def test_a_preflight_carries_no_world_and_is_answered(origin: str, http: httpx2.Client) -> None:
    answer = http.options(
        f"{origin}/api/cloud/me",
        headers={
            "Origin": "http://localhost:3000",
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "content-type, x-emulator-world",
        },
    )
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "x-emulator-world" in answer.headers["access-control-allow-headers"]
