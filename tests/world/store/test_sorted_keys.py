"""The sorted sequence against a sorted list."""

from __future__ import annotations

from bisect import bisect_left

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.world.store.sorted_keys import CHUNK, TAIL, Key, Ordered

# Few distinct moments and ordinals, so that ties are the rule.
KEYS = st.tuples(st.integers(0, 3), st.integers(0, 3), st.text("abc", min_size=1, max_size=3))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), st.lists(KEYS, min_size=1, max_size=1)),
        st.tuples(st.just("remove"), st.lists(KEYS, min_size=1, max_size=1)),
        st.tuples(st.just("merge"), st.lists(KEYS, max_size=150, unique=True)),
    ),
    max_size=25,
)


def apply(ordered: Ordered, model: list[Key], kind: str, keys: list[Key]) -> Ordered:
    """Do one step to both, as far as it is allowed: keys are distinct."""
    if kind == "remove":
        if keys[0] in model:
            model.remove(keys[0])
            return ordered.remove(keys[0])
        return ordered
    fresh = [key for key in keys if key not in model]
    model.extend(fresh)
    model.sort()
    return ordered.merge(fresh) if kind == "merge" else _inserted(ordered, fresh)


def _inserted(ordered: Ordered, keys: list[Key]) -> Ordered:
    for key in keys:
        ordered = ordered.insert(key)
    return ordered


@given(STEPS)
def test_it_reads_like_a_sorted_list_after_any_steps(steps: list[tuple[str, list[Key]]]) -> None:
    ordered, model = Ordered(), list[Key]()
    for kind, keys in steps:
        ordered = apply(ordered, model, kind, keys)
        assert (list(ordered), len(ordered)) == (model, len(model))


@given(STEPS)
def test_older_values_never_feel_a_write(steps: list[tuple[str, list[Key]]]) -> None:
    ordered, model = Ordered(), list[Key]()
    past: list[tuple[Ordered, list[Key]]] = []
    for kind, keys in steps:
        past.append((ordered, list(model)))
        ordered = apply(ordered, model, kind, keys)
    assert [list(old) for old, _ in past] == [then for _, then in past]


@given(st.lists(KEYS, unique=True), KEYS, st.integers(1, 12))
def test_a_page_is_what_lies_below_the_cursor_newest_first(
    keys: list[Key], cursor: Key, limit: int
) -> None:
    ordered = Ordered.of(keys)
    older = sorted(keys)[: bisect_left(sorted(keys), cursor)]
    assert ordered.newest(limit, before=cursor) == older[::-1][:limit]
    assert ordered.newest(limit) == sorted(keys)[::-1][:limit]


@settings(max_examples=20)
@given(st.integers(1, 3 * CHUNK), st.integers(1, 200))
def test_pages_over_many_chunks_give_every_key_once(count: int, limit: int) -> None:
    keys = [(at // 7, at % 7, f"{at:05}") for at in range(count)]
    ordered = _inserted(Ordered(), keys[::-1])
    paged: list[Key] = []
    page = ordered.newest(limit)
    while page:
        paged += page
        page = ordered.newest(limit, before=page[-1])
    assert paged == keys[::-1]


def test_chunks_stay_bounded_whichever_way_keys_arrive() -> None:
    keys = [(at, 0, "x") for at in range(6 * CHUNK)]
    middle_out = sorted(keys, key=lambda key: abs(key[0] - 3 * CHUNK))
    for arriving in (keys, keys[::-1], middle_out):
        ordered = _inserted(Ordered(), arriving)
        sizes = [len(chunk) for chunk in ordered._chunks]  # noqa: SLF001
        assert list(ordered) == keys
        assert max(sizes) <= 2 * CHUNK
        assert len(sizes) <= 13


def test_the_newest_keys_lie_in_a_short_chunk() -> None:
    ordered = Ordered.of((at, 0, "x") for at in range(3 * CHUNK))
    for at in range(3 * CHUNK, 5 * CHUNK):
        ordered = ordered.insert((at, 0, "x"))
        sizes = [len(chunk) for chunk in ordered._chunks]  # noqa: SLF001
        assert sizes[-1] <= TAIL
        assert len(sizes) <= 4 + at // CHUNK


def test_the_last_removal_leaves_an_empty_sequence() -> None:
    ordered = Ordered.of([(1, 0, "a")]).remove((1, 0, "a"))
    assert (list(ordered), len(ordered), ordered.newest(5)) == ([], 0, [])


@pytest.mark.parametrize("absent", [(0, 0, "a"), (1, 0, "b"), (9, 0, "a")])
def test_removing_what_is_not_there_is_an_error(absent: Key) -> None:
    with pytest.raises((KeyError, IndexError)):
        Ordered.of([(1, 0, "a"), (2, 0, "a")]).remove(absent)
