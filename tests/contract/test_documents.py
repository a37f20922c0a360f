"""The OpenAPI documents of the BFF and of control."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.surfaces.bff import app as bff
from emulator.surfaces.control import app as control
from tests.support.checked_client import Emulator

SURFACES = Path(control.__file__).parents[1]

OPERATIONS = {"bff": bff.OPERATIONS, "control": control.OPERATIONS}

FREE = {
    # Metadata and whole runs as they were sent, Stripe's own members, a body as it was.
    "bff": {"manifest", "extra"},
    "control": {"StripeObject", "SubscriptionObject", "InvoiceObject", "body", "JsonValue"},
}
"""The members and models whose JSON is free."""

TYPED = ("type", "$ref", "anyOf", "oneOf", "allOf", "const", "enum")


def document(surface: str) -> dict[str, Any]:
    """Return the committed document of a surface."""
    text = (SURFACES / surface / "openapi.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def is_untyped(schema: dict[str, Any]) -> bool:
    """Return whether a schema says nothing about what it holds."""
    extra = schema.get("additionalProperties")
    is_bare = schema.get("type") == "object" and not schema.get("properties") and extra is None
    return is_bare or extra is True or not any(mark in schema for mark in TYPED)


def named_schemas(value: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema under a value, with the name of its member or model."""
    if isinstance(value, list):
        for member in value:
            yield from named_schemas(member, name)
    for key, member in value.items() if isinstance(value, dict) else ():
        if key in ("properties", "schemas"):
            for inner, schema in member.items():
                yield inner, schema
                yield from named_schemas(schema, inner)
            continue
        if key in ("schema", "items", "anyOf", "oneOf"):
            yield from ((name, schema) for schema in (member if key.endswith("Of") else [member]))
        yield from named_schemas(member, name)


@pytest.mark.parametrize("surface", OPERATIONS)
def test_every_schema_is_typed_but_where_json_is_free(surface: str) -> None:
    schemas = named_schemas(document(surface))
    assert {name for name, schema in schemas if is_untyped(schema)} == FREE[surface]


@pytest.mark.parametrize("surface", OPERATIONS)
def test_the_document_has_every_operation_but_pages(surface: str) -> None:
    listed = {
        f"{method.upper()} {path}": operation["operationId"]
        for path, methods in document(surface)["paths"].items()
        for method, operation in methods.items()
    }
    documented = [each for each in OPERATIONS[surface] if each.is_documented]
    assert listed == {each.id: each.name for each in documented}
    assert len(set(listed.values())) == len(listed)
    pages = {each.id for each in OPERATIONS[surface]} - set(listed)
    assert pages <= {
        "GET /_emulator/docs",
        "GET /_emulator/assets/{name}",
        "GET /_emulator/mail/{mail_id}/html",
    }


@pytest.mark.parametrize("surface", OPERATIONS)
def test_every_response_of_an_operation_is_a_model_or_empty(surface: str) -> None:
    for methods in document(surface)["paths"].values():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                assert ("content" in response) == (status != "204")


@pytest.mark.parametrize("surface", OPERATIONS)
@pytest.mark.parametrize("world", ["", "/_w/one"])
def test_control_serves_the_document_with_the_worlds_url(surface: str, world: str) -> None:
    emulator = Emulator("demo")
    emulator.client().post("/_emulator/worlds", json={"name": "one"})
    answer = emulator.client().get(f"{world}/_emulator/openapi/{surface}.json")
    servers = [{"url": f"http://localhost:8787{world}"}]
    assert answer.json() == {**document(surface), "servers": servers}


def test_there_is_no_document_of_another_surface() -> None:
    answer = Emulator("demo").client().get("/_emulator/openapi/stripe.json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_the_page_loads_its_files_and_documents_from_here() -> None:
    client = Emulator("demo").client()
    page = client.get("/_emulator/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "http" not in page.text
    for name in ("swagger-ui.css", "swagger-ui-bundle.js"):
        assert f'"assets/{name}"' in page.text
        assert client.get(f"/_emulator/assets/{name}").status_code == 200
    for surface in OPERATIONS:
        assert f"<option>{surface}</option>" in page.text
