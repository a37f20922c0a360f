"""The OpenAPI document: committed, whole, and as a TypeScript team wants it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any

import pytest

from emulator.surfaces.upstream.app import OPERATIONS as ROUTED
from emulator.surfaces.upstream.pages import openapi_bytes
from emulator.wire.http.codes import Code
from tests.generate.documents import upstream_document
from tests.support.api_reference import BFF_ROUTES, LATER_PATHS, LATER_WORDS, later_list
from tests.support.checked_client import Emulator
from tests.support.document import Document, Operation
from tests.support.fixture_seed import caller

VERBS = {"get", "list", "create", "update", "delete", "revoke", "rotate", "sync"}
VERBS |= {"export", "restrict", "object", "cancel"}
VERBS |= {"reserve", "commit", "revert", "receive"}
DOCUMENT = Document()
OPERATIONS = DOCUMENT.operations
NOT_BUILT = [one for one in ROUTED if one.availability == "not built"]
BY_NAME = [pytest.param(one, id=one.name) for one in OPERATIONS]


def test_the_document_says_how_bodies_are_judged(scene: Emulator) -> None:
    said = " ".join(DOCUMENT.said["info"]["description"].split())
    assert '`"5"` for an integer and `0` or `"false"` for a boolean' in said
    ada = caller(scene, "ada")
    for lax, is_objecting in ((1, True), ("false", False), ("true", True), (0, False)):
        assert ada.post("/api/me/object", json={"objected": lax}).status_code == 200
        assert (ada.get("/api/me").json()["objected_at"] is not None) == is_objecting
    body = {"meter": "runs", "amount": "5", "key": "k"}
    assert ada.post("/api/usage/reserve", json=body).json()["amount"] == 5
    assert ada.post("/api/usage/reserve", json={**body, "amount": "five"}).status_code == 422


def schemas_under(value: Any) -> Iterator[str]:
    """Return the name of every component that a value refers to."""
    if isinstance(value, dict):
        if "$ref" in value:
            yield str(value["$ref"]).removeprefix("#/components/schemas/")
        for member in value.values():
            yield from schemas_under(member)
    elif isinstance(value, list):
        for member in value:
            yield from schemas_under(member)


def reached(value: Any) -> set[str]:
    """Return every component that a value refers to, directly or not."""
    found: set[str] = set()
    left = list(schemas_under(value))
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += schemas_under(DOCUMENT.said["components"]["schemas"][name])
    return found


def test_the_committed_document_is_the_one_that_the_routes_make() -> None:
    committed = files("emulator.surfaces.upstream").joinpath("openapi.json").read_text("utf-8")
    assert committed == upstream_document(), "run `make generate`"
    assert openapi_bytes() == committed.encode()


def test_two_fetches_are_byte_identical(scene: Emulator, demo: Emulator) -> None:
    fetched = {one.client().get("/openapi.json").content for one in (scene, demo, scene)}
    assert fetched == {openapi_bytes()}


def test_what_is_served_names_the_server_and_the_world_that_serve_it(
    emulate: Callable[..., Emulator],
) -> None:
    assert json.loads(openapi_bytes())["servers"] == [{"url": "http://localhost:8787"}]
    for emulator, world, url in (
        (emulate("demo"), None, "http://localhost:8787"),
        (emulate("demo"), "w1", "http://localhost:8787/_w/w1"),
        (
            emulate("demo", public_url="https://emulator.test:9000"),
            None,
            "https://emulator.test:9000",
        ),
    ):
        headers = {} if world is None else {"X-Emulator-World": world}
        if world is not None:
            emulator.client().post("/_emulator/worlds", json={"name": world})
        served = emulator.client().get("/openapi.json", headers=headers).json()
        assert served == {**DOCUMENT.said, "servers": [{"url": url}]}


def places(value: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema of a part of the document, with the name of the member it is of."""
    if isinstance(value, dict):
        if isinstance(value.get("type"), str):
            yield name, value
        for member, below in value.items():
            is_named = not isinstance(below, list) and member not in ("items", "schema")
            yield from places(below, member if is_named else name)
    elif isinstance(value, list):
        for below in value:
            yield from places(below, name)


def test_every_integer_that_may_pass_32_bits_is_an_int64_and_no_other() -> None:
    integers = [(name, said) for name, said in places(DOCUMENT.said) if said["type"] == "integer"]
    assert {name for name, _ in integers} >= {"used", "limit", "reserved", "size_bytes", "amount"}
    for name, said in integers:
        is_short = said.get("maximum", 2**31) < 2**31
        assert said.get("format") == (None if is_short else "int64"), name


def test_every_moment_is_a_date_time_and_no_other_text() -> None:
    texts = [(name, said) for name, said in places(DOCUMENT.said) if said["type"] == "string"]
    assert {"created_at", "expires_at", "start", "end"} <= {name for name, _ in texts}
    for name, said in texts:
        is_moment = name.endswith("_at") or name in ("start", "end")
        assert said.get("format") == ("date-time" if is_moment else None), name


def test_it_documents_every_route_that_is_built_and_no_other() -> None:
    missing = {(one.method, one.path) for one in NOT_BUILT}
    routed = {(one.method, one.path) for one in ROUTED}
    routed.remove(("GET", "/exports/{token}"))  # a link of the storage, no part of the API
    assert {(one.method, one.path) for one in OPERATIONS} == routed - missing
    assert missing <= routed
    assert len(OPERATIONS) == len(routed - missing)


