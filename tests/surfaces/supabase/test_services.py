"""What a project has beside Auth: 501 by name, in the shape that each client reads."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.checked_client import Emulator
from tests.support.messages import golden

REST = {"code": "not_implemented", "details": None, "hint": None}
STORAGE = {"statusCode": "501", "error": "not_implemented"}
PLAIN = {"code": "not_implemented"}


@pytest.mark.parametrize(
    ("method", "path", "case", "shape"),
    [
        ("GET", "/rest/v1/todos?select=*", "data-api", REST),
        ("POST", "/rest/v1/rpc/add", "data-api", REST),
        ("PATCH", "/rest/v1", "data-api", REST),
        ("GET", "/storage/v1/bucket", "storage", STORAGE),
        ("POST", "/functions/v1/hello", "functions", PLAIN),
        ("POST", "/realtime/v1/api/broadcast", "realtime", PLAIN),
    ],
)
def test_a_service_says_that_it_is_not_emulated(
    demo: Emulator, method: str, path: str, case: str, shape: dict[str, Any]
) -> None:
    page = {"Origin": "http://localhost:3000"}
    bare = path.partition("?")[0]
    message = golden("supabase", "not_implemented", case, call=f"{method} {bare}")
    for prefix in ("", "/_w/one"):
        answer = demo.client().request(method, prefix + path, headers=page)
        assert (answer.status_code, answer.json()) == (501, {**shape, "message": message})
        assert answer.headers["access-control-allow-origin"] == page["Origin"]


def test_a_service_is_a_part_of_the_supabase_surface(demo: Emulator) -> None:
    client = demo.client()
    fault = {"match": {"path": "/rest/v1/todos", "times": 1}, "then": {"status": 503}}
    assert client.post("/_emulator/faults", json=fault).status_code == 201
    failed = client.get("/rest/v1/todos")
    assert (failed.status_code, failed.json()["code"]) == (503, "unexpected_failure")
    assert client.get("/rest/v1/todos", headers={"Host": "evil.test"}).json()["hint"] is None
    client.head("/rest/v1/todos")
    items = client.get("/_emulator/requests?surface=supabase").json()["items"]
    shown = [(one["operation"], one["status"], one["code"]) for one in items]
    assert shown == [
        ("GET /rest/v1/*", 501, None),
        ("GET /rest/v1/*", 503, "unexpected_failure"),
    ]
