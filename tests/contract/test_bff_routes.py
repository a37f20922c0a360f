"""The documented BFF table against the table in the code and against what is really routed."""

from __future__ import annotations

from pathlib import Path
from posixpath import commonpath

import pytest

from emulator.settings import Settings
from emulator.surfaces.bff import auth, fixtures
from emulator.surfaces.bff.app import OPERATIONS, build_bff
from emulator.surfaces.bff.route_table import CLOUD, PUBLIC, ROWS, Row
from emulator.surfaces.upstream.app import OPERATIONS as UPSTREAM
from emulator.surfaces.upstream.app import build_upstream
from tests.support.api_reference import (
    AUTH_ROUTES,
    BFF_ROUTES,
    E2E_ROUTES,
    PUBLIC_ROUTES,
    SOURCE_OF_TRUTH,
    later_list,
)
from tests.support.checked_client import Emulator
from tests.support.fixture_seed import (
    CHECKOUT,
    DONE,
    LIVE_SHARE,
    PORTAL,
    browser,
    pay,
    problem,
    stage,
)
from tests.support.messages import golden

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

DOCUMENTED = {
    route.replace("[token]", "{token}")
    for table in (BFF_ROUTES, AUTH_ROUTES, PUBLIC_ROUTES)
    for route, *_ in table
}
FIXTURES = {f"POST {path}" for path in E2E_ROUTES}

PATHS = sorted({route.split()[1] for route in DOCUMENTED | FIXTURES})
OTHERS = [
    (method, path)
    for path in PATHS
    for method in METHODS
    if f"{method} {path}" not in DOCUMENTED | FIXTURES
]


def route_of(row: Row) -> str:
    """Return a row's method and path."""
    return f"{row.method} {row.path}"


def target_of(row: Row) -> str:
    """Return a row's target as the page writes it."""
    if row.actions:
        shared = {target.path.split("/{")[0] for target in row.actions.values()}
        parent = commonpath(shared)
        return parent if len(shared) == 1 else f"{parent}/..."
    assert row.target is not None
    return row.target.path + (" (synthetic)" if row.is_sample else "")


def routed_upstream() -> set[tuple[str, str]]:
    """Return method and path of every route of the upstream."""
    return {(operation.method, operation.path) for operation in UPSTREAM}


def test_the_cloud_table_is_the_pages_row_for_row() -> None:
    rows = [row for row in CLOUD if not row.is_fixture]
    assert [(route_of(row), target_of(row), row.used_by) for row in rows] == list(BFF_ROUTES)


def test_the_auth_and_public_tables_are_the_pages() -> None:
    declared = [(each.id, each.summary) for each in auth.routes.operations]
    assert declared == list(AUTH_ROUTES)
    shown = PUBLIC.path.replace("{token}", "[token]")
    assert [(f"{PUBLIC.method} {shown}", PUBLIC.used_by)] == list(PUBLIC_ROUTES)


def test_what_is_not_in_the_pages_tables_is_a_fixture_that_the_page_names() -> None:
    beside = [each.id for each in OPERATIONS if each.id not in DOCUMENTED]
    assert set(beside) == FIXTURES
    fixture_rows = [route_of(row) for row in ROWS if row.is_fixture]
    assert beside == [*fixture_rows, *(each.id for each in fixtures.routes.operations)]


def test_the_actions_are_those_that_the_page_names() -> None:
    actions = {route_of(row): list(row.actions) for row in ROWS if row.actions}
    assert actions == {
        # Beside the three that the page names: the way back, and the objection.
        "POST /api/cloud/me": ["export", "delete", "cancel_delete", "restrict", "object"],
        "POST /api/cloud/shares": ["create", "revoke"],
    }


def test_every_target_is_a_route_of_the_upstream() -> None:
    targets = {(target.method, target.path) for row in ROWS for target in row.targets}
    assert targets <= routed_upstream()


@pytest.mark.parametrize("is_on", [True, False])
def test_the_app_routes_the_table_and_nothing_else(*, is_on: bool) -> None:
    app = build_bff(build_upstream(), Settings(e2e_fixtures=is_on))
    wanted = DOCUMENTED | (FIXTURES if is_on else set())
    routed = {
        f"{method} {path}"
        for path in PATHS
        for method in app.allowed_methods(path)
        if method != "HEAD"
    }
    assert routed == wanted
    assert len(app.routes) == len(wanted)


