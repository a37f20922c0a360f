"""Tables against a model of dicts and sorted lists."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.world.store.draft import TableDraft
from emulator.world.store.sorted_keys import Key
from emulator.world.store.spec import TableSpec
from emulator.world.store.table import Table
from tests.support.messages import golden
from tests.support.tables import extended, table_of, without, written


@dataclass(frozen=True, slots=True)
class Row:
    """A record with a group and a name that may be missing."""

    id: str
    group: str | None
    name: str | None
    created_at: int
    ordinal: int = 0


SPEC = TableSpec("rows", Row, {"name": lambda r: r.name}, {"group": lambda r: r.group})
GROUPS = ("red", "blue", None)
ROWS = st.builds(
    Row,
    id=st.sampled_from("abcdefgh"),
    group=st.sampled_from(GROUPS),
    name=st.sampled_from(("one", "two", "three", None)),
    created_at=st.integers(0, 2),
)
STEPS = st.lists(st.tuples(st.sampled_from(("put", "remove", "extend")), ROWS), max_size=30)

Model = dict[str, Row]


def is_free(model: Model, row: Row) -> bool:
    """Tell whether the row's name is nobody else's."""
    return row.name is None or all(
        other.name != row.name or other.id == row.id for other in model.values()
    )


def apply(table: Table[Row], model: Model, kind: str, row: Row) -> Table[Row]:
    """Do one step to both, as far as it is allowed."""
    old = model.get(row.id)
    if kind == "remove":
        if old is None:
            return table
        del model[row.id]
        return without(table, row.id)
    if not is_free(model, row) or (kind == "extend" and old is not None):
        return table
    model[row.id] = row
    return extended(table, [row]) if kind == "extend" else written(table, row)


def order(row: Row) -> Key:
    """Return the order of every list."""
    return (row.created_at, row.ordinal, row.id)


def assert_reads_like(table: Table[Row], model: Model) -> None:
    """Compare everything that can be read."""
    assert len(table) == len(model)
    assert {key: table.get(key) for key in "abcdefghz"} == {
        key: model.get(key) for key in "abcdefghz"
    }
    for name in ("one", "two", "three", "nobody's"):
        named = [row for row in model.values() if row.name == name]
        assert table.find("name", name) == (named[0] if named else None)
    for group in ("red", "blue", "nobody's"):
        rows = sorted((row for row in model.values() if row.group == group), key=order)
        assert table.all("group", group) == rows
        assert table.count("group", group) == len(rows)
        assert table.newest("group", group, limit=3) == rows[::-1][:3]
        for row in rows:
            older = [one for one in rows if order(one) < order(row)]
            assert table.newest("group", group, limit=2, before=order(row)) == older[::-1][:2]


@given(STEPS)
def test_it_reads_like_a_dict_and_sorted_lists_after_any_steps(
    steps: list[tuple[str, Row]],
) -> None:
    table: Table[Row] = Table(SPEC)
    model: Model = {}
    for kind, row in steps:
        table = apply(table, model, kind, row)
    assert_reads_like(table, model)


@given(STEPS)
def test_older_values_never_feel_a_write(steps: list[tuple[str, Row]]) -> None:
    table: Table[Row] = Table(SPEC)
    model: Model = {}
    past: list[tuple[Table[Row], Model]] = []
    for kind, row in steps:
        past.append((table, dict(model)))
        table = apply(table, model, kind, row)
    for old, then in past:
        assert_reads_like(old, then)


@given(st.lists(ROWS, unique_by=lambda row: row.id))
def test_adding_at_once_equals_adding_one_by_one(rows: list[Row]) -> None:
    model: Model = {}
    single: Table[Row] = Table(SPEC)
    for row in rows:
        single = apply(single, model, "put", row)
    assert_reads_like(table_of(SPEC, list(model.values())), model)
    assert_reads_like(single, model)


def test_many_at_once_are_ordered_among_those_there_were() -> None:
    rows = [Row(f"{at:04}", "red", None, at * 7919 % 1000) for at in range(1000)]
    table = extended(table_of(SPEC, rows[:300]), rows[300:])
    assert table.all("group", "red") == sorted(rows, key=order)


def test_a_unique_name_is_taken_once() -> None:
    draft = TableDraft(table_of(SPEC, [Row("a", "red", "one", 0)]))
    with pytest.raises(ValueError, match="'one'"):
        draft.put(Row("b", "red", "one", 0))
    with pytest.raises(ValueError, match="'one'"):
        draft.extend([Row("b", "red", "one", 0)])
    assert_reads_like(draft.brought_in()[0], {"a": Row("a", "red", "one", 0)})


@pytest.mark.parametrize(
    "added",
    [[Row("a", "red", None, 5)], [Row("b", "red", None, 1), Row("b", "red", None, 2)]],
    ids=["held already", "twice"],
)
def test_adding_at_once_takes_no_id_twice(added: list[Row]) -> None:
    table = table_of(SPEC, [Row("a", "red", None, 0)])
    with pytest.raises(ValueError) as refused:
        extended(table, added)
    assert str(refused.value) == golden("world", "table", "id-is-taken")


def test_a_record_that_moves_to_no_group_leaves_its_list() -> None:
    old, new = Row("a", "red", "one", 0), Row("a", None, None, 0)
    table = written(table_of(SPEC, [old]), new)
    assert (table.all("group", "red"), table.find("name", "one")) == ([], None)
    assert table.get("a") == new
