"""Every row of the route table is found by its own path."""

from __future__ import annotations

import re

import pytest

from emulator.app import OPERATIONS
from emulator.contract.catalog import OperationCatalog
from emulator.contract.legacy import RouteRow, route_table

TABLE = route_table()


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.method} {row.path}") for row in TABLE])
def test_a_call_of_a_row_is_named_by_that_row(row: RouteRow) -> None:
    path = re.sub(r"\{\w+\}", "x", row.path)
    assert OperationCatalog(OPERATIONS).id_at(row.method, path) == row.operation
