"""Every kind of refusal in the BFF's one shape."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.contract.catalog import BODY_LIMIT
from tests.support.checked_client import Emulator
from tests.support.fixture_seed import browser, invalid, no_room, problem
from tests.support.messages import golden

WRITES = [
    ("PATCH", "/api/cloud/me"),
    ("POST", "/api/cloud/me"),
    ("POST", "/api/cloud/workspaces"),
    ("POST", "/api/cloud/projects"),
    ("POST", "/api/cloud/runs"),
    ("POST", "/api/cloud/api-keys"),
    ("POST", "/api/cloud/shares"),
    ("POST", "/api/cloud/billing/checkout"),
    ("POST", "/api/cloud/billing/portal"),
    ("POST", "/api/cloud/sample-run"),
]
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_what_is_no_json_is_refused(scene: Emulator, method: str, path: str) -> None:
    answer = browser(scene, "ada").request(method, path, content=b"{", headers=JSON)
    message = answer.json()["error"]["message"]
    assert message == golden(
        "all", "validation_error", "body-is-not-json", why=message.partition(": ")[2]
    )
    assert (answer.status_code, answer.json()) == (422, {"error": invalid(("", message))})


@pytest.mark.parametrize(
    "media_type", ["text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "", None]
)
def test_json_is_taken_whatever_its_declared_type(scene: Emulator, media_type: str | None) -> None:
    headers = {} if media_type is None else {"Content-Type": media_type}
    ada = browser(scene, "ada")

    def said(method: str, path: str, body: str) -> int:
        return ada.request(method, path, content=body, headers=headers).status_code

    login = '{"email": "ada@lab.test", "password": "ada-password"}'
    assert said("POST", "/api/auth/login", login) == 200
    assert said("PATCH", "/api/cloud/me", '{"name": "Ada L."}') == 200
    assert said("POST", "/api/cloud/me", '{"action": "restrict", "restricted": true}') == 200
    assert said("POST", "/api/cloud/sample-run", "{}") == 403
    assert said("POST", "/api/e2e/cli-sync", '{"client_run_id": "one"}') == 201
    assert ada.get("/api/cloud/me").json()["name"] == "Ada L."


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_form_is_no_json(scene: Emulator, method: str, path: str) -> None:
    answer = browser(scene, "ada").request(method, path, data={"name": "x"})
    message = answer.json()["error"]["message"]
    assert message == golden(
        "all", "validation_error", "body-is-not-json", why=message.partition(": ")[2]
    )
    assert (answer.status_code, answer.json()) == (422, {"error": invalid(("", message))})


def test_a_body_above_ten_mib_is_refused(scene: Emulator) -> None:
    body = b" " * (BODY_LIMIT + 1)
    answer = browser(scene, "ada").post("/api/cloud/runs", content=body, headers=JSON)
    message = golden("all", "payload_too_large", "body-above-ten-mib")
    expected = {"error": problem("payload_too_large", message)}
    assert (answer.status_code, answer.json()) == (413, expected)


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("NaN", golden("all", "validation_error", "number-is-not-finite")),
        ("-Infinity", golden("all", "validation_error", "number-is-not-finite")),
        ("1e400", golden("all", "validation_error", "number-is-not-finite")),
        ("18446744073709551616", golden("all", "validation_error", "integer-beyond-64-bits")),
    ],
)
def test_a_number_that_cannot_be_kept_is_refused_with_its_path(
    scene: Emulator, number: str, message: str
) -> None:
    body = f'{{"metrics": {{"loss": {number}}}}}'
    expected = {"error": invalid(("metrics.loss", message), message=message)}
    for client, path in (
        (browser(scene, "ada"), "/api/cloud/runs"),
        (scene.client(), "/api/e2e/cli-sync"),
    ):
        answer = client.post(path, content=body, headers=JSON)
        assert (answer.status_code, answer.json()) == (422, expected)


@pytest.mark.parametrize(
    ("query", "place", "message"),
    [
        (
            "cursor=broken",
            "cursor",
            golden("all", "validation_error", "broken-cursor"),
        ),
        ("limit=0", "limit", None),
        ("status=done", "status", None),
    ],
)
def test_a_broken_query_is_refused_with_its_path(
    scene: Emulator, query: str, place: str, message: str | None
) -> None:
    answer = browser(scene, "ada").get(f"/api/cloud/runs?{query}")
    why = message or answer.json()["error"]["details"]["errors"][0]["message"]
    expected = {"error": invalid((place, why), message=message)}
    assert (answer.status_code, answer.json()) == (422, expected)


def test_every_place_that_is_off_is_named(scene: Emulator) -> None:
    answer = browser(scene, "ada").post("/api/cloud/projects", json={"slug": "Bad", "x": 1})
    places = [
        ("name", "Field required"),
        ("slug", "String should match pattern '^[a-z0-9]+(-[a-z0-9]+)*$'"),
        ("x", "Extra inputs are not permitted"),
    ]
    assert (answer.status_code, answer.json()) == (422, {"error": invalid(*places)})


REFUSED: list[tuple[str, str, dict[str, Any], int, dict[str, Any]]] = [
    (
        "cy",
        "/api/cloud/api-keys",
        {"name": "k"},
        403,
        problem(
            "forbidden",
            golden("all", "forbidden", "member-issues-api-keys"),
        ),
    ),
    (
        "ada",
        "/api/cloud/workspaces",
        {"name": "x", "slug": "lab"},
        409,
        problem("conflict", golden("all", "conflict", "slug-lab-is-taken")),
    ),
    *(
        (
            "dee",
            path,
            body,
            402,
            no_room(),
        )
        for path, body in (
            ("/api/cloud/sample-run", {}),
            ("/api/cloud/runs", {"name": "n", "adapter_id": "a", "task": "eval"}),
        )
    ),
]


@pytest.mark.parametrize("refused", REFUSED)
def test_a_refusal_of_the_upstream_keeps_its_code_message_and_details(
    scene: Emulator, refused: tuple[str, str, dict[str, Any], int, dict[str, Any]]
) -> None:
    who, path, body, status, said = refused
    answer = browser(scene, who).post(path, json=body)
    assert (answer.status_code, answer.json()) == (status, {"error": said})
    assert "www-authenticate" not in answer.headers


@pytest.mark.parametrize(
    "path",
    ["/api/cloud/nothing", "/api/cloud/runs/x", "/api/auth/x", "/api/e2e/x", "/api/public/r/a/b"],
)
def test_a_path_of_the_bff_that_no_route_has_is_not_found(scene: Emulator, path: str) -> None:
    answer = browser(scene, "ada").get(path)
    message = golden("all", "not_found", "no-route", path=path)
    assert (answer.status_code, answer.json()) == (404, {"error": problem("not_found", message)})