def test_operation_ids_are_unique_and_begin_with_a_verb() -> None:
    names = [one.name for one in OPERATIONS] + [one.name for one in NOT_BUILT]
    assert len(set(names)) == len(names)
    assert {one.name.split("_")[0] for one in OPERATIONS} <= VERBS
    assert all(one.name.replace("_", "").isalpha() and one.name.islower() for one in OPERATIONS)


def test_fastapis_own_errors_and_ranges_of_statuses_appear_nowhere() -> None:
    text = openapi_bytes().decode()
    assert "HTTPValidationError" not in text
    assert '"ValidationError"' not in text
    statuses = {status for one in OPERATIONS for status in one.said["responses"]}
    assert all(status.isdigit() for status in statuses)


@pytest.mark.parametrize("operation", BY_NAME)
def test_every_operation_says_what_it_is_for_and_where_it_is_known_from(
    operation: Operation,
) -> None:
    said = operation.said
    assert said["x-source"] in ("base contract", "newer docs", "assumed")
    assert said["summary"]
    assert said["description"].split("\n")[0].endswith((".", ";", ":"))
    assert len(said["tags"]) == 1


def test_the_sources_are_true() -> None:
    targets = {(route.split()[0], target.split(" ")[0]) for route, target, _ in BFF_ROUTES}
    in_words = {f"{family}/{word}" for family, words in LATER_WORDS.items() for word in words}
    for one in OPERATIONS:
        in_base = (one.method, one.path) in targets
        in_later = (one.method, one.path) in later_list()
        in_later = in_later or one.path in in_words.union(LATER_PATHS)
        source = one.said["x-source"]
        assert (source == "base contract") is in_base, one.name
        if source == "newer docs":
            parent = "/".join(one.path.split("/")[:4])
            assert in_later or parent in LATER_PATHS or one.path.endswith("/revoke"), one.name


@pytest.mark.parametrize("operation", BY_NAME)
def test_every_error_is_typed_and_the_same(operation: Operation) -> None:
    ref = {"$ref": "#/components/schemas/ErrorResponse"}
    for status, response in operation.said["responses"].items():
        if int(status) >= 400:
            assert response["content"] == {"application/json": {"schema": ref}}
            codes = response["description"].replace("`", "").split(" or ")
            assert codes == sorted(codes)
            assert set(codes) <= set(Code)
    assert {405, 422, 500} <= operation.statuses
    is_open = "security" not in operation.said
    assert (401 in operation.statuses) is not is_open
    takes_body = "requestBody" in operation.said
    assert ({413, 415} <= operation.statuses) is takes_body


@pytest.mark.parametrize("operation", BY_NAME)
def test_every_good_answer_is_an_object_or_nothing(operation: Operation) -> None:
    good = {status: said for status, said in operation.said["responses"].items() if status < "400"}
    assert good
    for status, said in good.items():
        if status == "204":
            assert "content" not in said
            continue
        [name] = schemas_under(said)
        schema = DOCUMENT.said["components"]["schemas"][name]
        assert schema["type"] == "object"


OPTIONAL_BODIES = ("restrict_me", "object_me")
"""What says everything by being called."""


@pytest.mark.parametrize("operation", BY_NAME)
def test_every_body_is_needed_and_takes_no_unknown_member(operation: Operation) -> None:
    body = operation.said.get("requestBody")
    if body is None:
        return
    assert body.get("required", False) is (operation.name not in OPTIONAL_BODIES)
    [name] = schemas_under(body)
    schema = DOCUMENT.said["components"]["schemas"][name]
    assert schema["additionalProperties"] is (name == "RunSync")
    defaults = [said["default"] for said in schema["properties"].values() if "default" in said]
    assert defaults == []


def answered() -> list[str]:
    """Return every component that an answer is made of."""
    responses = [one.said["responses"] for one in OPERATIONS]
    return sorted(reached(responses))


@pytest.mark.parametrize("name", answered())
def test_no_answer_has_a_default_and_every_member_is_always_there(name: str) -> None:
    schema = DOCUMENT.said["components"]["schemas"][name]
    properties = schema.get("properties", {})
    optional = {"details"} if name == "ErrorDetail" else set()
    assert set(properties) - set(schema.get("required", ())) == optional
    assert {member for member, said in properties.items() if "default" in said} <= optional


def test_what_is_sent_and_what_is_answered_are_different_components() -> None:
    bodies = [one.said.get("requestBody", {}) for one in OPERATIONS]
    assert reached(bodies).isdisjoint(answered())
    assert reached([bodies, [one.said["responses"] for one in OPERATIONS]]) == set(
        DOCUMENT.said["components"]["schemas"]
    )


def test_codes_are_an_enum_that_clients_can_switch_on() -> None:
    assert DOCUMENT.said["components"]["schemas"]["Code"]["enum"] == [str(code) for code in Code]


@pytest.mark.parametrize("operation", BY_NAME)
def test_every_parameter_is_described(operation: Operation) -> None:
    for parameter in operation.said.get("parameters", ()):
        assert parameter["in"] in ("path", "query")
        assert parameter["in"] == "path" or parameter["schema"].get("description")


def test_the_committed_file_is_plain_json() -> None:
    assert json.loads(openapi_bytes())["openapi"].startswith("3.1")
