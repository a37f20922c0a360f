"""Who answers, what is not there, and what is not built yet."""

from __future__ import annotations

import pytest

from emulator import __version__
from emulator.contract.catalog import Operation
from emulator.surfaces.upstream.app import OPERATIONS
from emulator.surfaces.upstream.pages import openapi_bytes
from tests.support.checked_client import Emulator
from tests.support.fixture_seed import caller, problem
from tests.support.messages import golden

NOT_BUILT = [
    pytest.param(operation, id=operation.name)
    for operation in OPERATIONS
    if operation.availability == "not built"
]


def test_the_server_says_what_it_is_and_that_it_is_well(scene: Emulator) -> None:
    anyone = scene.client()
    assert anyone.get("/").json() == {
        "name": "WorldFlux Cloud (emulated)",
        "version": __version__,
        "docs": "/docs",
    }
    assert anyone.get("/healthz").json() == {"status": "ok"}


def test_the_document_is_served_to_anyone_as_it_is_shipped(scene: Emulator) -> None:
    answer = scene.client().get("/openapi.json")
    assert (answer.status_code, answer.content) == (200, openapi_bytes())
    assert answer.headers["content-type"] == "application/json"


def test_the_docs_page_reads_the_document(scene: Emulator) -> None:
    answer = scene.client().get("/docs")
    assert (answer.status_code, answer.headers["content-type"]) == (
        200,
        "text/html; charset=utf-8",
    )
    assert "url: '/openapi.json'" in answer.text


@pytest.mark.parametrize("operation", NOT_BUILT)
def test_what_is_not_built_yet_says_its_name(scene: Emulator, operation: Operation) -> None:
    path = operation.path.replace("{", "").replace("}", "")
    answer = caller(scene, "ada").request(operation.method, path)
    message = golden("all", "not_implemented", "operation-is-not-built", name=operation.name)
    expected = {"detail": problem("not_implemented", message)}
    assert (answer.status_code, answer.json()) == (501, expected)


@pytest.mark.parametrize("operation", NOT_BUILT)
def test_what_is_not_built_yet_asks_for_a_caller_where_it_will(
    scene: Emulator, operation: Operation
) -> None:
    answer = scene.client().request(operation.method, operation.path)
    is_open = operation.path.startswith("/health")
    assert answer.status_code == (501 if is_open else 401)


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/api",
        "/api/",
        "/api/runs//log",
        "/API/runs",
        "/api/runs/x/unknown",
        "/api/cloud",
        "/api/public/r",
        "/auth/v1",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_a_path_that_no_route_has_is_not_found(scene: Emulator, method: str, path: str) -> None:
    answer = caller(scene, "ada").request(method, path)
    message = golden("all", "not_found", "no-route", path=path)
    assert (answer.status_code, answer.json()) == (404, {"detail": problem("not_found", message)})
