"""What happens where two things name a world, or one names a world that is not there."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.wire.gotrue.tokens import anon_key, service_key
from tests.support.checked_client import Emulator
from tests.support.messages import golden

WORLD = "X-Emulator-World"
MARA = {"email": "mara@example.com", "password": "demo-password"}


NAMED: dict[str, tuple[str, dict[str, str]]] = {
    "prefix": ("/_w/one", {}),
    "header": ("", {WORLD: "one"}),
    "cookie": ("", {"Cookie": "emulator_world=one"}),
}
"""Every way to name a world that makes it: the path before the path, and headers."""

named_by = pytest.mark.parametrize(("prefix", "headers"), NAMED.values(), ids=NAMED)


def world(demo: Emulator, name: str) -> Any:
    """Make a world and return control's view of it."""
    return demo.client().post("/_emulator/worlds", json={"name": name}).json()


def refusal(first: str, name: str, second: str, other: str) -> str:
    case = f"{first}-and-{second}"
    return golden("all", "two_worlds", case, name=repr(name), other=repr(other))


def test_two_that_disagree_are_refused_by_name(demo: Emulator) -> None:
    one, two = world(demo, "one"), world(demo, "two")
    key = {"Authorization": f"Bearer {one['api_keys'][0]['secret']}"}
    header, cookie = {WORLD: "two"}, {"Cookie": "emulator_world=two"}
    credential = "credential"
    cases: list[tuple[str, dict[str, str], tuple[str, str, str, str]]] = [
        (
            "/_w/one/api/me",
            header,
            ("prefix", "one", "header", "two"),
        ),
        ("/_w/two/api/me", key, ("prefix", "two", credential, "one")),
        ("/api/me", header | key, ("header", "two", credential, "one")),
        ("/api/me", cookie | key, ("cookie", "two", credential, "one")),
        (
            "/api/me",
            {"apikey": two["anon_key"]} | key,
            (credential, "one", "apikey", "two"),
        ),
        (
            "/api/public/r/token~two",
            key,
            (credential, "one", "link", "two"),
        ),
    ]
    for path, headers, said in cases:
        answer = demo.client().get(path, headers=headers)
        body = answer.json()
        assert answer.status_code == 409
        assert (body.get("detail") or body["error"]) == {
            "code": "conflict",
            "message": refusal(*said),
        }


def test_a_token_in_a_body_and_a_header_that_disagree_are_refused_by_name(demo: Emulator) -> None:
    for path, member in (
        ("/auth/v1/token?grant_type=refresh_token", "refresh_token"),
        ("/auth/v1/token?grant_type=pkce", "auth_code"),
        ("/auth/v1/verify", "token_hash"),
    ):
        body = {member: "abcdefghijkl~one"}
        answer = demo.client().post(path, json=body, headers={WORLD: "two"})
        said = refusal("header", "two", f"body-{member}", "one")
        assert (answer.status_code, answer.json()["msg"]) == (409, said)


def test_a_disagreement_is_told_in_the_dialect_of_its_surface(demo: Emulator) -> None:
    client, message = (
        demo.client(),
        refusal("prefix", "one", "header", "two"),
    )
    said = {
        "/_w/one/api/me": {"detail": {"code": "conflict", "message": message}},
        "/_w/one/api/cloud/me": {"error": {"code": "conflict", "message": message}},
        "/_w/one/_emulator/state": {"error": {"code": "conflict", "message": message}},
        "/_w/one/auth/v1/user": {"code": 409, "error_code": "conflict", "msg": message},
    }
    for path, body in said.items():
        answer = client.get(path, headers={WORLD: "two"})
        assert (answer.status_code, answer.json()) == (409, body)
        assert "x-emulator" in answer.headers
    assert [one.world.name for one in demo.worlds.all()] == ["default"]


def test_a_session_and_a_chosen_world_that_disagree_are_refused(demo: Emulator) -> None:
    client = demo.client()
    client.post("/_w/one/api/auth/login", json=MARA)
    client.cookies.set("emulator_world", "two")
    answer = client.get("/api/cloud/me")
    message = refusal("cookie", "two", "session", "one")
    assert answer.json() == {"error": {"code": "conflict", "message": message}}


