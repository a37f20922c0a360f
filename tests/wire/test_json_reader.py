"""How deeply JSON is read: as deeply as it can be written again, and no deeper."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.wire.json_reader import DEPTH_MAX, TooDeepError, depth_of, load_json

TRICKY = st.text(alphabet='[]{}"\\,: a\n\u00e9\u2028')
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers(-9, 9) | TRICKY,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TRICKY, inner, max_size=4),
    max_leaves=30,
)


def depth(value: Any) -> int:
    """Return how deeply a small value is nested."""
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(VALUES, st.booleans(), st.sampled_from((None, 1)))
def test_the_depth_of_a_text_is_that_of_its_value(
    value: Any, is_ascii: bool, indent: int | None
) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii, indent=indent)
    assert depth_of(text.encode()) == depth(value)


@given(
    st.integers(0, 300),
    st.lists(st.sampled_from(("[", '{"a\\"[":', '[["{",1],')), min_size=1, max_size=5),
)
def test_what_is_read_can_be_written_again_and_the_rest_is_refused(
    levels: int, openings: list[str]
) -> None:
    chosen = [openings[place % len(openings)] for place in range(levels)]
    closings = ["}" if one.startswith("{") else "]" for one in reversed(chosen)]
    text = "".join(chosen) + "1" + "".join(closings)
    if levels <= DEPTH_MAX:
        assert orjson.loads(orjson.dumps(load_json(text))) == json.loads(text)
    else:
        with pytest.raises(TooDeepError):
            load_json(text)


@given(st.binary(max_size=40) | st.text(alphabet='[]{}"\\,:1 ', max_size=400).map(str.encode))
def test_what_is_not_json_raises_nothing_but_a_value_error(text: bytes) -> None:
    with contextlib.suppress(ValueError):
        load_json(text)


@pytest.mark.parametrize("piece", [b"[", b"[]", b'"[', b'\\"', b"\\", b'"["', b'""'])
def test_the_depth_of_the_largest_body_is_found_in_one_pass(piece: bytes) -> None:
    # A quadratic way would take hours over ten million bytes.
    text = b"[" * (DEPTH_MAX + 1) + piece * (10_000_000 // len(piece))
    assert depth_of(text) >= DEPTH_MAX