@pytest.mark.parametrize(("method", "path"), OTHERS)
def test_any_other_method_is_an_unsupported_action(scene: Emulator, method: str, path: str) -> None:
    allow = sorted(
        route.split()[0] for route in DOCUMENTED | FIXTURES if route.endswith(f" {path}")
    )
    if "GET" in allow:
        allow.insert(allow.index("GET") + 1, "HEAD")
    real = path.replace("{token}", "share-live-token")
    for client in (scene.client(), browser(scene, "ada")):
        answer = client.request(method, real, content=b"{")
        message = golden(
            "all",
            "method_not_allowed",
            "other-method",
            method=method,
            path=real,
            allow=", ".join(allow),
        )
        expected = {"error": problem("unsupported_action", message)}
        assert (answer.status_code, answer.json()) == (405, expected)
        assert answer.headers["allow"] == ", ".join(allow)


BODIES: dict[str, dict[str, object]] = {
    "PATCH /api/cloud/me": {"analytics_opt_in": True},
    "POST /api/cloud/me": {"action": "delete"},
    "POST /api/cloud/workspaces": {"name": "n"},
    "POST /api/cloud/projects": {"name": "n"},
    "POST /api/cloud/runs": {"name": "n", "adapter_id": "a", "task": "eval"},
    "POST /api/cloud/api-keys": {"name": "n"},
    "POST /api/cloud/shares": {"action": "create", "run_id": DONE},
    "POST /api/auth/login": {"email": "ada@lab.test", "password": "ada-password"},
    "POST /api/auth/signup": {"email": "new@lab.test", "password": "password"},
    "POST /api/auth/reset-password": {"email": "ada@lab.test"},
    "POST /api/e2e/cli-sync": {"client_run_id": "a"},
    "POST /api/cloud/billing/checkout": {**CHECKOUT},
    "POST /api/cloud/billing/portal": {**PORTAL},
}


@pytest.mark.parametrize("route", sorted(DOCUMENTED | FIXTURES))
def test_every_documented_route_answers(scene: Emulator, route: str) -> None:
    method, path = route.split()
    ada = browser(scene, "ada")
    real = path.replace("{token}", "share-live-token")
    if path == "/api/cloud/billing/portal":
        # The portal is for who pays.
        pay(scene, ada.post("/api/cloud/billing/checkout", json=CHECKOUT).json()["url"])
    answer = ada.request(method, real, json=BODIES.get(route))
    assert answer.status_code < 300
    assert isinstance(answer.json(), dict)
    assert answer.headers["content-type"] == "application/json"


def test_all_five_codes_of_the_page_can_be_met_in_its_envelope(tmp_path: Path) -> None:
    scene = stage(tmp_path, e2e_fixtures=False)
    ada, dee = browser(scene, "ada"), browser(scene, "dee")
    met = {
        "login_required": scene.client().get("/api/cloud/me"),
        "validation_error": ada.post("/api/cloud/projects", json={"name": {"x": 1}}),
        "quota_exceeded": dee.post("/api/cloud/sample-run"),
        "not_found": ada.post(
            "/api/cloud/shares", json={"action": "revoke", "share_id": LIVE_SHARE + "0"}
        ),
        "unsupported_action": ada.post("/api/cloud/runs", json={}),
    }
    for code, answer in met.items():
        error = answer.json()["error"]
        assert answer.json() == {"error": error}
        assert {"code", "message"} <= set(error) <= {"code", "message", "details"}
        assert error["code"] == code
    assert met["login_required"].json() == {
        "error": {
            "code": "login_required",
            "message": golden("all", "login_required", "no-session"),
        }
    }
    assert met["validation_error"].json()["error"]["details"]["path"] == "name"


def test_what_the_later_page_lists_is_routed_upstream(scene: Emulator) -> None:
    assert set(later_list()) <= routed_upstream()
    for route in SOURCE_OF_TRUTH:
        assert scene.client().request(*route.split()).status_code == 200
