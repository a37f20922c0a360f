"""Host and Origin guards, CORS, HEAD and OPTIONS: what is the same on every surface."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from emulator.pipeline.cors import EXPOSED
from tests.support.checked_client import Emulator
from tests.support.fixture_seed import SECRET as KEY
from tests.support.fixture_seed import browser, problem, stage, with_secret
from tests.support.messages import golden

PATHS = (
    "/healthz",
    "/api/cloud/me",
    "/api/auth/session",
    "/api/public/r/share-live-token",
    "/auth/v1/health",
    "/_emulator/health",
)
"""One of every surface."""

LOOPBACK = (
    "http://localhost",
    "http://localhost:3000",
    "https://localhost:3000",
    "http://app.localhost:5173",
    "http://127.0.0.1:8080",
    "http://127.1.2.3",
    "http://[::1]:3000",
)
FOREIGN = (
    "https://evil.test",
    "http://localhost.evil.test",
    "http://evil.test:8787",
    "http://localhost:3000.evil.test",
    "http://xlocalhost",
    "http://127.0.0.1.evil.test",
    "http://192.168.0.1:3000",
    "null",
    "file://",
)


def cors_of(answer: httpx2.Response) -> dict[str, str]:
    """Return what a browser goes by, without what is always the same."""
    names = ("access-control-allow-origin", "access-control-allow-credentials")
    assert answer.headers["vary"].startswith("Origin")
    return {name: answer.headers[name] for name in names if name in answer.headers}


@pytest.mark.parametrize(
    "host", ["localhost:8787", "LOCALHOST", "127.0.0.1", "[::1]:1", "a.localhost"]
)
def test_a_loopback_host_is_served(scene: Emulator, host: str) -> None:
    assert scene.client().get("/healthz", headers={"Host": host}).status_code == 200


def forbidden(path: str, message: str) -> dict[str, object]:
    """Return a refusal of a guard in the shape of the surface that a path belongs to."""
    if path.startswith("/auth/v1"):
        return {"code": 403, "error_code": "forbidden", "msg": message}
    is_upstream = not path.startswith(("/api/", "/_emulator"))
    return {"detail" if is_upstream else "error": problem("forbidden", message)}


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("evil.test", "evil.test"),
        ("localhost.evil.test:8787", "localhost.evil.test"),
        ("192.168.0.1", "192.168.0.1"),
        ("[::2]:8787", "::2"),
        ("127.0.0.1.evil.test", "127.0.0.1.evil.test"),
    ],
)
@pytest.mark.parametrize("path", PATHS)
def test_any_other_host_is_refused(scene: Emulator, path: str, host: str, name: str) -> None:
    answer = scene.client().get(path, headers={"Host": host})
    message = golden("all", "forbidden", "unknown-host", host=repr(host), name=name)
    assert (answer.status_code, answer.json()) == (403, forbidden(path, message))


@pytest.mark.parametrize(
    "host",
    [
        "[",
        "a b",
        "evil.example@localhost",
        "localhost/evil",
        "localhost?x",
        "localhost#x",
        "localhost:abc",
        "localhost:",
        "localhost:80:80",
        "localhost\n",
        "[::1]x",
        "[localhost]",
        "::1",
    ],
)
def test_a_host_is_a_name_with_an_optional_port_and_nothing_else(
    scene: Emulator, host: str
) -> None:
    answer = scene.client().get("/healthz", headers={b"Host": host.encode()})
    message = golden("all", "forbidden", "bad-host", host=repr(host))
    assert (answer.status_code, answer.json()) == (403, forbidden("/healthz", message))


def test_a_guard_refuses_a_hosted_page_with_a_page(scene: Emulator) -> None:
    answer = scene.client().get("/stripe/checkout/x", headers={"Host": "evil.test"})
    assert (answer.status_code, answer.headers["content-type"]) == (
        403,
        "text/html; charset=utf-8",
    )
    assert "--allowed-host evil.test" in answer.text


def test_a_host_that_is_listed_is_served(tmp_path: Path) -> None:
    scene = stage(tmp_path, allowed_hosts=("emulator",))
    for host, status in (("emulator:8787", 200), ("EMULATOR", 200), ("other", 403)):
        assert scene.client().get("/healthz", headers={"Host": host}).status_code == status


@pytest.mark.parametrize("origin", LOOPBACK)
@pytest.mark.parametrize("path", PATHS)
def test_a_page_of_this_machine_reads_every_answer_with_credentials(
    scene: Emulator, path: str, origin: str
) -> None:
    answer = scene.client().get(path, headers={"Origin": origin})
    assert cors_of(answer) == {
        "access-control-allow-origin": origin,
        "access-control-allow-credentials": "true",
    }
    exposed = answer.headers["access-control-expose-headers"]
    assert exposed.split(", ") == list(EXPOSED)


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_page_of_elsewhere_reads_nothing_and_controls_nothing(
    scene: Emulator, origin: str
) -> None:
    ada = browser(scene, "ada")
    for path in PATHS[:-1]:
        answer = ada.get(path, headers={"Origin": origin})
        assert answer.status_code == 200
        assert "access-control-allow-origin" not in answer.headers
    message = golden("all", "forbidden", "unknown-origin", origin=repr(origin))
    for method, path in (("GET", "state"), ("POST", "reset"), ("POST", "clock/advance")):
        answer = ada.request(method, f"/_emulator/{path}", headers={"Origin": origin})
        expected = {"error": problem("forbidden", message)}
        assert (answer.status_code, answer.json()) == (403, expected)
        assert "access-control-allow-origin" not in answer.headers


def test_an_origin_that_is_listed_reads_and_controls(tmp_path: Path) -> None:
    scene = stage(tmp_path, allowed_origins=("https://app.lab.test",))
    for path in ("/healthz", "/_emulator/state"):
        answer = scene.client().get(path, headers={"Origin": "https://app.lab.test"})
        assert answer.status_code == 200
        assert cors_of(answer)["access-control-allow-origin"] == "https://app.lab.test"


CROSS = {"Sec-Fetch-Site": "cross-site"}
"""What a browser says of a request that a page of another site had it send."""

NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
LOGIN = '{"email": "ada@lab.test", "password": "ada-password"}'
NO_CONTROL = golden("all", "forbidden", "page-of-another-site-controls")
NO_BODY = golden("all", "forbidden", "page-of-another-site-sends-a-form")


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"Sec-Fetch-Dest": "image"}),
        ("HEAD", {}),
        ("POST", {}),
        ("POST", NAVIGATION),
        ("GET", {"Sec-Fetch-Dest": "iframe"}),
    ],
)
@pytest.mark.parametrize("path", ["/_emulator/state", "/_w/one/_emulator/reset"])
def test_a_page_of_another_site_controls_nothing(
    scene: Emulator, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = scene.client().request(method, path, headers=CROSS | headers)
    assert answer.status_code == 403
    if method != "HEAD":
        assert answer.json() == forbidden("/_emulator", NO_CONTROL)
    assert not scene.worlds.exists("one")


def test_a_person_may_follow_a_link_of_another_site_to_control(scene: Emulator) -> None:
    client = scene.client()
    assert client.get("/_emulator/state", headers=CROSS | NAVIGATION).status_code == 200
    for headers in ({"X-Emulator-World": "one"}, {"Cookie": "emulator_world=one"}):
        for path in ("/_emulator/state", "/healthz", "/api/auth/session", "/"):
            answer = client.get(path, headers=CROSS | NAVIGATION | headers)
            is_probe = path == "/healthz" and "Cookie" in headers
            assert answer.status_code == (200 if is_probe else 404)
    assert not scene.worlds.exists("one")


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "Text/Plain;charset=UTF-8", "application/x-www-form-urlencoded", "", None],
)
def test_a_page_of_another_site_acts_on_the_bff_with_no_body_unasked(
    scene: Emulator, media_type: str | None
) -> None:
    headers = CROSS | ({} if media_type is None else {"Content-Type": media_type})
    client = scene.client()
    answer = client.post("/api/auth/login", content=LOGIN, headers=headers)
    assert (answer.status_code, answer.json()) == (403, forbidden("/api/auth", NO_BODY))
    streamed = client.post("/api/auth/login", content=iter([LOGIN.encode()]), headers=headers)
    assert streamed.status_code == 403
    named = client.post("/_w/one/api/e2e/cli-sync", content="{}", headers=headers)
    assert (named.status_code, scene.worlds.exists("one")) == (403, False)


def test_where_browsers_send_no_site_a_foreign_origin_tells(tmp_path: Path) -> None:
    scene = stage(tmp_path, allowed_hosts=("emulator",))
    for origin, status in (
        ("http://evil.test", 403),
        ("null", 403),
        ("http://emulator:8787", 200),
        ("http://localhost:3000", 200),
    ):
        headers = {"Host": "emulator:8787", "Origin": origin, "Content-Type": "text/plain"}
        answer = scene.client().post("/api/auth/login", content=LOGIN, headers=headers)
        assert answer.status_code == status


def test_what_a_browser_asks_for_first_or_reads_only_is_served_to_another_site(
    scene: Emulator,
) -> None:
    client = scene.client()
    typed = CROSS | {"Content-Type": "application/json"}
    assert client.post("/api/auth/login", content=LOGIN, headers=typed).status_code == 200
    for path in PATHS[:-1]:
        assert client.get(path, headers=CROSS).status_code == 200
    assert client.post("/api/auth/logout", headers=CROSS).status_code == 200


def test_a_page_of_an_allowed_origin_is_of_no_other_site(tmp_path: Path) -> None:
    scene = stage(tmp_path, allowed_origins=("https://app.lab.test",))
    for place, origin in enumerate(("http://127.0.0.1:3000", "https://app.lab.test")):
        client, page = scene.client(), CROSS | {"Origin": origin}
        assert client.get("/_emulator/state", headers=page).status_code == 200
        assert client.post("/_emulator/reset", headers=page).status_code == 200
        plain = page | {"Content-Type": "text/plain", "X-Emulator-World": f"of-{place}"}
        client.post("/api/auth/login", content=LOGIN, headers=plain)
        assert scene.worlds.exists(f"of-{place}")


def test_what_is_not_of_another_site_controls(scene: Emulator) -> None:
    for site in ("same-origin", "same-site", "none"):
        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": "image"}
        assert scene.client().get("/_emulator/state", headers=headers).status_code == 200


def test_without_an_origin_control_is_open(scene: Emulator) -> None:
    assert scene.client().get("/_emulator/state").status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", PATHS)
def test_a_preflight_of_this_machine_is_granted(scene: Emulator, path: str, method: str) -> None:
    asked = {
        "Origin": "http://localhost:3000",
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "apikey,authorization,x-client-info,x-workspace-id",
    }
    answer = scene.client().options(path, headers=asked)
    assert answer.status_code == 200
    assert cors_of(answer) == {
        "access-control-allow-origin": "http://localhost:3000",
        "access-control-allow-credentials": "true",
    }
    assert method in answer.headers["access-control-allow-methods"].split(", ")
    allowed = answer.headers["access-control-allow-headers"]
    assert allowed == asked["Access-Control-Request-Headers"]


def test_a_preflight_from_a_public_page_to_this_private_network_is_granted(
    tmp_path: Path,
) -> None:
    scene = stage(tmp_path, allowed_origins=("https://app.lab.test",))
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Private-Network": "true",
    }
    for origin, status in (("https://app.lab.test", 200), ("https://evil.test", 400)):
        answer = scene.client().options("/api/cloud/me", headers=asked | {"Origin": origin})
        assert answer.status_code == status
        allowed = answer.headers.get("access-control-allow-origin")
        assert allowed == (origin if status == 200 else None)
    granted = scene.client().options(
        "/api/cloud/me", headers=asked | {"Origin": "http://localhost:3000"}
    )
    assert granted.headers["access-control-allow-private-network"] == "true"


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_preflight_of_elsewhere_is_refused(scene: Emulator, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    answer = scene.client().options("/api/cloud/me", headers=asked)
    assert answer.status_code == 400
    assert "access-control-allow-origin" not in answer.headers


SIGNED = ("x-emulator", "x-emulator-world", "x-emulator-state")


def signature(answer: httpx2.Response) -> dict[str, str]:
    """Return what signs an answer."""
    return {name: answer.headers[name] for name in SIGNED if name in answer.headers}


def test_what_reached_no_world_names_the_instance_alone(scene: Emulator) -> None:
    client = scene.client()
    instance = {"x-emulator": client.get("/healthz").headers["x-emulator"]}
    foreign = {"Origin": "https://evil.test"}
    asked = {"Access-Control-Request-Method": "POST"}
    two = {"X-Emulator-World": "two"}
    refused = [
        client.get("/healthz", headers={"Host": "evil.test"}),
        client.get("/_emulator/state", headers=foreign),
        client.get("/_w/one/healthz", headers=two),
        client.options("/healthz", headers=foreign | asked),
    ]
    granted = client.options("/healthz", headers={"Origin": "http://localhost:3000"} | asked)
    assert [answer.status_code for answer in [*refused, granted]] == [403, 403, 409, 400, 200]
    assert [signature(answer) for answer in [*refused, granted]] == [instance] * 5


def test_a_preflight_names_the_world_of_its_url_and_makes_none(scene: Emulator) -> None:
    client = scene.client()
    asked = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"}
    instance = {"x-emulator": client.get("/healthz").headers["x-emulator"]}
    assert signature(client.options("/_w/one/healthz", headers=asked)) == instance
    assert not scene.worlds.exists("one")
    signed = signature(client.get("/_w/one/healthz"))
    assert signed["x-emulator-world"] == "one"
    for page in ("http://localhost:3000", "https://evil.test"):
        asked["Origin"] = page
        assert signature(client.options("/_w/one/healthz", headers=asked)) == signed


def test_a_refusal_can_be_read_by_a_page_too(scene: Emulator) -> None:
    page = {"Origin": "http://localhost:3000"}
    for method, path in (("GET", "/api/cloud/me"), ("PUT", "/api/runs"), ("GET", "/nothing")):
        answer = scene.client().request(method, path, headers=page)
        assert answer.status_code >= 400
        assert cors_of(answer)["access-control-allow-origin"] == page["Origin"]


@pytest.mark.parametrize("path", [*PATHS, "/api/runs", "/", "/openapi.json", "/nothing"])
def test_head_is_get_without_its_body(scene: Emulator, path: str) -> None:
    key = with_secret(scene, KEY)
    got, head = key.get(path), key.head(path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers == got.headers


def test_head_of_what_has_no_get_is_not_allowed(scene: Emulator) -> None:
    answer = scene.client().head("/api/auth/login")
    assert (answer.status_code, answer.content, answer.headers["allow"]) == (405, b"", "POST")


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/", "GET, HEAD"),
        ("/openapi.json", "GET, HEAD"),
        ("/api/me", "GET, HEAD, PATCH"),
        ("/api/runs", "GET, HEAD, POST"),
        ("/api/runs/x", "DELETE, GET, HEAD"),
        ("/api/sync/runs", "POST"),
        ("/api/cloud/me", "GET, HEAD, PATCH, POST"),
        ("/api/cloud/runs", "GET, HEAD, POST"),
        ("/api/auth/login", "POST"),
        ("/api/public/r/x", "GET, HEAD"),
        ("/auth/v1/token", "POST"),
        ("/_emulator/reset", "POST"),
    ],
)
def test_options_names_the_methods_there_are(scene: Emulator, path: str, allow: str) -> None:
    answer = scene.client().options(path)
    assert (answer.status_code, answer.content, answer.headers["allow"]) == (204, b"", allow)
    assert "content-length" not in answer.headers


def test_what_a_browser_asks_for_on_the_side_leaves_no_trace(scene: Emulator) -> None:
    client = scene.client()
    fault = {"match": {"method": "GET"}, "then": {"status": 503}}
    assert client.post("/_emulator/faults", json=fault).status_code == 201
    icon = client.get("/favicon.ico")
    assert (icon.status_code, icon.content) == (204, b"")
    for path in ("/docs", "/docs/", "/openapi.json"):
        assert client.get(path).status_code == 200
        assert client.get(f"/_w/one{path}").status_code == 404
    assert client.get("/favicon.ico", headers={"Cookie": "emulator_world=one"}).status_code == 204
    assert client.get("/_emulator/requests").json() == {"items": [], "count": 0}
    assert client.get("/_emulator/requests/verify?times=0").status_code == 200
    assert client.get("/_emulator/coverage").json()["percent"] == 0
    assert client.get("/").status_code == 503
    assert not scene.worlds.exists("one")
