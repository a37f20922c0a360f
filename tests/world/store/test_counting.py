"""Counting from a moment on: by bisection, in an index that has an order of its own."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from emulator.world.store.sorted_keys import CHUNK, Ordered
from emulator.world.store.spec import TableSpec
from emulator.world.store.table import Table
from tests.support.tables import table_of, written


@dataclass(frozen=True)
class Row:
    """A row that is listed by its creation and counted by its end."""

    id: str
    created_at: int
    ends_at: int
    ordinal: int = 0


SPEC = TableSpec(
    "rows",
    Row,
    {},
    {"by creation": lambda _: "all", "by end": lambda _: "all"},
    orders={"by end": lambda row: (row.ends_at, row.ordinal, row.id)},
)

MOMENTS = st.integers(0, 9)
ROWS = st.lists(st.tuples(MOMENTS, MOMENTS), max_size=20).map(
    lambda pairs: [Row(f"{place}", created, ends) for place, (created, ends) in enumerate(pairs)]
)


@given(moments=st.lists(MOMENTS, max_size=30), moment=MOMENTS)
def test_what_does_not_sort_below_is_counted(moments: list[int], moment: int) -> None:
    keys = Ordered.of((at, 0, f"{place}") for place, at in enumerate(moments))
    assert keys.count_from((moment, -1, "")) == sum(at >= moment for at in moments)


def test_it_is_counted_across_chunks() -> None:
    keys = Ordered.of((at, 0, "x") for at in range(5 * CHUNK))
    for moment in (0, 1, CHUNK - 1, CHUNK, 3 * CHUNK + 7, 5 * CHUNK - 1, 5 * CHUNK):
        assert keys.count_from((moment, -1, "")) == 5 * CHUNK - moment


@given(rows=ROWS, moment=MOMENTS)
def test_an_index_may_have_an_order_of_its_own(rows: list[Row], moment: int) -> None:
    grown = written(Table[Row](SPEC))
    for row in rows:
        grown = written(grown, row)
    for table in (grown, table_of(SPEC, rows)):
        ends = sum(row.ends_at >= moment for row in rows)
        assert table.count_from("by end", "all", moment) == ends
        expected = sorted(rows, key=lambda row: (row.created_at, row.ordinal, row.id))
        assert table.all("by creation", "all") == expected
    assert grown.count_from("by end", "none", moment) == 0


def test_a_row_whose_end_moves_moves_in_that_order_alone() -> None:
    row = Row("a", 1, 5)
    table = written(table_of(SPEC, [row]), Row("a", 1, 2))
    assert (table.count_from("by end", "all", 3), table.count_from("by end", "all", 2)) == (0, 1)
    assert table.count("by creation", "all") == 1
