"""The catalog: every operation is found by its own path, and is what tables promise of it."""

from __future__ import annotations

import re

import pytest

from emulator.app import operation_catalog
from emulator.contract.catalog import Operation

OPERATIONS = tuple(operation_catalog())

EACH = [pytest.param(each, id=f"{each.surface} {each.method} {each.path}") for each in OPERATIONS]


@pytest.mark.parametrize("operation", EACH)
def test_a_request_of_an_operation_is_named_by_it(operation: Operation) -> None:
    path = re.sub(r"\{\w+\}", "x", operation.path)
    assert operation_catalog().id_at(operation.method, path) == operation.id


@pytest.mark.parametrize("operation", EACH)
def test_a_summary_is_one_line_without_a_tag(operation: Operation) -> None:
    assert operation.summary
    assert "\n" not in operation.summary
    assert not re.search(r"\b(?:Real|Docs|Assumed):", operation.summary)


def test_ids_are_unique_and_names_are_unique_in_a_surface() -> None:
    ids = [each.id for each in OPERATIONS]
    names = [(each.surface, each.name) for each in OPERATIONS]
    assert len(set(ids)) == len(ids)
    assert len(set(names)) == len(names)