def test_cookies_of_another_world_are_ignored_where_a_header_names_one(demo: Emulator) -> None:
    client = demo.client()
    client.post("/_w/one/api/auth/login", json=MARA)
    client.cookies.set("emulator_world", "one")
    answer = client.get("/api/cloud/me", headers={WORLD: "two"})
    assert (answer.status_code, answer.headers[WORLD]) == (401, "two")


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer wbx_demo_tabletop_live_000000000000000001~nowhere"},
        {"apikey": "sb_publishable_x~nowhere"},
    ],
    ids=["bearer", "apikey"],
)
def test_a_credential_never_makes_a_world(demo: Emulator, headers: dict[str, str]) -> None:
    answer = demo.client().get("/api/me", headers=headers)
    assert answer.status_code == 404
    assert answer.json()["detail"]["message"] == golden("all", "not_found", "no-world-nowhere")
    assert [one.world.name for one in demo.worlds.all()] == ["default"]


def test_a_link_never_makes_a_world(demo: Emulator) -> None:
    client = demo.client()
    for path in (
        "/api/public/r/token~nowhere",
        "/exports/token~nowhere",
        "/auth/v1/verify?token=abc~nowhere&type=recovery",
    ):
        assert client.get(path).status_code == 404
    body = {"refresh_token": "abcdefghijkl~nowhere"}
    assert client.post("/auth/v1/token?grant_type=refresh_token", json=body).status_code == 404
    assert [one.world.name for one in demo.worlds.all()] == ["default"]


def test_the_session_of_a_world_that_is_gone_is_no_session(demo: Emulator) -> None:
    client = demo.client()
    client.post("/_w/gone/api/auth/login", json=MARA)
    demo.client().delete("/_emulator/worlds/gone")
    answer = client.get("/api/cloud/me")
    assert (answer.status_code, answer.headers[WORLD]) == (401, "default")
    assert client.post("/api/auth/login", json=MARA).status_code == 200


def test_what_has_the_mark_of_a_tag_but_no_name_is_a_bad_credential(demo: Emulator) -> None:
    answer = demo.client().get("/api/me", headers={"Authorization": "Bearer wbx_abc~Not A Name"})
    assert answer.status_code == 401


def test_a_credential_of_one_world_is_worth_nothing_in_another(demo: Emulator) -> None:
    secret = world(demo, "one")["api_keys"][0]["secret"]
    client = demo.client()
    assert client.get("/api/me", headers={"Authorization": f"bearer {secret}"}).status_code == 200
    headers = {"Authorization": f"Bearer {secret}", WORLD: "two"}
    assert client.get("/api/me", headers=headers).status_code == 409


def test_a_token_of_the_default_world_is_refused_by_name_where_another_is_named(
    demo: Emulator,
) -> None:
    world(demo, "one")
    token = {"Authorization": demo.tokened().headers["Authorization"]}
    said = {
        "/_w/one": ("prefix", {}),
        "": ("header", {WORLD: "one"}),
    }
    for prefix, (source, headers) in said.items():
        message = refusal(source, "one", "credential", "default")
        answer = demo.client().get(f"{prefix}/api/me", headers=token | headers)
        assert answer.json() == {"detail": {"code": "conflict", "message": message}}
        answer = demo.client().get(f"{prefix}/auth/v1/user", headers=token | headers)
        body = {"code": 409, "error_code": "conflict", "msg": message}
        assert (answer.status_code, answer.json()) == (409, body)


@named_by
def test_the_keys_that_env_prints_are_good_in_every_world_that_is_named(
    demo: Emulator, prefix: str, headers: dict[str, str]
) -> None:
    world(demo, "one")
    key = service_key(demo.world, demo.settings)
    keys = {"apikey": key, "Authorization": f"Bearer {key}"}
    answer = demo.client().get(f"{prefix}/auth/v1/admin/users", headers=headers | keys)
    assert (answer.status_code, answer.headers[WORLD]) == (200, "one")
    anon = {"apikey": anon_key(demo.world, demo.settings)}
    path = f"{prefix}/auth/v1/token?grant_type=password"
    answer = demo.client().post(path, json=MARA, headers=headers | anon)
    assert (answer.status_code, answer.headers[WORLD]) == (200, "one")


def test_the_service_key_of_another_world_is_refused_by_name(demo: Emulator) -> None:
    key = world(demo, "two")["service_role_key"]
    keys = {"apikey": key, "Authorization": f"Bearer {key}"}
    answer = demo.client().get("/auth/v1/admin/users", headers=keys | {WORLD: "one"})
    message = refusal("header", "one", "credential", "two")
    assert answer.json() == {"code": 409, "error_code": "conflict", "msg": message}
    assert demo.client().get("/auth/v1/admin/users", headers=keys).headers[WORLD] == "two"


def test_whoever_was_signed_in_to_the_default_world_is_nobody_in_one_that_a_cookie_names(
    demo: Emulator,
) -> None:
    client = demo.signed_in()
    client.cookies.set("emulator_world", "one")
    answer = client.get("/api/cloud/me")
    assert (answer.status_code, answer.headers[WORLD]) == (401, "one")
    assert client.post("/api/auth/login", json=MARA).headers[WORLD] == "one"


def test_what_a_seed_pins_is_good_without_a_tag_where_the_world_is_named(demo: Emulator) -> None:
    client = demo.client()
    secret = demo.worlds.planted.keys[0][1]
    key = {"Authorization": f"Bearer {secret}"}
    run = client.get("/api/runs?limit=1", headers=key).json()["items"][0]
    shared = client.post("/api/shares", json={"run_id": run["id"]}, headers=key | {WORLD: "one"})
    bare = shared.json()["token"].partition("~")[0]
    for named in ({WORLD: "one"}, {"Cookie": "emulator_world=one"}):
        answer = client.get("/api/me", headers=key | named)
        assert (answer.status_code, answer.headers[WORLD]) == (200, "one")
        assert client.get(f"/api/public/r/{bare}", headers=named).status_code == 200
    assert client.get("/_w/one/api/me", headers=key).status_code == 200
    assert client.get(f"/api/public/r/{bare}").status_code == 404


@pytest.mark.parametrize(
    "named",
    [
        [(WORLD, "one"), (WORLD, "two")],
        [("Cookie", "emulator_world=one; emulator_world=two")],
    ],
)
def test_a_name_that_is_sent_twice_may_not_differ(
    demo: Emulator, named: list[tuple[str, str]]
) -> None:
    world(demo, "one")
    world(demo, "two")
    answer = demo.client().get("/api/cloud/me", headers=named)
    assert answer.status_code == 409
    assert "'one'" in answer.json()["error"]["message"]
    assert "'two'" in answer.json()["error"]["message"]
    same = [(name, value.replace("two", "one")) for name, value in named]
    assert demo.client().get("/api/cloud/me", headers=same).headers[WORLD] == "one"


def test_a_bad_name_is_refused(demo: Emulator) -> None:
    for name in ("Upper", "a" * 41, "with_underscore", ""):
        answer = demo.client().get("/api/cloud/me", headers={WORLD: name})
        assert answer.json() == {
            "error": {
                "code": "validation_error",
                "message": golden("all", "validation_error", "bad-world-name", name=repr(name)),
                "details": {
                    "path": "name",
                    "errors": [
                        {
                            "path": "name",
                            "message": golden(
                                "all", "validation_error", "bad-world-name", name=repr(name)
                            ),
                        }
                    ],
                },
            }
        }


def test_naming_makes_no_world_where_that_is_forbidden() -> None:
    emulator = Emulator("empty", makes_worlds_lazily=False)
    client = emulator.client()
    assert client.get("/healthz", headers={WORLD: "one"}).status_code == 404
    assert client.post("/_emulator/worlds", json={"name": "one"}).status_code == 201
    assert client.get("/healthz", headers={WORLD: "one"}).status_code == 200


@named_by
def test_reading_control_makes_no_world_and_whatever_else_does(
    demo: Emulator, prefix: str, headers: dict[str, str]
) -> None:
    client = demo.client()
    for path in ("/_emulator/requests", "/_emulator/state", "/_emulator/nothing"):
        answer = client.get(f"{prefix}{path}", headers=headers)
        message = golden("all", "not_found", "no-world-one-here")
        assert (answer.status_code, answer.json()) == (
            404,
            {"error": {"code": "not_found", "message": message}},
        )
        assert client.head(f"{prefix}{path}", headers=headers).status_code == 404
    assert [one.world.name for one in demo.worlds.all()] == ["default"]
    for method, path in (("GET", "/api/cloud/me"), ("POST", "/_emulator/reset")):
        answer = client.request(method, f"{prefix}{path}", headers=headers)
        assert answer.headers[WORLD] == "one"
        assert client.delete("/_emulator/worlds/one").status_code == 204


@named_by
def test_a_page_of_another_site_makes_no_world(
    demo: Emulator, prefix: str, headers: dict[str, str]
) -> None:
    client = demo.client()
    image = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}
    for path in ("/x.png", "/api/cloud/me", "/auth/v1/user", "/stripe/checkout/x"):
        assert client.get(f"{prefix}{path}", headers=headers | image).status_code == 404
    assert [one.world.name for one in demo.worlds.all()] == ["default"]
    # It is served where its world is there already, as a share's page on another site needs.
    client.post("/_emulator/worlds", json={"name": "one"})
    answer = client.get(f"{prefix}/api/cloud/me", headers=headers | image)
    assert (answer.status_code, answer.headers[WORLD]) == (401, "one")


def test_a_probe_looks_at_no_cookie(demo: Emulator) -> None:
    client = demo.client()
    client.post("/_w/one/api/auth/login", json=MARA)
    client.cookies.set("emulator_world", "two")
    for path in ("/healthz", "/_emulator/health"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers[WORLD]) == (200, "default")
        assert client.get(path, headers={WORLD: "one"}).headers[WORLD] == "one"
    assert not demo.worlds.exists("two")


def test_the_cookie_of_a_world_that_is_not_made_is_deleted_where_it_alone_named_it() -> None:
    emulator = Emulator("demo", makes_worlds_lazily=False)
    client = emulator.client()
    client.cookies.set("emulator_world", "gone", domain="localhost.local", path="/")
    headed = {WORLD: "gone", "Cookie": "emulator_world=gone"}
    answer = emulator.client().get("/api/cloud/me", headers=headed)
    assert (answer.status_code, "set-cookie" in answer.headers) == (404, False)
    answer = client.get("/api/cloud/me")
    assert (answer.status_code, answer.json()) == (
        404,
        {"error": {"code": "not_found", "message": golden("all", "not_found", "no-world-gone")}},
    )
    assert answer.headers["set-cookie"] == "emulator_world=; Max-Age=0; Path=/"
    assert client.get("/api/cloud/me").status_code == 401


def test_the_cookie_of_a_world_that_naming_makes_stays(demo: Emulator) -> None:
    client = demo.client()
    client.cookies.set("emulator_world", "one")
    answer = client.get("/_emulator/state")
    assert (answer.status_code, "set-cookie" in answer.headers) == (404, False)


def test_a_client_that_names_its_world_in_every_call_may_make_it(demo: Emulator) -> None:
    client = demo.client()
    client.headers[WORLD] = "mine"
    assert client.post("/_emulator/worlds", json={"name": "mine"}).status_code == 201
    assert client.get("/api/cloud/me").headers[WORLD] == "mine"
    assert client.delete("/_emulator/worlds/mine").status_code == 204
    assert client.delete("/_emulator/worlds/mine").status_code == 404


def test_a_large_sync_is_taken_under_a_prefix_too(demo: Emulator) -> None:
    body = {"client_run_id": "large", "extra": {"filler": "x" * 11 * 2**20}}
    plain = demo.client().post("/api/e2e/cli-sync", json=body)
    prefixed = demo.client().post("/_w/one/api/e2e/cli-sync", json=body)
    assert plain.status_code == prefixed.status_code == 201
